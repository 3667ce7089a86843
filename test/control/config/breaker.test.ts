// The options of circuit breakers.
import t from "tap";
import { configOf, errorsOf, inCluster } from "./sample.ts";

const breakerOf = (text: string) => configOf(inCluster(text)).clusters[0]?.breaker;

t.test("a breaker may be off", async (t) => {
  t.equal(breakerOf("breaker: off"), "off");
  t.equal(breakerOf('breaker: "off"'), "off");
});

t.test("a breaker may have some of its options given", async (t) => {
  t.match(breakerOf("breaker: { trials: 1, open: { max: 1s }, slowCalls: { threshold: 1 } }"), {
    consecutiveFailures: 5,
    trials: 1,
    open: { base: 1000, max: 1000, jitter: 0.5 },
    slowCalls: { threshold: 1, slowerThan: 5000 },
  });
});

t.test("what is neither a mapping nor off is refused", async (t) => {
  for (const value of ["of", "false", "[]", "5"]) {
    const error = "8:14: breaker must be a mapping, or off";
    t.strictSame(errorsOf(inCluster(`breaker: ${value}`)), [error], value);
  }
  const nothing = "8:5: breaker has no value; give it one, or remove it";
  t.strictSame(errorsOf(inCluster("breaker:")), [nothing]);
});

t.test("its options are checked, inside of its mappings too", async (t) => {
  const rows: readonly (readonly [string, string])[] = [
    ["trial: 1", '16: unknown option "trial"; did you mean "trials"?'],
    ["trials: 0", "24: trials must be at least 1"],
    ["trials: 101", "24: trials must be at most 100"],
    ["ramp: 10", "22: ramp must be a duration such as 250ms, 15s or 1m30s; a number has no unit"],
    ["minimumHealthy: -1", "32: minimumHealthy must be at least 0"],
    ["consecutiveFailures: 0", "37: consecutiveFailures must be at least 1"],
    ["failureRate: { threshold: 0 }", "42: threshold must be above 0"],
    ["failureRate: { window: 1ms }", "39: window must be at least 100ms"],
    ["failureRate: { minimum: 1 }", '31: unknown option "minimum"'],
    ["slowCalls: { threshold: 80 }", "40: threshold must be at most 1"],
    ["open: { jitter: 1.5 }", "32: jitter must be at most 1"],
  ];
  for (const [text, error] of rows) {
    t.strictSame(errorsOf(inCluster(`breaker: { ${text} }`)), [`8:${error}`], text);
  }
});

t.test("the first open time is at most the longest", async (t) => {
  t.strictSame(errorsOf(inCluster("breaker: { open: { base: 60s } }")), []);
  t.strictSame(errorsOf(inCluster("breaker: { open: { base: 2m } }")), [
    "8:30: base must be at most open.max, which is 1m",
  ]);
});

t.test("everything that is wrong with a breaker is told at once", async (t) => {
  const text = "breaker: { open: { base: 5s, max: 4s, jitter: -1 }, trials: 101 }";
  t.strictSame(errorsOf(inCluster(text)), [
    "8:30: base must be at most open.max, which is 4s",
    "8:51: jitter must be at least 0",
    "8:65: trials must be at most 100",
  ]);
});
