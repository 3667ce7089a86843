import fc from "fast-check";
import t from "tap";
import { DURATION, formatDuration, parseDuration } from "../../../src/control/config/duration.ts";
import { holds } from "./sample.ts";

const WRITTEN: readonly (readonly [string, number])[] = [
  ["0s", 0],
  ["0h0m0s0ms", 0],
  ["250ms", 250],
  ["15s", 15_000],
  ["5m", 300_000],
  ["5m5ms", 300_005],
  ["1m30s", 90_000],
  ["1h", 3_600_000],
  ["1h2m3s4ms", 3_723_004],
  ["00007s", 7000],
  ["99999h", 359_996_400_000],
];

const REFUSED = ["", "0", "5", "s", "-1s", "+1s", "1.5s", " 1s", "1s ", "1 s", "1S", "1d", "1us"];
const MISPLACED = ["1s1m", "1ms1s", "1s1s", "100000s", "1m1h", "1hm", "１s", "1s\n"];

t.test("a duration is read as milliseconds", async (t) => {
  for (const [text, ms] of WRITTEN) t.equal(parseDuration(text), ms, text);
});

t.test("what GEP-2257 does not allow, or leaves open, is refused", async (t) => {
  for (const text of [...REFUSED, ...MISPLACED]) t.equal(parseDuration(text), undefined, text);
});

t.test("a duration that is written is read as itself, and in the shortest way", async (t) => {
  holds(
    t,
    fc.property(fc.integer({ min: 0, max: 359_999_999_999 }), (ms) => {
      const text = formatDuration(ms);
      return parseDuration(text) === ms && !/^0[hm]|[a-z]0(ms|m|s)/.test(text);
    }),
  );
});

t.test("the pattern for editors accepts exactly what the parser does", async (t) => {
  const pieces = fc.constantFrom("1", "59", "12345", "123456", "h", "m", "s", "ms", " ", "-");
  holds(
    t,
    fc.property(fc.array(pieces, { maxLength: 8 }), (parts) => {
      const text = parts.join("");
      return DURATION.test(text) === (parseDuration(text) !== undefined);
    }),
  );
});

t.test("the sum of the parts is the whole", async (t) => {
  const part = fc.option(fc.integer({ min: 0, max: 99_999 }), { nil: undefined });
  holds(
    t,
    fc.property(part, part, part, part, (h, m, s, ms) => {
      const units = [`${h}h`, `${m}m`, `${s}s`, `${ms}ms`];
      const text = units.filter((unit) => !unit.startsWith("undefined")).join("");
      const sum = (h ?? 0) * 3_600_000 + (m ?? 0) * 60_000 + (s ?? 0) * 1000 + (ms ?? 0);
      return parseDuration(text) === (text === "" ? undefined : sum);
    }),
  );
});
