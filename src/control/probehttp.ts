// The probe by a request, over HTTP/1.1 or HTTP/2. Redirects are not followed: they are statuses like others.
import { Client } from "undici";
import type { Address } from "../core/address.ts";
import { readAdvice } from "../policy/advice.ts";
import {
  ANSWER_BYTES,
  type Answer,
  dial,
  type HttpCheck,
  originOf,
  ready,
  type Secured,
} from "./probe.ts";

/** The whole answer must come; of a body that is longer than 64 KiB the beginning will do. */
export async function probeHttp(
  check: HttpCheck,
  address: Address,
  signal: AbortSignal,
  secured?: Secured,
): Promise<Answer> {
  const socket = dial(address, signal, secured, check.http2 ? "h2" : "http/1.1");
  // That is how undici knows what a socket speaks.
  if (check.http2 && secured === undefined) Object.assign(socket, { alpnProtocol: "h2" });
  let client: Client | undefined;
  try {
    await ready(socket);
    client = new Client(originOf(address, secured), {
      // At once would be too early: undici begins with the request only after it has returned.
      connect: (_, callback) => queueMicrotask(() => callback(null, socket)),
      // The time is the signal's to keep.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
    const { path, method, headers } = check;
    const asked = { path, method, headers: { "user-agent": "tidegate", ...headers } };
    const response = await client.request({ ...asked, signal, reset: true });
    const body = await beginning(response.body);
    return { ...judge(check, response.statusCode, body), advice: adviceIn(response.headers) };
  } finally {
    // Nothing of it is left to wait for.
    client?.destroy().catch(() => {});
    socket.destroy();
  }
}

function adviceIn(headers: Readonly<Record<string, unknown>>): Answer["advice"] {
  return readAdvice((name) => headers[name]);
}

function judge(check: HttpCheck, status: number, body: Buffer): Omit<Answer, "advice"> {
  const expected = check.statuses.some(({ from, to }) => status >= from && status <= to);
  if (!expected || check.body === undefined || body.includes(check.body)) {
    return { passed: expected, reason: `status ${status}` };
  }
  return { passed: false, reason: `status ${status}, but its body lacks what is expected` };
}

async function beginning(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
    if (length >= ANSWER_BYTES) break;
  }
  return Buffer.concat(chunks).subarray(0, ANSWER_BYTES);
}
