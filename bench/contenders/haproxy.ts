// HAProxy, one thread, connections to the origin shared by all clients.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Contender, commandAvailable, PREFIX } from "../harness/contender.ts";
import { freePort, launchOn, scratch } from "../harness/launch.ts";

export const haproxy: Contender = {
  name: "haproxy",
  available: () => commandAvailable("haproxy", "-v"),
  async start(origin) {
    const port = await freePort();
    const file = join(scratch(), "haproxy.cfg");
    writeFileSync(file, config(port, origin.port));
    return launchOn(port, ["haproxy", "-q", "-db", "-f", file]);
  },
};

// By default HAProxy closes idle server connections once a quarter of its descriptors are in use,
// which 1000 clients and their 1000 connections to the origin are: 93 us per request and not 50.
function config(port: number, originPort: number): string {
  return `global
  nbthread 1
  maxconn 4000
  tune.pool-low-fd-ratio 80
  tune.pool-high-fd-ratio 90
defaults
  mode http
  option forwardfor
  http-reuse always
  timeout connect 1s
  timeout client 60s
  timeout server 15s
  timeout http-keep-alive 60s
frontend bench
  bind 127.0.0.1:${port}
  http-request return status 404 content-type text/plain string no_route unless { path_beg ${PREFIX} }
  default_backend origin
backend origin
  server origin 127.0.0.1:${originPort}
`;
}
