// One request of each kind that no service should ever see, and the refusal that it must get.
import { connect } from "node:net";
import type { Reason } from "../../core/refusal.ts";

interface Oddity {
  readonly what: string;
  readonly bytes: string;
  readonly status: number;
  readonly reason: Reason;
}

const HOST = "Host: demo\r\nConnection: close\r\n";

/** Sized to break the limits of the demo's config, each one and no other. */
export const ODDITIES: readonly Oddity[] = [
  {
    what: "a path that no route has",
    bytes: `GET /elsewhere HTTP/1.1\r\n${HOST}\r\n`,
    status: 404,
    reason: "no_route",
  },
  {
    what: "two lengths for one body",
    bytes: `POST /api/ HTTP/1.1\r\n${HOST}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
    status: 400,
    reason: "bad_request",
  },
  {
    what: "a path of 9,000 characters",
    bytes: `GET /api/${"x".repeat(8995)} HTTP/1.1\r\n${HOST}\r\n`,
    status: 414,
    reason: "uri_too_long",
  },
  {
    what: "a cookie of 20,000 characters",
    bytes: `GET /api/ HTTP/1.1\r\n${HOST}Cookie: ${"x".repeat(20_000)}\r\n\r\n`,
    status: 431,
    reason: "headers_too_large",
  },
  {
    what: "a body of 2 MiB announced",
    bytes: `POST /api/ HTTP/1.1\r\n${HOST}Content-Length: 2097152\r\n\r\n`,
    status: 413,
    reason: "body_too_large",
  },
];

/** What came back: 0 and undefined where nothing did. */
export interface Reply {
  readonly status: number;
  readonly reason: string | undefined;
}

const PATIENCE_MS = 5000;

/** Sends bytes as they are, which no HTTP client would, and reads the answer's head. */
export function sendRaw(port: number, bytes: string): Promise<Reply> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect({ host: "127.0.0.1", port });
    socket.setEncoding("latin1");
    socket.setTimeout(PATIENCE_MS, () => socket.destroy());
    socket.on("data", (text) => {
      answer += text;
      if (answer.includes("\r\n\r\n")) socket.destroy();
    });
    // A reset behind the answer takes nothing from it; without one there is nothing to read.
    socket.on("error", () => {});
    socket.on("close", () => resolve(readHead(answer)));
    socket.write(bytes, "latin1");
  });
}

function readHead(answer: string): Reply {
  const status = Number(/^HTTP\/1\.[01] ([0-9]{3}) /.exec(answer)?.[1] ?? 0);
  const reason = /^x-tidegate-reason: *([^\r]*)\r$/im.exec(answer)?.[1];
  return { status, reason };
}
