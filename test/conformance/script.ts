// What the upstream of a response case does, and what the client asks for.
import type { RawClient } from "../support/client.ts";
import type { Link, Script } from "../support/upstream.ts";
import type { ResponseCase } from "./cases.ts";

/** The target of the one request that the case is about; all others are answered `ok`. */
export const TARGET = "/case";

const HEAD = `${TARGET} HTTP/1.1\r\nHost: a.test\r\n`;
const OLD = `GET ${TARGET} HTTP/1.0\r\nHost: a.test\r\n`;
const BODY = "Content-Length: 5\r\n\r\nhello";

/** The bytes of each kind of request; a `slow` one never ends. */
const REQUESTS: Readonly<Record<string, string>> = {
  GET: `GET ${HEAD}\r\n`,
  HEAD: `HEAD ${HEAD}\r\n`,
  POST: `POST ${HEAD}${BODY}`,
  PUT: `PUT ${HEAD}${BODY}`,
  PATCH: `PATCH ${HEAD}${BODY}`,
  DELETE: `DELETE ${HEAD}\r\n`,
  "GET-1.0": `${OLD}\r\n`,
  "GET-1.0-keep-alive": `${OLD}Connection: keep-alive\r\n\r\n`,
  "GET-te-trailers": `GET ${HEAD}TE: trailers\r\nConnection: TE\r\n\r\n`,
  "POST-slow-body": `POST ${HEAD}Content-Length: 100000\r\n\r\nhello`,
  "POST-slow-chunks": `POST ${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`,
};

const REUSED = "-on-reused-connection";

/** Does the case need an upstream connection that has already carried a request? */
export function wantsWarmth(wire: ResponseCase): boolean {
  return wire.request.endsWith(REUSED);
}

export function requestOf(wire: ResponseCase): { readonly method: string; readonly bytes: string } {
  const kind = wire.request.replace(REUSED, "");
  const bytes = REQUESTS[kind];
  if (bytes === undefined) throw new Error(`${wire.id}: no request is called ${wire.request}`);
  return { method: bytes.slice(0, bytes.indexOf(" ")), bytes };
}

type Act = (link: Link, client: RawClient) => void;

/** What follows `raw`. */
const ENDINGS: Readonly<Record<string, Act>> = {
  open: () => {},
  hang: () => {},
  close: (link) => link.finish(),
  reset,
  "before-body": () => {},
  "close-before-body-read": (link) => link.finish(),
  "reset-before-body": reset,
  "close-on-first-byte": (link) => link.finish(),
  "reset-on-first-byte": reset,
  "unsolicited-response-while-idle": () => {},
  "garbage-while-idle": () => {},
  "408-while-idle": () => {},
  "fin-while-idle": () => {},
  "rst-while-idle": () => {},
  "one-byte-per-second": drip,
};

/** What happens on the upstream's connection when it is idle again. */
export const IDLE: Readonly<Record<string, (link: Link) => void>> = {
  "unsolicited-response-while-idle": (link) =>
    link.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL"),
  "garbage-while-idle": (link) => link.write("EVIL"),
  "408-while-idle": (link) => {
    link.write("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    link.finish();
  },
  "fin-while-idle": (link) => link.finish(),
  "rst-while-idle": reset,
};

/** What the upstream does before it has the body. */
const EARLY = new Set([
  "before-body",
  "close-before-body-read",
  "reset-before-body",
  "close-on-first-byte",
  "reset-on-first-byte",
]);

/** How the upstream's bytes leave. */
export type Sending = (link: Link, raw: string, done: () => void) => void;

export const atOnce: Sending = (link, raw, done) => {
  if (raw !== "") link.write(raw);
  done();
};

/** The event loop turns between any two bytes, so that no two are read together. */
export const byteByByte: Sending = (link, raw, done) => {
  let at = 0;
  const next = (): void => {
    if (at === raw.length || link.closed) return done();
    link.write(raw.charAt(at++));
    setImmediate(() => setImmediate(next));
  };
  next();
};

export interface Play {
  readonly client: RawClient;
  /** The connection that misbehaves; on any other one a retry is answered `ok`. */
  readonly warm: Link | undefined;
  readonly send: Sending;
}

/** The script of one case. */
export function scriptOf(wire: ResponseCase, { client, warm, send }: Play): Script {
  const ending = ENDINGS[wire.then];
  if (ending === undefined) throw new Error(`${wire.id}: nothing is called ${wire.then}`);
  const act = (link: Link): void => {
    if (warm !== undefined && link !== warm) return ok(link);
    send(link, wire.raw, () => ending(link, client));
  };
  return {
    head(link, head) {
      if (EARLY.has(wire.then) && head.startLine.includes(TARGET)) act(link);
    },
    request(link, request) {
      if (request.target !== TARGET) ok(link);
      else if (!EARLY.has(wire.then)) act(link);
    },
  };
}

function ok(link: Link): void {
  link.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

/** After everything that was written has left. */
function reset(link: Link): void {
  link.socket.write("", () => link.reset());
}

/** One byte for every one that has reached the client. */
function drip(link: Link, client: RawClient): void {
  let left = 100;
  const next = (): void => {
    if (left-- > 0) link.write("x");
  };
  client.socket.on("data", next);
}
