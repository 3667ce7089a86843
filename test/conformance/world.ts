// A sidecar with short patience, and a polite upstream behind it.
import { values } from "../support/message.ts";
import { type Settings, settings } from "../support/settings.ts";
import { addressOf, startHere } from "../support/sidecar.ts";
import { POLITE, type Script, Upstream } from "../support/upstream.ts";
import type { World } from "./exchange.ts";

/** Long enough for a loaded machine, short enough for a table of cases. */
const PATIENCE = { headTimeout: "300ms", bodyIdle: "300ms", bodyBytes: "10MiB" };

/** Answers `ok` to every request, and says in `x-target` which one it was. */
const ECHO: Script = {
  ...POLITE,
  request(link, request) {
    const head = `HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Target: ${request.target}\r\n`;
    const wish = values(request.fields, "x-answer")[0];
    const status = wish === undefined ? head : head.replace("200 OK", wish);
    link.write(`${status}\r\n${request.method === "HEAD" ? "" : "ok"}`);
  },
};

export interface OpenWorld extends World {
  close(): Promise<void>;
}

export async function openWorld(wanted: Settings = {}): Promise<OpenWorld> {
  const upstream = await Upstream.listen(ECHO);
  const limits = { ...PATIENCE, ...wanted.limits };
  // A connection that must be closed is closed at once, not when it has been idle for long enough.
  const cluster = { pool: { idle: "60s" } };
  const sidecar = await startHere(settings(upstream.address, { cluster, ...wanted, limits }));
  const close = async (): Promise<void> => {
    await sidecar.close();
    await upstream.close();
  };
  return { proxy: addressOf(sidecar), upstream, close };
}
