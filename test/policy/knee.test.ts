import fc from "fast-check";
import t from "tap";
import { Knee } from "../../src/policy/knee.ts";

/** ln R(b) / R(a) of a service with that knee. */
const ratioOf = (a: number, b: number, knee: number): number =>
  Math.log(Math.max(1, b / knee) / Math.max(1, a / knee));

t.test("pairs of means across it find the knee, whatever it is", async (t) => {
  for (const wanted of [1, 3, 16, 200, 3000]) {
    const knee = new Knee(8);
    for (let i = 0; i < 8; i++) {
      const [a, b] = [wanted / 2, wanted * 2];
      knee.observe(a, b, ratioOf(a, b, wanted), 0.05);
    }
    t.ok(Math.abs(Math.log(knee.mean / wanted)) < 0.03, `${wanted}: ${knee.mean}`);
    t.ok(knee.deviation < 0.05);
  }
});

t.test(
  "what is flat says only that it lies above, and what is linear that it lies below",
  async (t) => {
    const above = new Knee(8);
    above.observe(10, 20, 0, 0.05);
    t.ok(above.quantile(0.1) > 15, `${above.quantile(0.1)}`);
    const below = new Knee(8);
    below.observe(10, 20, Math.log(2), 0.05);
    t.ok(below.quantile(0.9) < 12, `${below.quantile(0.9)}`);
  },
);

t.test("where there could be no difference nothing is learnt", async (t) => {
  const knee = new Knee(8);
  for (let i = 0; i < 5; i++) knee.observe(4, 32, ratioOf(4, 32, 8), 0.05);
  const [{ mean, deviation }, gain] = [knee, knee.gain(50, 100, 0.1)];
  t.ok(gain < 0.01);
  knee.observe(50, 100, Math.log(2), 0.1);
  t.ok(Math.abs(Math.log(knee.mean / mean)) < 0.03);
  t.ok(knee.deviation <= deviation * 1.05);
});

t.test("what is wide apart tells more than what is near", async (t) => {
  const knee = new Knee(8);
  t.ok(knee.gain(4, 32, 0.1) > knee.gain(8, 10, 0.1));
  t.ok(knee.gain(4, 32, 0.1) > knee.gain(4, 32, 0.5));
});

t.test("one outlier does not undo what many have said", async (t) => {
  const knee = new Knee(8);
  for (let i = 0; i < 10; i++) knee.observe(8, 32, ratioOf(8, 32, 16), 0.1);
  knee.observe(16, 64, 0, 0.05);
  t.ok(Math.abs(Math.log(knee.mean / 16)) < 0.7, `${knee.mean}`);
});

t.test(
  "properties: shares stay shares, quantiles rise, and doubt only grows by widening",
  async () => {
    const step = fc.record({
      a: fc.double({ min: 1, max: 500, noNaN: true }),
      times: fc.double({ min: 1.05, max: 8, noNaN: true }),
      ratio: fc.double({ min: -1, max: 3, noNaN: true }),
      deviation: fc.double({ min: 0.01, max: 2, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const knee = new Knee(8);
        for (const { a, times, ratio, deviation } of steps) {
          knee.observe(a, a * times, ratio, deviation);
          const total = knee.expect(() => 1);
          const before = knee.deviation;
          knee.widen(0.05, 0.5);
          const quantiles = [0.1, 0.5, 0.9].map((share) => knee.quantile(share));
          const [low = 0, middle = 0, high = 0] = quantiles;
          if (Math.abs(total - 1) > 1e-9 || !(low <= middle && middle <= high)) return false;
          if (!(knee.deviation >= before - 0.01) || !(knee.mean > 0)) return false;
        }
        return true;
      }),
    );
  },
);
