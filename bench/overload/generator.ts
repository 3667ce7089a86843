// Open-loop load over raw sockets: requests leave when they are due, whatever became of earlier ones. Timers of the
// event loop are up to a millisecond late; so between its turns it looks at the clock, or sleeps for a moment.

import { Line, type Reply } from "./line.ts";
import type { Schedule } from "./schedule.ts";
import { type Asked, Shots } from "./shots.ts";

export interface Orders {
  readonly port: number;
  readonly schedule: Schedule;
  /** A client gives up, and closes its connection, after so long. */
  readonly patienceMs: number;
  /** How often it asks again. */
  readonly retries: number;
  /** What is to be done when, in milliseconds since the run begins, ascending. */
  readonly marks: readonly { readonly at: number; readonly act: () => void }[];
}

/** Open before the run begins: a burst that has to connect makes the generator late. */
const OPENED = 2048;
/** The longest that it sleeps, and how late it wakes up. */
const [NAP_MS, WAKING_MS] = [0.2, 0.06];
const NOBODY_WAKES = new Int32Array(new SharedArrayBuffer(4));
/** Who was refused or gave up asks again after so long. */
const AGAIN_MS = 50;

/** Runs `orders` to their end, when every request was answered or given up. */
export class Generator {
  readonly #orders: Orders;
  readonly #shots: Shots;
  /** Open connections that nobody uses, the latest used last. */
  readonly #idle: Line[] = [];
  readonly #lines = new Set<Line>();
  /** Of each request under way, its connection. */
  readonly #under = new Map<number, Line>();
  /** Those who ask again, in order. */
  readonly #again: Asked[] = [];
  #begun = 0;
  #next = 0;
  #nextAgain = 0;
  #nextMark = 0;
  #oldest = 0;

  constructor(orders: Orders) {
    this.#orders = orders;
    this.#shots = new Shots(orders.schedule.dueMs.length * (1 + orders.retries));
  }

  async run(): Promise<Shots> {
    const opened = Array.from({ length: OPENED }, () => this.#open());
    await Promise.all(opened.map((line) => line.connected()));
    this.#idle.push(...opened);
    this.#begun = performance.now();
    await new Promise<void>((resolve) => {
      const turn = (): void => {
        if (this.#turn(this.#now())) return resolve();
        this.#nap();
        setImmediate(turn);
      };
      turn();
    });
    for (const line of this.#lines) line.close();
    return this.#shots;
  }

  #now(): number {
    return performance.now() - this.#begun;
  }

  /** Sleeps until the next request is due, but not for long, since answers may come. */
  #nap(): void {
    const next = this.#orders.schedule.dueMs[this.#next] ?? Number.POSITIVE_INFINITY;
    const ms = Math.min(NAP_MS, next - this.#now() - WAKING_MS);
    if (ms > 0) Atomics.wait(NOBODY_WAKES, 0, 0, ms);
  }

  /** Is it over? */
  #turn(now: number): boolean {
    const { schedule, marks, patienceMs } = this.#orders;
    for (let mark = marks[this.#nextMark]; mark !== undefined && mark.at <= now; ) {
      mark.act();
      mark = marks[++this.#nextMark];
    }
    const { dueMs, kind, caller } = schedule;
    for (let due = dueMs[this.#next]; due !== undefined && due <= now; ) {
      const at = this.#next++;
      this.#fire({ due, kind: kind[at] ?? 0, caller: caller[at] ?? 0, attempt: 1 });
      due = dueMs[this.#next];
    }
    for (let again = this.#again[this.#nextAgain]; again !== undefined && again.due <= now; ) {
      this.#fire(again);
      again = this.#again[++this.#nextAgain];
    }
    this.#giveUp(now - patienceMs);
    const left = this.#next < dueMs.length || this.#nextAgain < this.#again.length;
    return !left && this.#oldest === this.#shots.count;
  }

  /** Whoever is waiting for what was sent before `before` waits no longer. */
  #giveUp(before: number): void {
    const shots = this.#shots;
    while (this.#oldest < shots.count) {
      const shot = this.#oldest;
      if (shots.endOf(shot) === "pending") {
        if (shots.sentOf(shot) > before) return;
        const line = this.#under.get(shot);
        this.#end(shot, "gave up");
        line?.close();
      }
      this.#oldest++;
    }
  }

  #fire(asked: Asked): void {
    const now = this.#now();
    const shot = this.#shots.add(asked, now);
    // So late that nobody waits for it any more: to connect for it would make the next ones late, too.
    if (now - asked.due > this.#orders.patienceMs) return this.#shots.ends(shot, "gave up", now);
    const line = this.#take();
    this.#under.set(shot, line);
    const kind = this.#orders.schedule.kinds[asked.kind];
    const bytes = (asked.attempt > 1 ? kind?.again : kind?.requests)?.[asked.caller];
    if (bytes === undefined) throw new Error("bench: a request without bytes");
    line.ask(shot, bytes);
  }

  #take(): Line {
    for (let line = this.#idle.pop(); line !== undefined; line = this.#idle.pop()) {
      if (line.open) return line;
    }
    return this.#open();
  }

  #open(): Line {
    const line: Line = new Line(this.#orders.port, {
      answered: (shot, reply) => this.#answered(line, shot, reply),
      broken: (shot, why) => this.#end(shot, "broken", why),
      closed: () => this.#lines.delete(line),
    });
    this.#lines.add(line);
    return line;
  }

  #answered(line: Line, shot: number, { status, reason }: Reply): void {
    if (status === 200) this.#end(shot, "good");
    else this.#end(shot, "refused", reason ?? String(status));
    if (line.open) this.#idle.push(line);
  }

  #end(shot: number, end: "good" | "refused" | "gave up" | "broken", why?: string): void {
    if (!this.#under.delete(shot)) return;
    const now = this.#now();
    const shots = this.#shots;
    shots.ends(shot, end, now, why);
    const attempt = shots.attempt[shot] ?? 1;
    if (end === "good" || attempt > this.#orders.retries) return;
    this.#again.push({
      due: now + AGAIN_MS,
      kind: shots.kind[shot] ?? 0,
      caller: shots.caller[shot] ?? 0,
      attempt: attempt + 1,
    });
  }
}
