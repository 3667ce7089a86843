// Calls of gRPC as bytes of HTTP/2, for tests that want to see each field.
import type { Asked, Http2Client, Told } from "./http2.ts";

/** What every call says. */
export const CALL = { "content-type": "application/grpc+proto", te: "trailers" } as const;

/** A message of gRPC in its frame. */
export function message(text: string): Buffer {
  const body = Buffer.from(text);
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(body.length, 1);
  return Buffer.concat([prefix, body]);
}

/** Makes a unary call. */
export function call(client: Http2Client, path: string, fields: Asked["fields"]): Promise<Told> {
  return client.ask(path, { fields: { ...CALL, ...fields }, body: message("hello") });
}
