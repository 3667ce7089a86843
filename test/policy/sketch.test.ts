import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { Sketch } from "../../src/policy/sketch.ts";

t.test("what comes often has a place, however many others come", async (t) => {
  const sketch = new Sketch(8);
  let place = -1;
  for (let i = 0; i < 10_000; i++) {
    sketch.count(1000 + i);
    if (i % 5 === 0) {
      const counted = sketch.count(7);
      place = counted < 0 ? -1 - counted : counted;
    }
  }
  t.equal(sketch.total, 12_000);
  t.ok(sketch.certain(place) > 1500, "most of the 2000 are certain");
  t.ok(sketch.certain(place) <= 2000);
});

t.test("what was there before has its place; what was not takes one, and says so", async (t) => {
  const sketch = new Sketch(2);
  t.equal(sketch.count(5), -1);
  t.equal(sketch.count(6), -2);
  t.equal(sketch.count(6), 1);
  t.equal(sketch.count(7), -1, "in place of the one with the least count");
  t.equal(sketch.certain(0), 1, "of which only its own are certain");
});

t.test("never more is certain than has come, whatever comes and is forgotten", async () => {
  const pattern = fc.array(fc.oneof(fc.nat({ max: 40 }), fc.constant("decay" as const)), {
    maxLength: 400,
  });
  fc.assert(
    fc.property(pattern, fc.integer({ min: 1, max: 16 }), (pattern, places) => {
      const sketch = new Sketch(places);
      const counts = new Map<number, number>();
      const owners = new Map<number, number>();
      for (const each of pattern) {
        if (each === "decay") {
          sketch.decay(0.5);
          for (const [key, count] of counts) counts.set(key, count / 2);
          continue;
        }
        const counted = sketch.count(each);
        owners.set(counted < 0 ? -1 - counted : counted, each);
        counts.set(each, (counts.get(each) ?? 0) + 1);
        const total = counts.values().reduce((sum, count) => sum + count, 0);
        assert.ok(Math.abs(sketch.total - total) < 1e-6);
        for (const [place, key] of owners) {
          assert.ok(sketch.certain(place) <= (counts.get(key) ?? 0) + 1e-6);
        }
        const known = new Set(owners.values());
        for (const [key, count] of counts) {
          assert.ok(count <= total / places + 1e-6 || known.has(key), "the heavy ones are known");
        }
      }
    }),
  );
});
