import assert from "node:assert/strict";
import fc from "fast-check";
import t, { type Test } from "tap";
import type { Clock } from "../../src/core/clock.ts";
import { Timer, Wheel } from "../../src/core/wheel.ts";

const TICK = 10;
/** One turn of the wheel takes this long; deadlines further away share slots with nearer ones. */
const TURN = 1024 * TICK;

class FakeClock implements Clock {
  time: number;
  constructor(time: number) {
    this.time = time;
  }
  now(): number {
    return this.time;
  }
  wall(): number {
    return this.time;
  }
}

/** What a timer does when it fires. */
type Reaction =
  | { readonly kind: "nothing" }
  | { readonly kind: "arm"; readonly timer: number; readonly delay: number }
  | { readonly kind: "rest" | "disarm"; readonly timer: number };

type Step =
  | { readonly kind: "arm"; readonly timer: number; readonly delay: number }
  | { readonly kind: "rest" | "disarm"; readonly timer: number }
  | { readonly kind: "pass"; readonly ms: number };

/** A wheel with six timers, beside a plain list of when each of them is due. */
class World {
  readonly clock: FakeClock;
  readonly wheel: Wheel;
  readonly timers: readonly Timer[];
  readonly due = new Map<number, number>();
  /** The last tick at which each may fire: that of its deadline, or the one after it was armed. */
  readonly filed = new Map<number, number>();
  readonly lateness: number[] = [];
  early = 0;
  unexpected = 0;

  constructor(start: number, reactions: readonly Reaction[]) {
    this.clock = new FakeClock(start);
    this.wheel = new Wheel(this.clock, TICK);
    this.timers = reactions.map((reaction, index) => new Timer(() => this.#fired(index, reaction)));
  }

  run(step: Step): void {
    if (step.kind === "pass") return this.pass(step.ms);
    if (step.kind === "arm") this.#arm(step.timer, step.delay);
    else this.#disarm(step.timer, step.kind);
  }

  pass(ms: number): void {
    this.clock.time += ms;
    this.wheel.advance();
  }

  /** Timers whose tick is over and that have not fired. */
  overdue(): number[] {
    const tick = this.#tick();
    return [...this.filed].filter(([, last]) => last <= tick).map(([timer]) => timer);
  }

  #tick(): number {
    return Math.floor(this.clock.time / TICK);
  }

  #arm(index: number, delay: number): void {
    const timer = this.timers[index];
    if (timer === undefined) return;
    this.wheel.arm(timer, delay);
    const at = this.clock.time + delay;
    this.due.set(index, at);
    this.filed.set(index, Math.max(Math.ceil(at / TICK), this.#tick() + 1));
  }

  #disarm(index: number, how: "rest" | "disarm"): void {
    const timer = this.timers[index];
    if (timer !== undefined) this.wheel[how](timer);
    this.#forget(index);
  }

  #forget(index: number): void {
    this.due.delete(index);
    this.filed.delete(index);
  }

  #fired(index: number, reaction: Reaction): void {
    const at = this.due.get(index);
    if (at === undefined) this.unexpected++;
    else if (at > this.clock.time) this.early++;
    else this.lateness.push(this.clock.time - at);
    this.#forget(index);
    if (reaction.kind === "arm") this.#arm(reaction.timer, reaction.delay);
    if (reaction.kind === "rest" || reaction.kind === "disarm") {
      this.#disarm(reaction.timer, reaction.kind);
    }
  }
}

const TIMERS = 6;
const which = fc.nat({ max: TIMERS - 1 });
/** Milliseconds with fractions. `fc.double` would draw exponents, and nearly all of them tiny. */
const upTo = (max: number): fc.Arbitrary<number> => fc.nat({ max: max * 8 }).map((n) => n / 8);
const near = upTo(8 * TICK);
const far = upTo(3 * TURN);
const delay = fc.oneof({ weight: 4, arbitrary: near }, far, fc.constantFrom(0, TICK, TURN));
const disarm = fc.record({ kind: fc.constantFrom("rest", "disarm"), timer: which });
const reaction: fc.Arbitrary<Reaction> = fc.oneof(
  fc.constant({ kind: "nothing" as const }),
  fc.record({ kind: fc.constant("arm" as const), timer: which, delay }),
  disarm,
);
const reactions = fc.array(reaction, { minLength: TIMERS, maxLength: TIMERS });
const armOrDisarm: fc.Arbitrary<Step> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("arm" as const), timer: which, delay }) },
  disarm,
);
const pass = (ms: fc.Arbitrary<number>): fc.Arbitrary<Step> =>
  fc.record({ kind: fc.constant("pass" as const), ms });
const start = upTo(1e6);
/** Without a size, scripts would have ten steps at most. */
const long = { maxLength: 100, size: "max" } as const;
const quiet = Array.from({ length: TIMERS }, (): Reaction => ({ kind: "nothing" }));

/** Runs the property; a failure is told with the shortest script that shows it. */
function holds<T>(t: Test, property: fc.IProperty<T>): void {
  t.doesNotThrow(() => fc.assert(property, { numRuns: 300 }));
}

t.test("a timer fires once, never early and never without being filed", async (t) => {
  const steps = fc.array(fc.oneof(armOrDisarm, pass(delay)), long);
  holds(
    t,
    fc.property(start, reactions, steps, (at, how, script) => {
      const world = new World(at, how);
      for (const step of script) {
        world.run(step);
        assert.ok(world.wheel.size >= world.due.size);
      }
      assert.equal(world.early + world.unexpected, 0);
    }),
  );
});

t.test("after an advance nothing is left over, however long the pause before it", async (t) => {
  const pauses = fc.oneof(near, far, fc.constantFrom(TURN - TICK, TURN, TURN + TICK, 50 * TURN));
  const steps = fc.array(fc.oneof({ weight: 3, arbitrary: armOrDisarm }, pass(pauses)), long);
  holds(
    t,
    fc.property(start, reactions, steps, (at, how, script) => {
      const world = new World(at, how);
      for (const step of script) {
        world.run(step);
        if (step.kind === "pass") assert.deepEqual(world.overdue(), []);
      }
    }),
  );
});

t.test("a timer is at most one tick late while the wheel advances at every tick", async (t) => {
  const steps = fc.array(fc.oneof(armOrDisarm, pass(fc.constant(TICK))), long);
  holds(
    t,
    fc.property(fc.nat({ max: 1e6 }), reactions, steps, (ticks, how, script) => {
      const world = new World(ticks * TICK, how);
      for (const step of script) world.run(step);
      assert.ok(world.lateness.every((late) => late <= TICK));
    }),
  );
});

t.test("every timer that is filed fires within a tick of the last deadline", async (t) => {
  const delays = fc.array(delay, { minLength: 1, maxLength: TIMERS });
  holds(
    t,
    fc.property(start, delays, (at, each) => {
      const world = new World(at, quiet);
      for (const [timer, delay] of each.entries()) world.run({ kind: "arm", timer, delay });
      assert.equal(world.wheel.size, each.length);
      world.pass(Math.max(...each) + TICK);
      assert.equal(world.lateness.length, each.length);
      assert.equal(world.wheel.size, 0);
    }),
  );
});

t.test(
  "a timer that rests leaves the wheel at its old deadline, unless it is armed again",
  async (t) => {
    const clock = new FakeClock(0);
    const wheel = new Wheel(clock, TICK);
    const fired: number[] = [];
    const timer = new Timer(() => fired.push(clock.time));
    wheel.arm(timer, 20);
    wheel.rest(timer);
    t.equal(timer.deadline, Number.POSITIVE_INFINITY);
    t.equal(wheel.size, 1);
    clock.time = 20;
    wheel.advance();
    t.equal(wheel.size, 0);
    wheel.arm(timer, 20);
    wheel.rest(timer);
    wheel.arm(timer, 50);
    for (; clock.time < 200; clock.time += TICK) wheel.advance();
    t.strictSame(fired, [70]);
  },
);

t.test("a filed timer knows its deadline, and one that is not has none", async (t) => {
  const clock = new FakeClock(1000);
  const wheel = new Wheel(clock, TICK);
  const timer = new Timer(() => {});
  t.equal(timer.deadline, Number.POSITIVE_INFINITY);
  wheel.arm(timer, 25);
  t.equal(timer.deadline, 1025);
  wheel.disarm(timer);
  t.equal(timer.deadline, Number.POSITIVE_INFINITY);
  wheel.disarm(timer);
  t.equal(wheel.size, 0, "to disarm it again does nothing");
});

t.test("a timer that is armed again fires at its last deadline only", async (t) => {
  const clock = new FakeClock(0);
  const wheel = new Wheel(clock, TICK);
  const fired: number[] = [];
  const timer = new Timer(() => fired.push(clock.time));
  wheel.arm(timer, 20);
  wheel.arm(timer, 50);
  t.equal(wheel.size, 1);
  for (let tick = 1; tick <= 10; tick++) {
    clock.time = tick * TICK;
    wheel.advance();
  }
  t.strictSame(fired, [50]);
});

t.test(
  "a timer that arms itself without delay as it fires waits for the next advance",
  async (t) => {
    const clock = new FakeClock(0);
    const wheel = new Wheel(clock, TICK);
    let fired = 0;
    const timer: Timer = new Timer(() => {
      fired++;
      wheel.arm(timer, 0);
    });
    wheel.arm(timer, 0);
    for (let tick = 1; tick <= 5; tick++) {
      clock.time = tick * TICK;
      wheel.advance();
      t.equal(fired, tick);
    }
    clock.time += 10 * TURN;
    wheel.advance();
    t.equal(fired, 6, "a long pause does not make it fire in a loop");
  },
);

t.test("a deadline that has passed already fires at the next tick", async (t) => {
  const clock = new FakeClock(5000);
  const wheel = new Wheel(clock, TICK);
  let fired = 0;
  wheel.armAt(new Timer(() => fired++), 10);
  wheel.advance();
  t.equal(fired, 0);
  clock.time += TICK;
  wheel.advance();
  t.equal(fired, 1);
});

t.test("a timer that throws keeps no other from firing", async (t) => {
  const clock = new FakeClock(0);
  const wheel = new Wheel(clock, TICK);
  const [fired, bugs]: [number[], unknown[]] = [[], []];
  wheel.onBug = (error) => bugs.push(error);
  for (const number of [1, 2, 3]) {
    const fire = (): void => {
      fired.push(number);
      if (number === 2) throw new Error("bug");
    };
    wheel.arm(new Timer(fire), 15);
  }
  clock.time = 100;
  wheel.advance();
  t.same(fired, [1, 2, 3]);
  t.match(bugs, [{ message: "bug" }]);
});
