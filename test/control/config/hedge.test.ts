// When requests are hedged, as users write it.
import t from "tap";
import { configOf, errorsOf, inRoute, warningsOf } from "./sample.ts";

const delayOf = (hedge: string): unknown =>
  configOf(inRoute(`retry: { hedge: ${hedge} }`)).listeners[0]?.routes[0]?.retry.hedge?.delay;

t.test("a delay is a percentile or a time", async (t) => {
  t.strictSame(delayOf("{}"), { share: 0.95 });
  t.strictSame(delayOf("{ delay: p50 }"), { share: 0.5 });
  t.strictSame(delayOf("{ delay: p99 }"), { share: 0.99 });
  t.strictSame(delayOf("{ delay: 30ms }"), { ms: 30 });
  t.strictSame(delayOf("{ delay: 1m }"), { ms: 60_000 });
});

t.test("nothing is hedged unless that is said", async (t) => {
  t.equal(configOf(inRoute("")).listeners[0]?.routes[0]?.retry.hedge, undefined);
});

t.test("anything else is refused", async (t) => {
  const problem = "6:34: delay must be a percentile from p50 to p99, or a duration such as 30ms";
  for (const delay of ["p100", "p49", "p9", "95", "fast", "p95ms"]) {
    t.strictSame(errorsOf(inRoute(`retry: { hedge: { delay: ${delay} } }`)), [problem], delay);
  }
  const errors = ["0s", "2m"].flatMap((delay) =>
    errorsOf(inRoute(`retry: { hedge: { delay: ${delay} } }`)),
  );
  t.strictSame(errors, ["6:34: delay must be at least 1ms", "6:34: delay must be at most 1m"]);
});

t.test("hedging that can never happen is told", async (t) => {
  const two = (retry: string): string =>
    inRoute(`retry: { ${retry} }`).replace("[127.0.0.1:3000]", "[127.0.0.1:3000, 127.0.0.1:1]");
  const none = "6:25: nothing is hedged: ";
  t.strictSame(warningsOf(inRoute("retry: { hedge: {} }")), [
    `${none}its cluster has no other endpoint`,
  ]);
  t.strictSame(warningsOf(two("hedge: {}, attempts: 0")), [
    `${none}a second try is one of its attempts, of which there are 0`,
  ]);
  t.strictSame(warningsOf(two("hedge: { delay: 2s }, perTryTimeout: 2s")), [
    `${none}its delay (2s) is not shorter than perTryTimeout (2s)`,
  ]);
  t.strictSame(warningsOf(two("hedge: { delay: 15s }")), [
    `${none}its delay (15s) is not shorter than timeout (15s)`,
  ]);
  t.strictSame(warningsOf(two("hedge: { delay: 1999ms }, perTryTimeout: 2s")), []);
  const named = inRoute("retry: { hedge: { delay: p99 } }").replace("127.0.0.1:3000", "app:3000");
  t.strictSame(warningsOf(named), [], "a name may stand for many");
});
