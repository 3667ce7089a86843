// The demo's service: a process of its own, so that it can be killed. It works on a few requests at a
// time, each for a while, and keeps the others waiting.
//
//   node worker.ts PORT WORKERS SERVICE_MS        says { port } to its parent when it listens
//
// Capacity: WORKERS / SERVICE_MS, a thousand times that per second. `?ms=N` asks for longer work. Its
// parent can make it sick, and well again: while it is sick, every answer is 500, at /healthz too.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

const [port = 0, workers = 1, serviceMs = 1] = process.argv.slice(2).map(Number);

const waiting: (() => void)[] = [];
let busy = 0;
let sick = false;

function serve({ url }: IncomingMessage, response: ServerResponse): void {
  if (url === "/healthz") {
    answer(response);
    return;
  }
  const askedMs = /[?&]ms=([0-9]{1,5})/.exec(url ?? "")?.[1];
  waiting.push(() => {
    setTimeout(() => finish(response), Number(askedMs ?? serviceMs));
  });
  workOn();
}

function finish(response: ServerResponse): void {
  busy--;
  answer(response);
  workOn();
}

function answer(response: ServerResponse): void {
  response.writeHead(sick ? 500 : 200).end(sick ? "sick\n" : "done\n");
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

process.on("message", (message: { readonly sick: boolean }) => {
  sick = message.sick;
  process.send?.(message);
});
// A parent that is gone, however it went, leaves no orphan behind.
process.on("disconnect", () => process.exit());
// Ctrl-C is for the demo, which ends this process in good order.
process.on("SIGINT", () => {});
