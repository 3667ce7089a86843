// Requests that are hedged: what that brings, what it costs, and what it must not hide.
import { configOf } from "./configs.ts";
import { arrivals, backups, changesOf, RATE, three } from "./scenes.ts";
import type { Scenario } from "./stage.ts";

const BAD = /^(?!200$)/;
const HEDGE = { hedge: { delay: "p95" } };

const hedged: Scenario = {
  name: "hedged",
  about: "one of three becomes ten times as slow, for those who hedge and for those who do not",
  seconds: 60,
  set: (stage) => {
    const { services: others, client: plain } = three(stage);
    const endpoints = backups(stage, 3);
    const services = stage.services.filter((each) => !others.includes(each));
    const sidecar = stage.sidecar(configOf({ bind: "10.1.0.2:80", endpoints, retry: HEDGE }));
    const hedging = stage.client("hedging", sidecar, { rate: () => RATE });
    stage.at(20, () => {
      for (const slow of [others[0], services[0]]) if (slow !== undefined) slow.factor = 10;
    });
    stage.atEnd(() => {
      stage.promise("failed", hedging.tally.count(BAD), 0);
      const compared = (share: number, from: number, to: number): number =>
        hedging.tally.quantile(share, from, to) / plain.tally.quantile(share, from, to);
      stage.promise("p99 compared, while all are well", compared(0.99, 5, 20), 0.95);
      stage.promise("p99 compared, while one is slow", compared(0.99, 22, 60), 0.9);
      stage.promise("p99.9 compared, while one is slow", compared(0.999, 22, 60), 0.4);
      stage.promise("tries for each request", arrivals(services) / hedging.requests, 1.06);
    });
  },
};

const hedgedHang: Scenario = {
  name: "hedged-hang",
  about: "one of three stops for good, and no probe sees it: nobody notices, and it is found out",
  seconds: 50,
  set: (stage) => {
    const wanted = { retry: HEDGE, cluster: { healthCheck: "off" } };
    const { services, sidecar, client } = three(stage, {}, wanted);
    const [stopped] = services;
    stage.at(10, () => stopped?.become("hang"));
    stage.atEnd(() => {
      stage.promise("failed", client.tally.count(BAD), 0);
      const [before, after] = [client.tally.quantile(0.99, 2, 10), client.tally.quantile(0.99, 10)];
      stage.promise("p99 compared with before", after / before, 1.2);
      const open = changesOf(sidecar, stopped?.address ?? "").find(({ to }) => to === "open");
      // It is asked so seldom that this takes a while.
      stage.promise("open after ms", (open?.at ?? Number.POSITIVE_INFINITY) - 10_000, 30_000);
    });
  },
};

const hedgedSlow: Scenario = {
  name: "hedged-slow",
  about: "all three become ten times as slow: hedges do not add to it beyond the budget",
  seconds: 60,
  set: (stage) => {
    const wanted = { retry: { hedge: { delay: "30ms" } } };
    const { services, sidecar, client } = three(stage, {}, wanted, () => RATE / 4);
    stage.at(10, () => {
      for (const service of services) service.factor = 10;
    });
    stage.at(40, () => {
      for (const service of services) service.factor = 1;
    });
    stage.atEnd(() => {
      stage.promise("failed", client.tally.count(BAD), 0);
      const most = 1.2 * client.requests;
      stage.promise("tries, of those that the budget allows", arrivals(services) / most, 1);
      const changes = services.flatMap(({ address }) => changesOf(sidecar, address));
      stage.promise("changes", changes.length, 0);
    });
  },
};

const hedgedEagerly: Scenario = {
  name: "hedged-eagerly",
  about:
    "a delay of half the mean time, a budget of 100 %, and for 20 s all three are ten times as slow",
  seconds: 60,
  set: (stage) => {
    const wanted = {
      retry: { hedge: { delay: "5ms" } },
      cluster: { retryBudget: { percent: 100, minimumPerSecond: 0 } },
    };
    const { services, sidecar, client } = three(stage, {}, wanted, () => RATE / 4);
    stage.at(20, () => {
      for (const service of services) service.factor = 10;
    });
    stage.at(40, () => {
      for (const service of services) service.factor = 1;
    });
    stage.atEnd(() => {
      stage.promise("failed", client.tally.count(BAD), 0);
      stage.promise("tries for each request", arrivals(services) / client.requests, 2);
      // Whoever is beaten is slow and not sick: that must not take anybody out of use.
      const changes = services.flatMap(({ address }) => changesOf(sidecar, address));
      stage.promise("changes", changes.length, 0);
      const again = client.tally.quantile(0.99, 45) / client.tally.quantile(0.99, 5, 20);
      stage.promise("p99 afterwards, compared with before", again, 1.2);
    });
  },
};

const hedgedStall: Scenario = {
  name: "hedged-stall",
  about: "the sidecar itself stands still for 2 s: no endpoint was late, and nothing goes twice",
  seconds: 30,
  set: (stage) => {
    const wanted = { retry: { hedge: { delay: "500ms" } }, timeout: "10s" };
    const { services, sidecar, client } = three(stage, {}, wanted);
    stage.at(10, () => sidecar.stall(2000));
    stage.atEnd(() => {
      stage.promise("failed", client.tally.count(BAD), 0);
      stage.promise("tries beyond one for each", arrivals(services) - client.requests, 0);
    });
  },
};

export const HEDGES: readonly Scenario[] = [
  hedged,
  hedgedHang,
  hedgedSlow,
  hedgedEagerly,
  hedgedStall,
];
