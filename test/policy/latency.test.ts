import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { PeakLatency } from "../../src/policy/latency.ts";

t.test("of an endpoint that has not answered nothing is known, whenever one asks", async (t) => {
  const latency = new PeakLatency();
  t.equal(latency.value(0), 0);
  t.equal(latency.value(1e9), 0);
});

t.test("a rise is followed at once", async (t) => {
  const latency = new PeakLatency();
  for (let now = 0; now < 1000; now += 10) latency.observe(5, now);
  latency.observe(500, 1000);
  t.equal(latency.value(1000), 500);
});

t.test(
  "a fall is followed slowly: after a second of quick answers 37 % of it are left",
  async (t) => {
    const latency = new PeakLatency();
    latency.observe(500, 0);
    for (let now = 10; now <= 1000; now += 10) latency.observe(0.001, now);
    t.ok(Math.abs(latency.value(1000) - 500 * Math.exp(-1)) < 1);
  },
);

t.test("what is not asked any more is forgotten", async (t) => {
  const latency = new PeakLatency();
  latency.observe(500, 0);
  t.ok(Math.abs(latency.value(10_000) - 500 * Math.exp(-1)) < 1e-9, "slowly");
  t.ok(latency.value(60_000) < 2);
});

t.test(
  "an endpoint with a hiccup is soon quicker again than one that is always slow",
  async (t) => {
    const [quick, slow] = [new PeakLatency(), new PeakLatency()];
    for (const latency of [quick, slow]) latency.observe(50, 0);
    for (let now = 5; now <= 2500; now += 5) quick.observe(5, now);
    t.ok(10 * quick.value(2500) < 3 * slow.value(2500));
  },
);

t.test("it never leaves the range of what was observed", async () => {
  const answers = fc.array(fc.tuple(fc.double({ min: 0, max: 1e5, noNaN: true }), fc.nat(5000)));
  fc.assert(
    fc.property(answers, (list) => {
      const latency = new PeakLatency();
      let now = 0;
      let most = 0;
      for (const [ms, gap] of list) {
        now += gap;
        most = Math.max(most, ms);
        latency.observe(ms, now);
        const value = latency.value(now);
        assert.ok(value >= 0 && value <= most * (1 + 1e-9));
      }
    }),
  );
});

t.test("a call that was beaten can only raise it", async (t) => {
  const latency = new PeakLatency();
  latency.observe(100, 0);
  latency.beaten(50, 0);
  t.equal(latency.value(0), 100);
  latency.beaten(200, 0);
  t.equal(latency.value(0), 200);
});

t.test("one call that was beaten makes it a third slower at most", async (t) => {
  const latency = new PeakLatency();
  for (let now = 0; now < 1000; now += 10) latency.observe(50, now);
  latency.beaten(50, 100_000);
  t.ok(Math.abs(latency.value(100_000) - 50 / 0.75) < 1e-9);
});

t.test("who is only ever beaten is ten times as slow as it looks, and recovers", async (t) => {
  const latency = new PeakLatency();
  for (let second = 0; second < 100; second++) latency.beaten(50, second * 1000);
  t.equal(latency.value(99_000), 500);
  for (let second = 100; second < 130; second++) latency.observe(50, second * 1000);
  t.ok(latency.value(129_000) < 51);
});

t.test("times that are cut off tell about as much as whole ones", async (t) => {
  const latency = new PeakLatency();
  const [mean, cutAt, calls] = [100, 50, 1000];
  for (let call = 0; call < calls; call++) {
    // Every part of the distribution, in a mixed order.
    const at = ((call * 617) % calls) + 0.5;
    const ms = -mean * Math.log(1 - at / calls);
    if (ms > cutAt) latency.beaten(cutAt, call * 10);
    else latency.observe(ms, call * 10);
  }
  const told = latency.value(calls * 10);
  t.ok(told > mean && told < 1.5 * mean, `${told}`);
});
