import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { TierChoice } from "../../src/policy/tier.ts";

const HOLD_MS = 3000;
const RAMP_MS = 10_000;
const TIMES = { hold: HOLD_MS, ramp: RAMP_MS };
const low = () => 0;
const high = () => 0.999_999;

t.test("primaries -> backups: at once, when no primary is usable", async (t) => {
  const choice = new TierChoice(TIMES);
  t.equal(choice.first(true, 0, high), "primary");
  t.equal(choice.first(false, 1, low), "backup");
  t.equal(choice.kind, "backups");
});

t.test("backups -> backups: until a primary has been usable for the hold", async (t) => {
  const choice = new TierChoice(TIMES);
  choice.first(false, 0, low);
  t.equal(choice.first(true, 1000, low), "backup");
  t.equal(choice.first(true, 1000 + HOLD_MS - 1, low), "backup");
  t.equal(choice.kind, "backups");
  choice.first(true, 1000 + HOLD_MS, low);
  t.equal(choice.kind, "returning");
});

t.test("backups -> backups: a primary that goes again begins the hold anew", async (t) => {
  const choice = new TierChoice(TIMES);
  choice.first(false, 0, low);
  choice.first(true, 1000, low);
  choice.first(false, 2000, low);
  choice.first(true, 3000, low);
  t.equal(choice.first(true, 1000 + HOLD_MS, low), "backup");
  t.equal(choice.kind, "backups");
});

t.test("returning: the primaries' share grows, and backups have the rest", async (t) => {
  const choice = new TierChoice(TIMES);
  choice.first(false, 0, low);
  choice.first(true, 0, low);
  choice.first(true, HOLD_MS, low);
  t.equal(
    choice.first(true, HOLD_MS + 1000, () => 0.11),
    "backup",
    "a tenth after a tenth",
  );
  t.equal(
    choice.first(true, HOLD_MS + 5000, () => 0.4),
    "primary",
  );
  t.equal(
    choice.first(true, HOLD_MS + 5000, () => 0.6),
    "backup",
  );
});

t.test("returning -> primaries: when the ramp is over", async (t) => {
  const choice = new TierChoice(TIMES);
  choice.first(false, 0, low);
  choice.first(true, 0, low);
  choice.first(true, HOLD_MS, low);
  t.equal(choice.first(true, HOLD_MS + RAMP_MS, high), "primary");
  t.equal(choice.kind, "primaries");
});

t.test("returning -> backups: when the primaries go again", async (t) => {
  const choice = new TierChoice(TIMES);
  choice.first(false, 0, low);
  choice.first(true, 0, low);
  choice.first(true, HOLD_MS, low);
  t.equal(choice.first(false, HOLD_MS + 1, low), "backup");
  t.equal(choice.kind, "backups");
});

t.test("without a ramp all of the traffic goes back when the hold is over", async (t) => {
  const choice = new TierChoice({ ...TIMES, ramp: 0 });
  choice.first(false, 0, low);
  choice.first(true, 0, low);
  t.equal(choice.first(true, HOLD_MS, high), "primary");
});

t.test(
  "without a hold traffic begins to go back with the first primary that is usable",
  async (t) => {
    const choice = new TierChoice({ ...TIMES, hold: 0 });
    choice.first(false, 0, low);
    choice.first(true, 1, low);
    choice.first(true, 1, low);
    t.equal(choice.kind, "returning");
  },
);

t.test("primaries that come and go more often than the hold are left once", async () => {
  const flaps = fc.array(fc.tuple(fc.boolean(), fc.integer({ min: 1, max: HOLD_MS - 1 })), {
    maxLength: 50,
  });
  fc.assert(
    fc.property(flaps, (list) => {
      const choice = new TierChoice(TIMES);
      choice.first(false, 0, low);
      let now = 0;
      let usable = true;
      for (const [, gap] of list) {
        now += gap;
        assert.equal(choice.first(usable, now, low), "backup");
        usable = !usable;
      }
    }),
  );
});
