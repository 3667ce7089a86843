import t from "tap";
import { parseOptions } from "../../bench/harness/options.ts";

t.test("flags that are not given leave the defaults to the question", async (t) => {
  t.same(parseOptions([]), {
    ...{ rounds: undefined, seconds: undefined, only: undefined, scenarios: undefined },
    ...{ cell: undefined, part: undefined, from: undefined, limiters: undefined, seeds: undefined },
    ...{ check: false, record: false },
  });
});

t.test("rounds are whole, seconds may be parts", async (t) => {
  const { rounds, seconds } = parseOptions(["--rounds", "3", "--seconds", "0.5"]);
  t.same({ rounds, seconds }, { rounds: 3, seconds: 0.5 });
  t.throws(() => parseOptions(["--rounds", "1.5"]), { message: /--rounds is 1\.5, not a number/ });
});

t.test("seeds are whole numbers, and one is enough", async (t) => {
  t.same(parseOptions(["--seeds", "3,40"]).seeds, [3, 40]);
  t.same(parseOptions(["--seeds", "0"]).seeds, [0]);
  for (const seeds of ["1.5", "", "1,", "-1", "x"]) {
    t.throws(() => parseOptions([`--seeds=${seeds}`]), { message: /--seeds has/ }, seeds);
  }
});

t.test("a load without an end, or none at all, is refused", async (t) => {
  for (const seconds of ["0", "61", "Infinity", "soon"]) {
    t.throws(() => parseOptions(["--seconds", seconds]), { message: /--seconds is/ }, seconds);
  }
  t.throws(() => parseOptions(["--rounds", "1000"]), { message: /from 1 to 100/ });
});

t.test("an unknown flag is an error that shows the flags", async (t) => {
  t.throws(() => parseOptions(["--fast"]), { message: /--fast[\s\S]*--rounds N/ });
});
