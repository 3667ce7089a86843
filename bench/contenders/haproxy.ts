// HAProxy, one thread, connections to the origin shared by all clients.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Contender, commandAvailable, PREFIX } from "../harness/contender.ts";
import { freePort, launchOn, scratch } from "../harness/launch.ts";

export const haproxy = configured("haproxy", { frontend: "", backend: "", server: "" });

/** The same for clients that speak HTTP/2 by prior knowledge. */
export const haproxyHttp2 = configured("haproxy, h2", {
  ...{ frontend: "", backend: "", server: "" },
  bind: "proto h2",
});

/**
 * HAProxy told what the service can do: so many requests at once, 100 ms for those that wait, and CRITICAL ones
 * before the others.
 */
export function told(workers: number): Contender {
  return configured("haproxy-told", {
    frontend: "http-request set-priority-class int(-1) if { req.hdr(x-criticality) CRITICAL }",
    backend: "timeout queue 100ms",
    server: `maxconn ${workers}`,
  });
}

/** With TLS towards clients; `file` holds a certificate and its key. */
export function secured(file: string): Contender {
  const options = { frontend: "", backend: "", server: "", bind: `ssl crt ${file}` };
  return configured("haproxy", options);
}

/** A further line of the frontend and of the backend, and options of the server. */
interface Options {
  readonly frontend: string;
  readonly backend: string;
  readonly server: string;
  /** Of the bind. */
  readonly bind?: string;
}

function configured(name: string, options: Options): Contender {
  return {
    name,
    available: () => commandAvailable("haproxy", "-v"),
    async start(origin) {
      const port = await freePort();
      const file = join(scratch(), "haproxy.cfg");
      writeFileSync(file, config(port, origin.port, options));
      return launchOn(port, ["haproxy", "-q", "-db", "-f", file]);
    },
  };
}

// By default HAProxy closes idle server connections once a quarter of its descriptors are in use,
// which 1000 clients and their 1000 connections to the origin are: 93 us per request and not 50.
function config(port: number, originPort: number, options: Options): string {
  const { frontend, backend, server, bind = "" } = options;
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
  bind 127.0.0.1:${port} ${bind}
  http-request return status 404 content-type text/plain string no_route unless { path_beg ${PREFIX} }
  ${frontend}
  default_backend origin
backend origin
  ${backend}
  server origin 127.0.0.1:${originPort} ${server}
`;
}
