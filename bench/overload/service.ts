// The service that is overloaded: so many slots, each busy for so long with a request, and no CPU for it.
//
//   node service.ts WORKERS on|heeds      says where it listens
//
//   GET /app/work?ms=N     N ms of work in a slot, after all that came before
//   GET /pace/N            from now on all work takes N times as long
//
// Capacity: WORKERS / N per millisecond, exactly: timers are late, and what one was late by, the next piece of work
// in that slot is shorter by. `on` works for callers who have gone, as most services do; `heeds` does not.
import { createServer, type Socket } from "node:net";

const SMALL = "done\n";
const ANSWER = `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ${SMALL.length}\r\n\r\n${SMALL}`;
/** A timer that is later than this was late because the machine stood still: that is a loss. */
const MOST_OWED_MS = 5;

interface Work {
  readonly socket: Socket;
  readonly ms: number;
}

/** What is owed to the work in this slot, in milliseconds. */
interface Slot {
  owedMs: number;
}

export class Slots {
  pace = 1;
  readonly #heeds: boolean;
  readonly #free: Slot[];
  #waiting: Work[] = [];
  #first = 0;

  constructor(workers: number, heeds: boolean) {
    this.#heeds = heeds;
    this.#free = Array.from({ length: workers }, () => ({ owedMs: 0 }));
  }

  enter(work: Work): void {
    const slot = this.#free.pop();
    if (slot === undefined) this.#waiting.push(work);
    else this.#begin(slot, work);
  }

  #begin(slot: Slot, { socket, ms }: Work): void {
    const wanted = ms * this.pace;
    const began = performance.now();
    setTimeout(
      () => {
        const owed = slot.owedMs + performance.now() - began - wanted;
        slot.owedMs = Math.max(-MOST_OWED_MS, Math.min(MOST_OWED_MS, owed));
        if (!socket.destroyed) socket.write(ANSWER);
        this.#next(slot);
      },
      Math.max(1, Math.round(wanted - slot.owedMs)),
    );
  }

  #next(slot: Slot): void {
    let next = this.#shift();
    while (this.#heeds && next?.socket.destroyed === true) next = this.#shift();
    if (next === undefined) this.#free.push(slot);
    else this.#begin(slot, next);
  }

  #shift(): Work | undefined {
    const next = this.#waiting[this.#first];
    this.#first++;
    if (this.#first < this.#waiting.length) return next;
    this.#waiting = [];
    this.#first = 0;
    return next;
  }
}

function serve(socket: Socket, slots: Slots): void {
  let pending = "";
  socket.setNoDelay(true);
  socket.setEncoding("latin1");
  socket.on("error", () => socket.destroy());
  socket.on("data", (text: string) => {
    pending += text;
    for (let end = pending.indexOf("\r\n\r\n"); end >= 0; end = pending.indexOf("\r\n\r\n")) {
      const head = pending.slice(0, end);
      pending = pending.slice(end + 4);
      ask(socket, slots, head);
    }
  });
}

function ask(socket: Socket, slots: Slots, head: string): void {
  const [, what, value] = /^GET \/(app\/work\?ms=|pace\/)([0-9]{1,5}) /.exec(head) ?? [];
  if (what === undefined) {
    socket.end("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
  } else if (what === "pace/") {
    slots.pace = Number(value);
    socket.write(ANSWER);
  } else {
    slots.enter({ socket, ms: Number(value) });
  }
}

if (import.meta.main) {
  const [workers, works] = process.argv.slice(2);
  const slots = new Slots(Number(workers), works === "heeds");
  const server = createServer((socket) => serve(socket, slots));
  server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
    const address = server.address();
    if (address !== null && typeof address === "object") {
      console.log(`service listening on 127.0.0.1:${address.port}`);
    }
  });
}
