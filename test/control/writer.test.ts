import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import type { Sink } from "../../src/control/sink.ts";
import { LineWriter } from "../../src/control/writer.ts";
import { Counter } from "../../src/core/meter.ts";

const BUSY = Object.assign(new Error("busy"), { code: "EAGAIN" });
const FULL = Object.assign(new Error("full"), { code: "ENOSPC" });

/** A sink that does what the test says, when the test says so. */
class Told implements Sink {
  readonly chunkBytes: number;
  text = "";
  /** How many writes were begun: each is to be ended with `take` or `fail`. */
  begun = 0;
  closed = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #done: ((error: Error | null, taken: number) => void) | undefined;

  constructor(chunkBytes = 40) {
    this.chunkBytes = chunkBytes;
  }

  get waiting(): boolean {
    return this.#done !== undefined;
  }

  write(bytes: Buffer, done: (error: Error | null, taken: number) => void): void {
    assert.equal(this.#done, undefined, "one write at a time");
    this.begun++;
    this.#bytes = bytes;
    this.#done = done;
  }

  /** Takes what it was given, or the first `count` bytes of it. */
  take(count = this.#bytes.length): void {
    this.text += this.#bytes.toString("latin1", 0, count);
    this.#end(null, Math.min(count, this.#bytes.length));
  }

  fail(error: Error): void {
    this.#end(error, 0);
  }

  close(): void {
    this.closed++;
  }

  #end(error: Error | null, taken: number): void {
    const done = this.#done;
    assert.ok(done, "nothing is being written");
    this.#done = undefined;
    done(error, taken);
  }
}

/** Timers that fire when the test says so. */
class Alarms {
  readonly set = new Map<() => void, number>();

  readonly later = (ms: number, call: () => void): (() => void) => {
    const entry = (): void => call();
    this.set.set(entry, ms);
    return () => void this.set.delete(entry);
  };

  get delays(): number[] {
    return [...this.set.values()];
  }

  /** Fires everything that is set now. */
  fire(): void {
    for (const entry of [...this.set.keys()]) {
      if (this.set.delete(entry)) entry();
    }
  }
}

function open(maxBytes = 100, chunkBytes = 40) {
  const [sink, alarms, dropped] = [new Told(chunkBytes), new Alarms(), new Counter()];
  const writer = new LineWriter({ sink, dropped, maxBytes, later: alarms.later });
  return { sink, alarms, dropped, writer };
}

const line = (index: number): string => `line ${String(index).padStart(4, "0")}\n`;

t.test("a line waits for others, but not for long", async (t) => {
  const { writer, sink, alarms } = open();
  writer.write(line(1));
  writer.write(line(2));
  t.equal(sink.begun, 0);
  t.strictSame(alarms.delays, [50]);
  alarms.fire();
  sink.take();
  t.equal(sink.text, line(1) + line(2));
  t.equal(alarms.set.size, 0, "an idle writer has no timer");
});

t.test("a full chunk goes at once, and holds whole lines only", async (t) => {
  const { writer, sink } = open();
  for (const index of [1, 2, 3]) writer.write(line(index));
  t.equal(sink.begun, 0);
  writer.write(line(4));
  t.equal(sink.begun, 0, "40 bytes fit");
  writer.write(line(5));
  t.equal(sink.begun, 1);
  sink.take();
  t.equal(sink.text, [1, 2, 3, 4].map(line).join(""));
});

t.test("a line that is longer than a chunk goes out whole, by itself", async (t) => {
  const { writer, sink } = open(1000);
  const long = `${"x".repeat(200)}\n`;
  writer.write(line(1));
  writer.write(long);
  writer.write(line(2));
  writer.flush();
  const chunks = [];
  while (sink.waiting) {
    const before = sink.text.length;
    sink.take();
    chunks.push(sink.text.slice(before));
  }
  t.strictSame(chunks, [line(1), long, line(2)]);
});

t.test("when more is held than allowed, new lines are dropped and counted", async (t) => {
  const { writer, sink, dropped } = open(100);
  for (let index = 0; index < 25; index++) writer.write(line(index));
  t.equal(dropped.value, 15);
  while (sink.waiting) sink.take();
  writer.flush();
  while (sink.waiting) sink.take();
  t.equal(sink.text, Array.from({ length: 10 }, (_, index) => line(index)).join(""));
  writer.write(line(99));
  t.equal(dropped.value, 15, "and there is room again");
});

t.test("what the sink takes in part is continued where it stopped", async (t) => {
  const { writer, sink } = open();
  writer.write(line(1));
  writer.write(line(2));
  writer.flush();
  sink.take(3);
  sink.take(9);
  sink.take();
  t.equal(sink.text, line(1) + line(2));
});

t.test("a sink that is busy is asked again soon, one that is broken after a while", async (t) => {
  const { writer, sink, alarms, dropped } = open();
  writer.write(line(1));
  writer.flush();
  sink.take(4);
  for (const [error, pause] of [
    [BUSY, 20],
    [FULL, 1000],
  ] as const) {
    sink.fail(error);
    t.strictSame(alarms.delays, [pause]);
    t.notOk(sink.waiting);
    alarms.fire();
    t.ok(sink.waiting);
  }
  sink.take(0);
  t.strictSame(alarms.delays, [20], "to take nothing is to be busy");
  alarms.fire();
  sink.take();
  t.equal(sink.text, line(1), "and no byte is lost or written twice");
  t.equal(dropped.value, 0);
});

t.test("lines that come while the sink is broken wait in order up to the bound", async (t) => {
  const { writer, sink, alarms, dropped } = open(100);
  writer.write(line(0));
  writer.flush();
  sink.fail(FULL);
  for (let index = 1; index < 50; index++) writer.write(line(index));
  t.equal(sink.begun, 1, "writing does not hurry it");
  t.equal(dropped.value, 40);
  alarms.fire();
  while (sink.waiting || alarms.set.size > 0) {
    if (sink.waiting) sink.take();
    else alarms.fire();
  }
  t.equal(sink.text, Array.from({ length: 10 }, (_, index) => line(index)).join(""));
});

t.test("to close writes what is there, then gives the sink back", async (t) => {
  const { writer, sink, alarms, dropped } = open();
  for (let index = 0; index < 6; index++) writer.write(line(index));
  const closed = writer.close();
  while (sink.waiting) sink.take();
  await closed;
  t.equal(sink.text.length, 60);
  t.equal(dropped.value, 0);
  t.equal(sink.closed, 1);
  t.equal(alarms.set.size, 0);
});

t.test("to close does not wait longer than told, and counts what is left", async (t) => {
  const { writer, sink, alarms, dropped } = open();
  for (let index = 0; index < 6; index++) writer.write(line(index));
  const closed = writer.close(300);
  t.ok(sink.waiting);
  t.ok(alarms.delays.includes(300));
  alarms.fire();
  await closed;
  t.equal(dropped.value, 6);
  t.equal(sink.closed, 0, "a descriptor that is being written to is not closed");
  sink.take(5);
  t.notOk(sink.waiting, "and what was given up is not taken up again");
});

t.test("to close a broken sink tries once more and then gives up", async (t) => {
  const { writer, sink, alarms, dropped } = open();
  writer.write(line(1));
  writer.flush();
  sink.fail(FULL);
  writer.write(line(2));
  const closed = writer.close();
  t.equal(sink.begun, 2);
  sink.fail(FULL);
  await closed;
  t.equal(dropped.value, 2);
  t.equal(sink.closed, 1);
  t.equal(alarms.set.size, 0);
});

t.test("to close a busy sink asks it until the time is over", async (t) => {
  const { writer, sink, alarms, dropped } = open();
  writer.write(line(1));
  const closed = writer.close(300);
  sink.fail(BUSY);
  t.strictSame(alarms.delays.toSorted(), [20, 300]);
  for (const [entry, ms] of alarms.set) if (ms === 20 && alarms.set.delete(entry)) entry();
  sink.take();
  await closed;
  t.equal(sink.text, line(1));
  t.equal(dropped.value, 0);
});

t.test("a closed writer drops, and can be closed again", async (t) => {
  const { writer, sink, dropped } = open();
  await writer.close();
  writer.write(line(1));
  writer.flush();
  await writer.close();
  t.equal(dropped.value, 1);
  t.equal(sink.begun, 0);
  t.equal(sink.closed, 1);
});

type Step = { readonly kind: "write" | "busy" | "full" | "fire" } | { readonly take: number };

t.test("whatever the sink does, it gets whole lines in order, or they are counted", async (t) => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 6, arbitrary: fc.constant({ kind: "write" as const }) },
    fc.constantFrom(
      { kind: "busy" as const },
      { kind: "full" as const },
      { kind: "fire" as const },
    ),
    { weight: 2, arbitrary: fc.record({ take: fc.nat({ max: 50 }) }) },
  );
  const property = fc.asyncProperty(
    fc.array(step, { maxLength: 300, size: "max" }),
    async (steps) => {
      const { writer, sink, alarms, dropped } = open(100);
      let written = 0;
      for (const each of steps) {
        if ("take" in each) sink.waiting && sink.take(each.take);
        else if (each.kind === "write") writer.write(line(written++));
        else if (each.kind === "fire") alarms.fire();
        else if (sink.waiting) sink.fail(each.kind === "busy" ? BUSY : FULL);
      }
      const closed = writer.close();
      while (sink.waiting) sink.take();
      await closed;
      const got = sink.text.split("\n").slice(0, -1);
      assert.ok(sink.text === "" || sink.text.endsWith("\n"));
      assert.equal(got.length + dropped.value, written);
      assert.ok(got.every((each) => /^line \d{4}$/.test(each)));
      assert.deepEqual(got, got.toSorted());
      assert.equal(new Set(got).size, got.length);
    },
  );
  await t.resolves(fc.assert(property, { numRuns: 300 }));
});
