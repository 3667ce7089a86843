// Endpoints and backups: their addresses and weights.
import t from "tap";
import { configOf, errorsOf, inCluster, warningsOf } from "./sample.ts";

/** A config whose only cluster has these endpoints: line 7, from column 17. */
function withEndpoints(...endpoints: readonly string[]): string {
  return inCluster("").replace("127.0.0.1:3000", endpoints.join(", "));
}

t.test("an endpoint is an address, or a mapping with a weight", async (t) => {
  const text = withEndpoints("a:1", "{ address: b:1 }", "{ address: c:1, weight: 0 }");
  t.match(configOf(text).clusters[0]?.endpoints, [
    { address: { text: "a:1" }, weight: 100 },
    { address: { text: "b:1" }, weight: 100 },
    { address: { text: "c:1" }, weight: 0 },
  ]);
  t.strictSame(warningsOf(text), []);
});

t.test("a weight is a whole number from 0 to 100", async (t) => {
  const rows = [
    ["101", "weight must be at most 100"],
    ["-1", "weight must be at least 0"],
    ["1.5", "weight must be a whole number"],
    ["heavy", "weight must be a number, without quotes"],
  ] as const;
  for (const [weight, why] of rows) {
    const errors = errorsOf(withEndpoints(`{ address: a:1, weight: ${weight} }`));
    t.strictSame(errors, [`7:41: ${why}`], weight);
  }
});

t.test("weights of 0 alone are worth a warning", async (t) => {
  const nothing = "{ address: a:1, weight: 0 }";
  const why = "each has the weight 0: only backups get requests";
  t.strictSame(warningsOf(withEndpoints(nothing, nothing)), [`7:16: ${why}`]);
  t.strictSame(warningsOf(withEndpoints(nothing, "b:1")), []);
});
