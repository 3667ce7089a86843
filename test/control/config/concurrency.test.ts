import t from "tap";
import { errorsOf, inCluster } from "./sample.ts";

t.test("an adaptive limit has bounds", async (t) => {
  const rows = [
    ["limit: {}", "8:27: limit must be one of adaptive"],
    ["limit: 0", "8:27: limit must be at least 1"],
    ["limit: adaptive, min: 20, max: 10", "8:42: min must be at most max"],
    ["max: 100001", "8:25: max must be at most 100000"],
  ] as const;
  for (const [concurrency, error] of rows) {
    t.strictSame(errorsOf(inCluster(`concurrency: { ${concurrency} }`)), [error]);
  }
});
