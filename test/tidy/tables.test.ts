// The comparison of the README's tables with the code must be able to fail.
import t from "tap";
import { familiesOf, metricDifferences, reasonDifferences } from "./tables.ts";

const REFUSALS = {
  queue_full: { status: 503, grpc: 14, flag: "UO" },
  head_timeout: { status: 408, grpc: undefined, flag: "DPE" },
};

const README = `
| reason | HTTP | gRPC | flag | when |
|---|---|---|---|---|
| \`queue_full\` | 503 | 14 | UO | the queue is full |
| \`head_timeout\` | 408, close | - | DPE | it was slow |

| other | table |
|---|---|
| \`not_a_reason\` | 1 |

| metric | kind | meaning |
|:--|--|--:|
| \`tidegate_requests_total{route,code}\` | counter | requests |
`;

t.test("a README that agrees with the code has no differences", async (t) => {
  t.strictSame(reasonDifferences(README, REFUSALS), []);
  const families = familiesOf({
    A: { name: "requests_total", labels: ["route", "code"] },
    B: [1, 2],
  });
  t.strictSame(metricDifferences(README, families), []);
});

t.test("a reason that is missing, made up, or told with another status is found", async (t) => {
  const wrong = README.replace("| 503 |", "| 500 |").replace("`head_timeout`", "`head_slow`");
  t.strictSame(reasonDifferences(wrong, REFUSALS), [
    "README.md: queue_full is 503 | 14 | UO in src/core/refusal.ts",
    "README.md: the table of reasons lacks head_timeout",
    "README.md: head_slow is no reason of the code",
  ]);
});

t.test("a metric that is missing, made up, or told with other labels is found", async (t) => {
  const families = [
    { name: "requests_total", labels: ["route"] },
    { name: "event_loop_lag_seconds", labels: [] },
  ];
  t.strictSame(metricDifferences(README, families), [
    "README.md: the table of metrics lacks `tidegate_requests_total{route}`",
    "README.md: the table of metrics lacks `tidegate_event_loop_lag_seconds`",
    "README.md: `tidegate_requests_total{route,code}` is no metric of the code",
  ]);
});

t.test("without its tables the README lacks everything", async (t) => {
  t.equal(reasonDifferences("# Title\n", REFUSALS).length, 2);
  t.equal(metricDifferences("", [{ name: "a", labels: [] }]).length, 1);
});
