// A service of HTTP/2 that leaves every response where its target says, in a process of its own:
//
//   /interim  103, and nothing more        /head     a head, and no end
//   /body     a part of the body           /large    more than a window takes, with its end
//   /trailed  all of it, trailers, too     /length   reads a body, and answers how long it was
//   /reset/K/CODE resets the stream with CODE in the place of, or behind, what K of these would say
//   /stuck/yes, /stuck/no  from now on, /call is never answered, or as gRPC would be
//
// The same below /app. Prints `listening on PORT`. With `--limited`, Node's own limits hold.
import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from "node:http2";
import { GRPC_TYPE } from "../../src/core/grpc.ts";
import { message } from "../support/grpc.ts";

/** More than the window of a stream, and than the socket's buffers take. */
const LARGE = Buffer.alloc(8 * 1024 * 1024, "x");
const PART = Buffer.alloc(1000, "x");
/**
 * Node's own limits, lifted: 33 resets a second, which cut a proxy that passes on what its clients cancel, and memory, of
 * which it never takes off what a cancelled stream has left unsent.
 */
const ANY = 2 ** 31;
const limits = { streamResetBurst: ANY, streamResetRate: ANY, maxSessionMemory: 1e6 };

const server = createServer(process.argv.includes("--limited") ? {} : limits);
let stuck = false;
server.on("session", (session) => session.on("stream", begin));
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  console.log(`listening on ${address !== null && typeof address === "object" && address.port}`);
});

function begin(stream: ServerHttp2Stream, { ":path": path }: IncomingHttpHeaders): void {
  stream.on("error", () => {});
  const [, kind = "", stage = "", code = ""] = String(path)
    .replace(/^\/app/, "")
    .split("/");
  if (kind === "stuck") {
    stuck = stage === "yes";
    stream.respond({ ":status": 204 }, { endStream: true });
  } else answer(stream, kind === "reset" ? stage : kind);
  // What was said goes first.
  if (kind === "reset") setImmediate(() => stream.close(Number(code)));
}

function answer(stream: ServerHttp2Stream, kind: string): void {
  if (kind !== "length") stream.resume();
  if (kind === "interim") stream.additionalHeaders({ ":status": 103 });
  if (kind === "head" || kind === "body") stream.respond({ ":status": 200 });
  if (kind === "body") stream.write(PART);
  if (kind === "large") {
    stream.respond({ ":status": 200 });
    stream.end(LARGE);
  }
  if (kind === "trailed") {
    stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "1" }));
    stream.respond({ ":status": 200 }, { waitForTrailers: true });
    stream.end(PART);
  }
  if (kind === "length") count(stream);
  if (kind === "call" && !stuck) {
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.respond({ ":status": 200, "content-type": GRPC_TYPE }, { waitForTrailers: true });
    stream.end(message("hello"));
  }
}

function count(stream: ServerHttp2Stream): void {
  let length = 0;
  stream.on("data", (piece: Buffer) => {
    length += piece.length;
  });
  stream.on("end", () => {
    stream.respond({ ":status": 200 });
    stream.end(String(length));
  });
}
