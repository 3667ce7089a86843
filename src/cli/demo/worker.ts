// The demo's service: a process of its own, so that it can be killed. It works on a few requests at a
// time, each for a while, and keeps the others waiting.
//
//   node worker.ts PORT WORKERS SERVICE_MS        says { port } to its parent when it listens
//
// Capacity: WORKERS / SERVICE_MS, a thousand times that per second. `?ms=N` asks for longer work.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const [port = 0, workers = 1, serviceMs = 1] = process.argv.slice(2).map(Number);

const waiting: (() => void)[] = [];
let busy = 0;

function serve({ url }: IncomingMessage, response: ServerResponse): void {
  const askedMs = /[?&]ms=([0-9]{1,5})/.exec(url ?? "")?.[1];
  waiting.push(() => {
    setTimeout(() => finish(response), Number(askedMs ?? serviceMs));
  });
  workOn();
}

function finish(response: ServerResponse): void {
  busy--;
  response.end("done\n");
  workOn();
}

function workOn(): void {
  const begin = busy < workers ? waiting.shift() : undefined;
  if (begin === undefined) return;
  busy++;
  begin();
}

const server = createServer(serve);
server.listen(port, "127.0.0.1", () => {
  const address = server.address() as AddressInfo;
  process.send?.({ port: address.port });
});

// A parent that is gone, however it went, leaves no orphan behind.
process.on("disconnect", () => process.exit());
// Ctrl-C is for the demo, which ends this process in good order.
process.on("SIGINT", () => {});
