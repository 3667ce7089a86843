import t from "tap";
import { judge } from "../../bench/harness/verdict.ts";

t.test("a ratio passes up to ten percent above the recorded one", async (t) => {
  const recorded = { get64: 1, download: 2 };
  t.same(
    judge(recorded, { get64: 1.09, download: 2.21 }).map(({ ok }) => ok),
    [true, false],
  );
  t.equal(judge(recorded, { get64: 1.1 })[0]?.ok, true, "ten percent itself is allowed");
});

t.test("a ratio that became better passes", async (t) => {
  t.same(judge({ get64: 1.2 }, { get64: 0.7 }), [
    { scenario: "get64", measured: 0.7, recorded: 1.2, allowed: 1.2 * 1.1, ok: true },
  ]);
});

t.test("a scenario that was never recorded does not pass", async (t) => {
  t.same(judge({}, { get64: 0.5 }), [
    { scenario: "get64", measured: 0.5, recorded: undefined, allowed: undefined, ok: false },
  ]);
});

t.test("a figure that is no number does not pass", async (t) => {
  t.equal(judge({ get64: 1 }, { get64: Number.NaN })[0]?.ok, false);
});
