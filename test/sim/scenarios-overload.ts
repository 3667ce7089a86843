// More comes than a service can do, and it has a limit.
import { configOf, places } from "./configs.ts";
import type { Scenario, Stage } from "./stage.ts";

const BAD = /^(?!200$)/;
const WORKERS = 4;
const MEAN_MS = 10;
/** Requests a second. */
const CAPACITY = (WORKERS * 1000) / MEAN_MS;

/** One service with a limit, asked by what is critical at half of its capacity, and by ten times what it can do. */
function crowd(stage: Stage, concurrency: Readonly<Record<string, unknown>>) {
  const endpoints = places(1);
  const [address = ""] = endpoints;
  stage.service(address, { workers: WORKERS, time: { kind: "exponential", mean: MEAN_MS } });
  const sidecar = stage.sidecar(configOf({ endpoints, cluster: { concurrency } }));
  const critical = stage.client("critical", sidecar, { rate: () => CAPACITY / 2 });
  const lines = ["x-criticality: SHEDDABLE"];
  const sheddable = stage.client("sheddable", sidecar, { rate: () => 10 * CAPACITY, lines });
  return { critical, sheddable };
}

const overload: Scenario = {
  name: "overload",
  about: "ten times what a service can do, before a limit: it does what it can, what matters first",
  seconds: 30,
  set: (stage) => {
    const { critical, sheddable } = crowd(stage, { limit: 6 });
    stage.atEnd(() => {
      const failed = critical.tally.count(BAD) / critical.requests;
      stage.promise("critical failed, as a share", failed, 0.001);
      const [from, to] = [2, stage.seconds];
      const served = [critical, sheddable].map(({ tally }) => tally.count(/^200$/, from, to));
      const goodput = served.reduce((sum, each) => sum + each, 0) / (to - from);
      stage.promise("capacity by goodput", CAPACITY / goodput, 1.03);
      // Unloaded, the p99 of an exponential time is its mean by ln 100.
      const unloaded = MEAN_MS * Math.log(100);
      for (const { name, tally } of [critical, sheddable]) {
        stage.promise(`p99 of ${name}, unloaded ones`, tally.quantile(0.99, from) / unloaded, 2);
      }
    });
  },
};

const overloadReported: Scenario = {
  name: "overload-reported",
  about: "the same with a limit that only reports: nothing is refused by it, and everybody waits",
  seconds: 10,
  set: (stage) => {
    const { critical, sheddable } = crowd(stage, { limit: 6, mode: "report" });
    stage.atEnd(() => {
      for (const { name, tally } of [critical, sheddable]) {
        const refused = tally.count(/concurrency|queue|shed|deadline_expired/);
        stage.promise(`refused of ${name}`, refused, 0);
      }
    });
  },
};

export const OVERLOADS: readonly Scenario[] = [overload, overloadReported];
