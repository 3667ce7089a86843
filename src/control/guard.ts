// Who may speak to the admin listener. faults.md names what went wrong elsewhere: admin interfaces
// open to the network, web pages that reach them through a visitor's browser, names that are
// re-bound to 127.0.0.1, tokens guessed byte by byte.
import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { isIPv4 } from "node:net";
import type { Address } from "../core/address.ts";
import { StartError } from "./starterror.ts";

export interface GuardOptions {
  readonly bind: Address;
  /** Was a bind that other machines can reach asked for in so many words? */
  readonly expose: boolean;
  /** When set, each request must carry it as `authorization: Bearer <token>`. */
  readonly token: string | undefined;
  /** Host names, besides the loopback ones, under which the listener may be called. */
  readonly hosts: readonly string[];
}

/** Why a request is turned away. */
export interface Denial {
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Says why a request is turned away, or undefined when it may go on. */
export type Guard = (request: IncomingMessage) => Denial | undefined;

/** Throws when `bind` is open to other machines and that was not asked for, or without a token. */
export function checkBind({ bind, expose, token }: GuardOptions): void {
  if (bind.kind === "unix" || isLoopback(bind.host)) return;
  const missing = [
    ...(expose ? [] : ["admin.expose: true"]),
    ...(token === undefined ? ["admin.token"] : []),
  ];
  if (missing.length === 0) return;
  throw new StartError(
    `admin.bind: other machines can reach ${bind.text}; ` +
      `bind 127.0.0.1 or unix:/path, or set ${missing.join(" and ")}`,
  );
}

export function createGuard(options: GuardOptions): Guard {
  const hosts = new Set(options.hosts.map((host) => host.toLowerCase()));
  const expected = options.token === undefined ? undefined : digest(options.token);
  return (request) =>
    denyHost(request, hosts) ?? denyOrigin(request) ?? denyToken(request, expected);
}

/** A page on a name that was re-bound to this address sends that name as its Host. */
function denyHost(request: IncomingMessage, hosts: ReadonlySet<string>): Denial | undefined {
  const values = request.headersDistinct.host ?? [];
  const sent = values.length === 1 ? (values[0] ?? "").toLowerCase() : "";
  const name = /^(\[[0-9a-f:.]+\]|[^:]*)(?::[0-9]{1,5})?$/.exec(sent)?.[1] ?? "";
  const bare = name.replace(/^\[|\]$/g, "");
  if (isLoopback(bare) || hosts.has(sent) || (name !== "" && hosts.has(name)) || hosts.has(bare)) {
    return undefined;
  }
  return {
    status: 403,
    message:
      "the Host header names neither this machine nor one of admin.hosts; call 127.0.0.1, or add the name there",
  };
}

/** Only browsers send Origin, and no page has any business here. */
function denyOrigin(request: IncomingMessage): Denial | undefined {
  return request.headers.origin === undefined
    ? undefined
    : {
        status: 403,
        message:
          "requests that carry an Origin header come from a web page and are refused; use curl",
      };
}

/** Digests have one length, and comparing them takes one time, whatever was sent. */
function denyToken(request: IncomingMessage, expected: Buffer | undefined): Denial | undefined {
  if (expected === undefined) return undefined;
  const sent = /^bearer +(.+)$/i.exec(request.headers.authorization ?? "")?.[1] ?? "";
  return timingSafeEqual(digest(sent), expected)
    ? undefined
    : {
        status: 401,
        message: "send the value of admin.token as `authorization: Bearer <token>`",
        headers: { "www-authenticate": 'Bearer realm="tidegate"' },
      };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** Can only this machine reach `host`? */
function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || (isIPv4(host) && host.startsWith("127."));
}
