// The probe of the gRPC health protocol, version 1, over HTTP/2.
import { type ClientHttp2Session, connect, type IncomingHttpHeaders } from "node:http2";
import type { Address } from "../core/address.ts";
import { readAdvice } from "../policy/advice.ts";
import { decodeStatus, encodeRequest } from "./healthproto.ts";
import {
  ANSWER_BYTES,
  type Answer,
  dial,
  type GrpcCheck,
  originOf,
  ready,
  type Secured,
} from "./probe.ts";

/** Asks for the health of one service; SERVING alone passes. */
export async function probeGrpc(
  { service }: GrpcCheck,
  address: Address,
  signal: AbortSignal,
  secured?: Secured,
): Promise<Answer> {
  const socket = dial(address, signal, secured, "h2");
  let session: ClientHttp2Session | undefined;
  try {
    await ready(socket);
    session = connect(originOf(address, secured), { createConnection: () => socket });
    // What ends the session ends its only stream as well, which tells.
    session.on("error", () => {});
    return judge(await ask(session, service, signal));
  } finally {
    session?.destroy();
    socket.destroy();
  }
}

interface Response {
  readonly head: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
}

async function ask(
  session: ClientHttp2Session,
  service: string,
  signal: AbortSignal,
): Promise<Response> {
  const fields = {
    ":method": "POST",
    ":path": "/grpc.health.v1.Health/Check",
    "content-type": "application/grpc",
    te: "trailers",
    "user-agent": "tidegate",
  };
  const stream = session.request(fields, { signal });
  let [head, trailers]: IncomingHttpHeaders[] = [{}, {}];
  stream.on("response", (received) => {
    head = received;
  });
  stream.on("trailers", (received) => {
    trailers = received;
  });
  stream.end(encodeRequest(service));
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > ANSWER_BYTES) throw new Error("the answer is too long");
  }
  return { head: head ?? {}, trailers: trailers ?? {}, body: Buffer.concat(chunks) };
}

function judge({ head, trailers, body }: Response): Answer {
  const advice = readAdvice((name) => head[name]);
  const failed = (reason: string): Answer => ({ passed: false, reason, advice });
  const httpStatus = Number(head[":status"]);
  if (httpStatus !== 200) return failed(`status ${httpStatus}`);
  // A call that fails at once has everything in its head.
  const grpcStatus = String(trailers["grpc-status"] ?? head["grpc-status"] ?? "missing");
  if (grpcStatus !== "0") return failed(`grpc-status ${grpcStatus.slice(0, 20)}`);
  const status = decodeStatus(body);
  if (status === undefined) return failed("the answer is not a HealthCheckResponse");
  return { passed: status === "SERVING", reason: status, advice };
}
