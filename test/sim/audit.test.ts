// The rules see a breach when there is one.
import t from "tap";
import { configOf, places } from "./configs.ts";
import { Journal } from "./journal.ts";
import { Stage } from "./stage.ts";

/** A stage with two services and a sidecar, and its cluster. */
function small() {
  const stage = new Stage(1, 10, new Journal());
  const endpoints = places(2);
  for (const each of endpoints) {
    stage.service(each, { workers: 4, time: { kind: "constant", mean: 5 } });
  }
  const sidecar = stage.sidecar(configOf({ endpoints }));
  const client = stage.client("client", sidecar, { rate: () => 100 });
  const cluster = sidecar.clusters.get("app");
  const [first, second] = cluster?.primaries ?? [];
  if (cluster === undefined || first === undefined || second === undefined) throw new Error();
  return { stage, sidecar, client, cluster, first, second };
}

t.test("where nothing is wrong there is no breach", async (t) => {
  const { stage, client } = small();
  await stage.play();
  t.strictSame(stage.audit.breaches, []);
  t.ok(client.requests > 500);
});

t.test("a grant that is settled twice", async (t) => {
  const { stage, first } = small();
  stage.at(5, () => {
    const grant = first.enter(5000);
    first.settle(grant, "success", 5000, 1);
    first.leave();
    first.settle(1234, "success", 5000, 1);
  });
  await stage.play();
  t.match(stage.audit.breaches, [/a grant is settled once/]);
});

t.test("a grant that is never settled", async (t) => {
  const { stage, first } = small();
  stage.at(5, () => first.enter(5000));
  await stage.play();
  t.match(stage.audit.breaches, [/nothing is left at the end/, /every grant is settled/]);
});

t.test("more retries than the budget has", async (t) => {
  const { stage, cluster } = small();
  stage.at(1, () => {
    for (let i = 0; i < 100; i++) cluster.budget.spend(1000);
  });
  await stage.play();
  t.match(stage.audit.breaches[0], /retries stay within their budget/);
});

t.test("an attempt at an endpoint that is not usable", async (t) => {
  const { stage, first } = small();
  const { unusable } = first;
  let asked = 0;
  // Every second time it is asked it says what is not so: the cluster is first, the watch second.
  first.unusable = (now) => (asked++ % 2 === 1 ? "down" : unusable.call(first, now));
  await stage.play();
  t.match(stage.audit.breaches[0], /no attempt goes to an endpoint that is not usable/);
});

t.test("one that is back gets everything at once", async (t) => {
  const { stage, first } = small();
  first.share = () => 1;
  stage.at(2, () => stage.services[0]?.become("down"));
  stage.at(5, () => stage.services[0]?.become("up"));
  await stage.play();
  t.match(stage.audit.breaches[0], /in its first second an endpoint that is back gets little/);
});

t.test("a promise that is not kept, and one that is", async (t) => {
  const { stage } = small();
  stage.atEnd(() => stage.promise("two", 2, 2));
  stage.atEnd(() => stage.promise("three", 3, 2));
  await stage.play();
  t.match(stage.audit.breaches, [/a promise: three: 3, at most 2/]);
  t.equal(stage.promised.length, 2);
});
