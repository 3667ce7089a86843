// A sidecar whose config changes, its clients and its services.
import type { Test } from "tap";
import type { Reloaded } from "../../../src/control/reload.ts";
import type { Sidecar } from "../../../src/sidecar.ts";
import { RawClient } from "../../support/client.ts";
import { scratch } from "../../support/scratch.ts";
import { addressOf, type Reloadable, startReloadable } from "../../support/sidecar.ts";
import { type Link, POLITE, type Script, Upstream } from "../../support/upstream.ts";

/** A config as an object that tests change; JSON is YAML. */
export interface Wanted {
  readonly [key: string]: unknown;
}

const STILL = { healthCheck: "off", breaker: "off" };

export function config(
  clusters: readonly Wanted[],
  listeners: readonly Wanted[],
  more: Wanted = {},
): string {
  return JSON.stringify({
    health: { bind: "127.0.0.1:0" },
    admin: { bind: "127.0.0.1:0" },
    drain: { delay: "0s", timeout: "5s" },
    log: { access: "off", level: "error" },
    listeners,
    clusters: clusters.map((each) => ({ ...STILL, ...each })),
    ...more,
  });
}

export function inbound(routes: readonly Wanted[], more: Wanted = {}): Wanted {
  return { name: "inbound", bind: "127.0.0.1:0", routes, ...more };
}

export const TO_APP = inbound([{ cluster: "app" }]);

export async function stage(t: Test, text: string): Promise<Reloadable> {
  const reloadable = await startReloadable(text);
  t.teardown(() => reloadable.sidecar.close());
  return reloadable;
}

/** A folder for unix sockets, whose paths must be short. */
export function short(t: Test): string {
  const folder = scratch();
  t.teardown(() => folder.remove());
  return folder.path;
}

export async function upstream(t: Test, script: Script = POLITE): Promise<Upstream> {
  const one = await Upstream.listen(script);
  t.teardown(() => one.close());
  return one;
}

/** Answers with its name. */
export function named(name: string): Script {
  const text = `HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`;
  return { request: (link) => link.write(text) };
}

/** Answers when it is told to. */
export class Holder {
  readonly held: Link[] = [];
  readonly script: Script = { request: (link) => void this.held.push(link) };
}

export async function connected(t: Test, sidecar: Sidecar, name?: string): Promise<RawClient> {
  const client = await RawClient.connect(addressOf(sidecar, name));
  t.teardown(() => client.close());
  return client;
}

export async function refusedTo(address: Parameters<typeof RawClient.connect>[0]): Promise<string> {
  try {
    (await RawClient.connect(address)).close();
    return "connected";
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : "another error";
  }
}

export function good(t: Test, result: Reloaded): void {
  t.equal(result.kind, "reloaded", result.kind === "refused" ? result.errors.join("; ") : "");
}
