import t from "tap";
import { receipt } from "../../bench/harness/origin.ts";
import { fault } from "../../bench/harness/probe.ts";
import { chosenScenarios, type Scenario } from "../../bench/harness/scenarios.ts";

const scenario = (name: string): Scenario => {
  const [found] = chosenScenarios(name);
  if (found === undefined) throw new Error(`no scenario ${name}`);
  return found;
};

t.test("an answer of the right status and length is right", async (t) => {
  t.equal(fault(scenario("get64"), 200, Buffer.alloc(48)), undefined);
  t.equal(fault(scenario("refuse"), 404, Buffer.from("whatever a refusal says")), undefined);
});

t.test("a wrong status and a body that was cut are faults", async (t) => {
  t.equal(fault(scenario("get64"), 502, Buffer.alloc(48)), "status 502 instead of 200");
  t.equal(fault(scenario("refuse"), 200, Buffer.alloc(48)), "status 200 instead of 404");
  t.equal(fault(scenario("get64"), 200, Buffer.alloc(47)), "a body of 47 bytes instead of 48");
});

t.test("a body that did not reach the origin whole is a fault", async (t) => {
  t.equal(fault(scenario("post"), 200, Buffer.from(receipt(1024))), undefined);
  t.match(fault(scenario("post"), 200, Buffer.from(receipt(1000))), /received 1000 bytes/);
  t.equal(receipt(10 * 1024 * 1024).length, 48);
});
