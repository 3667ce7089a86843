import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { RouteLoad } from "../../src/policy/routeload.ts";
import type { Limiter } from "../../src/policy/slots.ts";
import { admission, answer, type Told } from "./tickets.ts";

/** A limiter whose limit is what it is told. */
class Movable implements Limiter {
  limit = 4;
  readonly settled = true;
  started(): number {
    return 0;
  }
  ended(): void {}
  tick(): void {}
  get hold(): number {
    return this.limit;
  }
}

const BOUND = 5;

/** An admission, and what its invariants say of it after each step. */
class Watched {
  readonly #limiter = new Movable();
  readonly #made;
  readonly #routes = [new RouteLoad(), new RouteLoad()];
  #now = 0;
  #held: Told[] = [];
  #waiting: Told[] = [];
  /** Grants that were made before the limit fell stay. */
  #mostHeld = this.#limiter.limit;

  constructor(fair: boolean) {
    this.#made = admission({ queue: { size: BOUND, wait: 80 }, fair }, this.#limiter);
  }

  comes(rank: number, caller: number, patience: number): void {
    const route = this.#routes[caller % 2] ?? new RouteLoad();
    const deadline = this.#now + patience;
    const { ticket, entered } = this.#made.enter(this.#now, { rank, caller, route, deadline });
    if (entered === "granted") {
      assert.equal(this.#waiting.length, 0, "nobody overtakes");
      this.#held.push(ticket);
    } else if (entered === "queued") this.#waiting.push(ticket);
    else assert.equal(ticket.state, "over");
    this.#look();
  }

  settles(which: number, tookMs: number): void {
    const ticket = this.#held[which % this.#held.length];
    if (ticket === undefined) return;
    this.#held = this.#held.filter((each) => each !== ticket);
    this.#made.admission.settle(ticket, answer(tookMs), this.#now);
    assert.throws(() => this.#made.admission.settle(ticket, undefined, this.#now));
    this.#look();
  }

  leaves(which: number): void {
    const ticket = this.#waiting[which % this.#waiting.length];
    if (ticket === undefined) return;
    this.#made.admission.leave(ticket, this.#now);
    this.#waiting = this.#waiting.filter((each) => each !== ticket);
    assert.deepEqual(ticket.story, []);
    this.#look();
  }

  passes(ms: number): void {
    this.#now += ms;
    this.#made.admission.tick(this.#now, 0);
    this.#look();
  }

  limits(limit: number): void {
    this.#limiter.limit = limit;
  }

  /** Whatever was granted ends, and whatever waits has waited for long. */
  ends(): void {
    while (this.#held.length > 0) this.settles(0, 10);
    this.passes(1000);
    while (this.#held.length > 0) this.settles(0, 10);
    assert.equal(this.#waiting.length, 0);
    assert.equal(this.#made.admission.inFlight, 0);
  }

  #look(): void {
    for (const ticket of this.#waiting) {
      const told = ticket.story.length;
      assert.equal(told, ticket.state === "waiting" ? 0 : 1, "who waits is told once");
      if (ticket.state === "held") this.#granted(ticket);
    }
    this.#waiting = this.#waiting.filter(({ state }) => state === "waiting");
    const { inFlight, room } = this.#made.admission;
    const { limit } = this.#limiter;
    const held = this.#held.length;
    this.#mostHeld = Math.max(limit, Math.min(this.#mostHeld, held));
    assert.equal(inFlight, held, "what is in flight was granted and not settled");
    assert.ok(inFlight <= this.#mostHeld, "in flight is within the limit");
    assert.equal(room.length, this.#waiting.length);
    assert.ok(room.length <= BOUND, "the queue is within its bound");
    for (const route of this.#routes) {
      assert.equal(route.held, this.#held.filter((each) => each.route === route).length);
    }
  }

  #granted(ticket: Told): void {
    this.#held.push(ticket);
    const waiting = this.#waiting.filter(({ state }) => state === "waiting");
    const above = waiting.filter(({ rank }) => rank < ticket.rank);
    assert.deepEqual(above, [], "no lower class is granted while a higher one waits");
  }
}

type Step = (watched: Watched) => void;

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .tuple(fc.nat({ max: 3 }), fc.nat({ max: 5 }), fc.integer({ min: 1, max: 400 }))
        .map(
          (asked): Step =>
            (watched) =>
              watched.comes(...asked),
        ),
    },
    {
      weight: 4,
      arbitrary: fc.tuple(fc.nat(), fc.integer({ min: 0, max: 60 })).map(
        (which): Step =>
          (watched) =>
            watched.settles(...which),
      ),
    },
    {
      weight: 1,
      arbitrary: fc.nat().map(
        (which): Step =>
          (watched) =>
            watched.leaves(which),
      ),
    },
    {
      weight: 2,
      arbitrary: fc.integer({ min: 1, max: 60 }).map(
        (ms): Step =>
          (watched) =>
            watched.passes(ms),
      ),
    },
    {
      weight: 1,
      arbitrary: fc.integer({ min: 1, max: 8 }).map(
        (to): Step =>
          (watched) =>
            watched.limits(to),
      ),
    },
  ),
  { maxLength: 300 },
);

t.test("whatever happens, its invariants hold", async () => {
  fc.assert(
    fc.property(steps, fc.boolean(), (steps, fair) => {
      const watched = new Watched(fair);
      for (const step of steps) step(watched);
      watched.ends();
    }),
    { numRuns: 300 },
  );
});
