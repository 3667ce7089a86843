// The verdict on one endpoint, probe by probe: p is one that passed, f one that failed.
import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { Health, type HealthChange, type HealthSettings } from "../../src/policy/health.ts";

const SETTINGS: HealthSettings = { interval: 2000, timeout: 1000, fall: 3, rise: 2 };

/** An endpoint and its time, which goes on by itself as its next probe is due. */
class World {
  readonly health: Health;
  now = 0;
  readonly changes: (HealthChange & { readonly at: number })[] = [];

  constructor(settings: Partial<HealthSettings> = {}) {
    this.health = new Health({ ...SETTINGS, ...settings });
  }

  /** One probe after another, each when it is due; the state after them. */
  see(probes: string): string {
    for (const probe of probes) {
      this.probe(probe === "p");
      this.now += this.health.nextDelay(this.now, 0);
    }
    return this.health.state;
  }

  probe(passes: boolean, lagMs = 0): void {
    const { health, now } = this;
    const change = passes ? health.passed(now) : health.failed(now, lagMs);
    if (change !== undefined) this.changes.push({ ...change, at: now });
  }

  /** Probes for `ms`; `passes` says what an endpoint answers at a time. */
  run(ms: number, passes: (at: number) => boolean, chance: () => number = () => 0): void {
    for (const end = this.now + ms; this.now < end; ) {
      this.probe(passes(this.now));
      this.now += this.health.nextDelay(this.now, chance());
    }
  }
}

t.test(
  "nothing is known before the first probe, and its result is the first verdict",
  async (t) => {
    t.equal(new World().health.state, "unknown");
    t.equal(new World().see("p"), "healthy");
    t.equal(new World().see("f"), "unhealthy");
    const world = new World();
    world.see("f");
    t.strictSame(world.changes, [
      { from: "unknown", to: "unhealthy", reason: "first_probe", at: 0 },
    ]);
  },
);

t.test("healthy until `fall` probes in a row have failed", async (t) => {
  const world = new World();
  t.equal(world.see("p"), "healthy");
  t.equal(world.see("ff"), "healthy");
  t.equal(world.see("pff"), "healthy", "a pass begins the count again");
  t.equal(world.see("f"), "unhealthy");
  t.match(world.changes.at(-1), { from: "healthy", to: "unhealthy", reason: "fall" });
});

t.test("unhealthy until `rise` probes in a row have passed", async (t) => {
  const world = new World();
  t.equal(world.see("f"), "unhealthy");
  t.equal(world.see("p"), "unhealthy");
  t.equal(world.see("fp"), "unhealthy", "a failure begins the count again");
  t.equal(world.see("p"), "healthy");
  t.match(world.changes.at(-1), { from: "unhealthy", to: "healthy", reason: "rise" });
});

t.test("an endpoint that was down once is back after `rise` passes, not later", async (t) => {
  const world = new World();
  t.equal(world.see("pppfff"), "unhealthy");
  t.equal(world.see("f".repeat(1000)), "unhealthy");
  t.equal(world.see("pp"), "healthy");
});

t.test("one that failed its first probes has not fallen: it was only starting", async (t) => {
  const world = new World();
  t.equal(world.see("ffffpp"), "healthy");
  t.equal(world.see("fffpp"), "healthy", "the first fall has no hold");
});

t.test("the hold grows with each fall: 0, 20, 40, 80, 160 and then 300 seconds", async (t) => {
  const world = new World({ fall: 1, rise: 1 });
  world.see("p");
  const holds = [0, 1, 2, 3, 4, 5, 6, 7].map(() => {
    world.see("f");
    const fell = world.changes.at(-1)?.at ?? 0;
    while (world.health.state === "unhealthy") world.see("p");
    return Math.round(((world.changes.at(-1)?.at ?? 0) - fell) / 10_000) * 10;
  });
  t.strictSame(holds, [0, 20, 40, 80, 160, 300, 300, 300]);
});

t.test("while it is held it passes its probes, and that can be told", async (t) => {
  const world = new World();
  world.see("pfffpp");
  t.equal(world.see("fff"), "unhealthy");
  t.notOk(world.health.held(world.now), "it is down");
  world.see("p");
  t.notOk(world.health.held(world.now), "it has not passed often enough");
  world.see("p");
  t.ok(world.health.held(world.now));
  t.notOk(world.health.held(world.now + 20_000), "the hold is over");
  world.see("f");
  t.notOk(world.health.held(world.now));
});

t.test("a minute of health forgets one fall", async (t) => {
  const world = new World();
  world.see("pfffpp");
  world.run(61_000, () => true);
  t.equal(world.see("fffpp"), "healthy", "as if it were the first");
  t.equal(world.see("fffpp"), "unhealthy", "the second within a minute");
  world.run(30_000, () => true);
  t.equal(world.health.state, "healthy");
  world.run(61_000, () => true);
  t.equal(world.see("fffpp"), "unhealthy", "one of two is forgotten");
});

t.test("one second up, one second down: no state changes after the first verdict", async (t) => {
  // Three failures are more than a second apart at a quarter of the interval, each 500 ms at least.
  for (const phase of [0, 250, 700, 999]) {
    const world = new World();
    world.probe(true);
    world.now += 2000 + phase;
    world.run(600_000, (at) => Math.floor(at / 1000) % 2 === 0);
    t.equal(world.changes.length, 1, `phase ${phase}`);
  }
});

t.test("whatever the probes say, there are at most 3 + T / 10 s changes in any T", async () => {
  const settings = fc.record({
    interval: fc.integer({ min: 100, max: 10_000 }),
    timeout: fc.constant(100),
    fall: fc.integer({ min: 1, max: 4 }),
    rise: fc.integer({ min: 1, max: 4 }),
  });
  const times = fc.record({ up: fc.integer({ min: 50, max: 90_000 }), down: fc.nat(20_000) });
  const chances = fc.infiniteStream(fc.double({ min: 0, max: 0.99, noNaN: true }));
  fc.assert(
    fc.property(settings, times, chances, (given, { up, down }, chance) => {
      const world = new World(given);
      const next = (): number => chance.next().value ?? 0;
      world.run(400_000, (at) => at % (up + down) < up, next);
      const times = world.changes.filter(({ from }) => from !== "unknown").map(({ at }) => at);
      for (const [index, start] of times.entries()) {
        for (const [more, end] of times.slice(index).entries()) {
          assert.ok(more + 1 <= 3 + (end - start) / 10_000, `${more + 1} in ${end - start} ms`);
        }
      }
    }),
    { numRuns: 200 },
  );
});

t.test("probes come with the interval while nothing changes, up or down", async (t) => {
  for (const probes of ["p", "ppp", "f", "fff", "pffff"]) {
    const world = new World();
    world.see(probes);
    t.equal(world.health.nextDelay(world.now, 0), 2000, probes);
  }
});

t.test("probes come four times as fast while a state may be about to change", async (t) => {
  for (const probes of ["pf", "pff", "fp", "pfffp"]) {
    const world = new World();
    world.see(probes);
    t.equal(world.health.nextDelay(world.now, 0), 500, probes);
  }
});

t.test("but not while the endpoint is held: it cannot change before", async (t) => {
  const world = new World();
  world.see("pfffppfffpp");
  t.ok(world.health.held(world.now));
  t.equal(world.health.nextDelay(world.now, 0), 2000);
});

t.test("the fast pace has a floor of 250 ms, and on the way up a ceiling of 500 ms", async (t) => {
  const pace = (interval: number, probes: string): number => {
    const world = new World({ interval });
    world.see(probes);
    return world.health.nextDelay(world.now, 0);
  };
  t.strictSame([pace(600, "pf"), pace(600, "fp")], [250, 250]);
  t.strictSame([pace(30_000, "pf"), pace(30_000, "fp")], [7500, 500]);
  t.strictSame([pace(100, "pf"), pace(100, "fp")], [100, 100], "never slower than the interval");
});

t.test("chance adds up to a tenth, at most 250 ms, and takes nothing off", async (t) => {
  const delay = (interval: number, chance: number): number =>
    new World({ interval }).health.nextDelay(0, chance);
  t.strictSame([delay(2000, 0), delay(2000, 0.5)], [2000, 2100]);
  t.equal(delay(60_000, 0.5), 60_125);
});

t.test("recovery is told within one interval and one second, at any interval", async () => {
  const chance = fc.double({ min: 0, max: 0.999, noNaN: true });
  fc.assert(
    fc.property(
      fc.integer({ min: 100, max: 3_600_000 }),
      fc.nat(100_000),
      chance,
      (interval, at, luck) => {
        const world = new World({ interval });
        world.see("pfff");
        const back = world.now + at;
        world.run(
          at + 3 * interval + 5000,
          (now) => now >= back,
          () => luck,
        );
        const risen = world.changes.at(-1);
        assert.equal(risen?.to, "healthy");
        assert.ok((risen?.at ?? 0) - back <= interval + 1000, `${(risen?.at ?? 0) - back}`);
      },
    ),
  );
});

t.test("a probe that we were late for is not held against the endpoint", async (t) => {
  const world = new World({ fall: 1 });
  world.probe(true);
  world.probe(false, 2000);
  t.equal(world.health.state, "healthy");
  t.equal(world.health.nextDelay(0, 0), 500, "it is asked again soon");
  world.probe(false, 100);
  t.equal(world.health.state, "healthy", "a tenth of the timeout is late");
  world.probe(false, 99);
  t.equal(world.health.state, "unhealthy", "less is not");
});

t.test("a late probe leaves what was counted as it was", async (t) => {
  const world = new World();
  world.see("pff");
  world.probe(false, 2000);
  t.equal(world.health.state, "healthy");
  t.equal(world.see("f"), "unhealthy");
});

t.test("three late probes in a row are excused; the fourth counts", async (t) => {
  const world = new World({ fall: 1 });
  world.probe(true);
  for (const round of [1, 2]) {
    for (const _ of [1, 2, 3]) world.probe(false, 2000);
    t.equal(world.health.state, "healthy", `round ${round}`);
    t.notOk(world.health.lateBy(2000));
    if (round === 1) world.probe(true);
  }
  world.probe(false, 2000);
  t.equal(world.health.state, "unhealthy");
});

t.test("new settings hold from the next probe on, and the state stays", async (t) => {
  const world = new World();
  world.see("pff");
  world.health.configure({ ...SETTINGS, fall: 5, interval: 10_000 });
  t.equal(world.see("ff"), "healthy");
  t.equal(world.see("f"), "unhealthy");
  t.equal(world.health.nextDelay(world.now, 0), 10_000);
});
