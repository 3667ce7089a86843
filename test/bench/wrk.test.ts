import t from "tap";
import { chosenScenarios } from "../../bench/harness/scenarios.ts";
import { errorsOf, type Load, parseLoad } from "../../bench/harness/wrk.ts";

const LOAD: Load = {
  requests: 1000,
  bytes: 123_456,
  micros: 2_000_123,
  p50Micros: 450,
  p99Micros: 2100,
  statusErrors: 0,
  connectErrors: 0,
  readErrors: 0,
  writeErrors: 0,
  timeouts: 0,
};

// As wrk 4.1.0 prints it, with the line of wrk.lua at its end.
const output = (result: string) => `Running 2s test @ http://127.0.0.1:8080/app/small
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.95ms    1.21ms  20.11ms   88.12%
    Req/Sec    33.33k     2.17k   36.91k    72.50%
  66321 requests in 2.00s, 12.34MB read
Requests/sec:  33160.50
Transfer/sec:      6.17MB
result ${result}
`;

t.test("wrk's result line gives exact figures", async (t) => {
  t.same(parseLoad(output(JSON.stringify(LOAD))), LOAD);
});

t.test("output without a result is an error that shows what wrk said", async (t) => {
  t.throws(() => parseLoad("unable to connect to 127.0.0.1:1 Connection refused\n"), {
    message: /printed no result.*Connection refused/,
  });
});

t.test("a result that lacks a figure is an error that names it", async (t) => {
  const { p99Micros: _, ...rest } = LOAD;
  t.throws(() => parseLoad(output(JSON.stringify(rest))), { message: /no number for p99Micros/ });
});

t.test("every status above 399 is an error where an answer is wanted", async (t) => {
  const [get] = chosenScenarios("get64");
  if (get === undefined) throw new Error("no scenario get64");
  t.equal(errorsOf(LOAD, get), 0);
  t.equal(errorsOf({ ...LOAD, statusErrors: 3, readErrors: 2, timeouts: 1 }, get), 6);
  t.equal(errorsOf({ ...LOAD, connectErrors: 4, writeErrors: 1 }, get), 5);
});

t.test("every answer that is no refusal is an error where a refusal is wanted", async (t) => {
  const [refuse] = chosenScenarios("refuse");
  if (refuse === undefined) throw new Error("no scenario refuse");
  t.equal(errorsOf({ ...LOAD, statusErrors: 1000 }, refuse), 0);
  t.equal(errorsOf({ ...LOAD, statusErrors: 990 }, refuse), 10);
});

t.test("scenarios are chosen by name, in their own order", async (t) => {
  const names = chosenScenarios("download, get1").map(({ name }) => name);
  t.same(names, ["get1", "download"]);
});

t.test("an unknown scenario is an error that lists those there are", async (t) => {
  t.throws(() => chosenScenarios("get1,get65"), { message: /called get65; there are get1, get64/ });
});
