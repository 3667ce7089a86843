import t from "tap";
import { SelfProtection, type Vitals } from "../../src/policy/selfprotection.ts";

const WELL: Vitals = { delayMs: 1, utilisation: 0.5, memory: 0.3, connections: 0.1 };
const LATE: Vitals = { ...WELL, delayMs: 8, utilisation: 1 };
const SICK: Vitals = { ...LATE, delayMs: 80 };
const RANKS = [0, 1, 2, 3];

/** Has sensed the same for so often. */
function after(vitals: Vitals, times: number, policy = new SelfProtection(5)): SelfProtection {
  for (let i = 0; i < times; i++) policy.sense(vitals);
  return policy;
}

/** The share of a hundred requests that is refused, by rank. */
function refused(policy: SelfProtection): readonly number[] {
  const asked = Array.from({ length: 100 });
  return RANKS.map((rank) => asked.filter(() => policy.refuses(rank)).length / 100);
}

t.test("a loop that is never idle and not late refuses nobody, for an hour", async (t) => {
  const policy = after({ ...WELL, delayMs: 5, utilisation: 1 }, 4 * 3600);
  t.match(policy, { level: 0, stage: "calm", resting: 0 });
  t.strictSame(refused(policy), [0, 0, 0, 0]);
});

t.test("nor does one that is late and has time: others had the processor", async (t) => {
  t.equal(after({ ...LATE, utilisation: 0.9 }, 100).level, 0);
});

t.test("a late one refuses a share of the lowest class, then all that is sheddable", async (t) => {
  const policy = new SelfProtection(5);
  let before = [0, 0, 0, 0];
  for (let i = 0; i < 40; i++) {
    policy.sense(LATE);
    const now = [...refused(policy)];
    t.ok(
      now.every((share, rank) => share >= (before[rank] ?? 0) - 0.02),
      `${before} -> ${now}`,
    );
    t.ok((now[2] ?? 0) === 0 || (now[3] ?? 0) === 1, "the lower class first");
    const steps = now.map((share, rank) => share - (before[rank] ?? 0));
    t.ok(Math.max(...steps) <= 0.25, "little by little");
    before = now;
  }
  t.strictSame(before, [0, 0, 1, 1]);
  t.match(policy, { level: 1, stage: "critical_only", resting: 0 }, "and no further");
});

t.test("one that is four times as late rests a growing share of the connections", async (t) => {
  const policy = after(SICK, 5);
  t.match(policy, { level: 1, resting: 0 });
  policy.sense(SICK);
  t.ok(policy.resting > 0 && policy.resting <= 0.11, `${policy.resting}`);
  after(SICK, 100, policy);
  t.match(policy, { level: 2, stage: "pausing", resting: 0.5 });
  t.strictSame(refused(policy), [0, 0, 1, 1], "what is critical is never refused");
});

t.test("it goes back as it came, and pauses nobody for mere lateness", async (t) => {
  const policy = after(SICK, 100);
  after(LATE, 20, policy);
  t.ok(Math.abs(policy.level - 1) < 0.06, `${policy.level}`);
  after(WELL, 10, policy);
  const half = policy.level;
  t.ok(half > 0.4 && half < 0.6, `${half}`);
  after(WELL, 20, policy);
  t.match(policy, { level: 0, stage: "calm" });
});

t.test("memory sheds from 85 % on and rests from 95 % on; a peak between is no need", async (t) => {
  const at = (memory: number): SelfProtection => after({ ...WELL, memory }, 4);
  t.equal(at(0.85).level, 0);
  t.ok(Math.abs(at(0.9).level - 0.5) < 1e-6);
  t.ok(Math.abs(at(0.95).level - 1) < 1e-6);
  t.equal(at(1).level, 2);
  const policy = after(WELL, 4);
  for (let i = 0; i < 20; i++) policy.sense({ ...WELL, memory: i % 4 === 0 ? 0.5 : 0.99 });
  t.equal(policy.level, 0);
});

t.test("connections shed from 90 % on; then those who are refused give theirs up", async (t) => {
  const policy = after({ ...WELL, connections: 0.9 }, 1);
  t.match(policy, { level: 0, closes: false });
  policy.sense({ ...WELL, connections: 0.95 });
  t.ok(Math.abs(policy.level - 0.5) < 1e-6);
  t.equal(policy.closes, true);
  policy.sense({ ...WELL, connections: 1 });
  t.match(policy, { level: 1, resting: 0 });
  t.equal(after(LATE, 40).closes, false, "for want of time that would only cost more");
});

t.test(
  "stages are told when they change, with the strongest signal, and do not flutter",
  async (t) => {
    const policy = new SelfProtection(5);
    const told: unknown[] = [];
    const sense = (vitals: Vitals, times: number): void => {
      for (let i = 0; i < times; i++) told.push(...[policy.sense(vitals) ?? []].flat());
    };
    sense(LATE, 40);
    for (let i = 0; i < 20; i++) sense(i % 2 === 0 ? WELL : LATE, 1);
    sense({ ...WELL, memory: 1 }, 4);
    sense(WELL, 60);
    t.strictSame(told, [
      { from: "calm", to: "shedding", reason: "event_loop" },
      { from: "shedding", to: "critical_only", reason: "event_loop" },
      { from: "critical_only", to: "pausing", reason: "memory" },
      { from: "pausing", to: "shedding", reason: "event_loop" },
      { from: "shedding", to: "calm", reason: "event_loop" },
    ]);
  },
);
