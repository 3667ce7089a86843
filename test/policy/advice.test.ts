import t from "tap";
import { type Advice, NO_ADVICE, readAdvice } from "../../src/policy/advice.ts";

function advice(name: string, value: unknown): Advice {
  return readAdvice((asked) => (asked === `x-tidegate-${name}` ? value : undefined));
}

t.test("who says nothing advises nothing", async (t) => {
  t.strictSame(
    readAdvice(() => undefined),
    NO_ADVICE,
  );
});

t.test("a weight is a whole number from 0 to 100", async (t) => {
  for (const weight of [0, 1, 40, 100]) {
    t.strictSame(advice("weight", ` ${weight} `), { ...NO_ADVICE, weight });
  }
  for (const wrong of ["", "101", "-1", "1.5", "1e1", "40%", "0x10", "99999999999", "a"]) {
    t.strictSame(advice("weight", wrong), NO_ADVICE, wrong);
  }
});

t.test("a concurrency is a whole number from 1 to a million", async (t) => {
  for (const maxConcurrency of [1, 12, 1_000_000]) {
    const given = advice("max-concurrency", String(maxConcurrency));
    t.strictSame(given, { ...NO_ADVICE, maxConcurrency });
  }
  for (const wrong of ["0", "1000001", "many"]) {
    t.strictSame(advice("max-concurrency", wrong), NO_ADVICE, wrong);
  }
});

t.test("only true drains, in any case", async (t) => {
  for (const right of ["true", "True", "TRUE "]) t.ok(advice("drain", right).drain, right);
  for (const wrong of ["", "false", "1", "yes", "truely"]) t.notOk(advice("drain", wrong).drain);
});

t.test("a field that is there twice advises nothing", async (t) => {
  t.strictSame(advice("weight", ["10", "20"]), NO_ADVICE);
  t.strictSame(advice("drain", ["true", "true"]), NO_ADVICE);
});
