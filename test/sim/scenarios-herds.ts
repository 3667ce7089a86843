// Many come at once: retries upon retries, and everybody who has waited for the end of an outage.
import { configOf, places } from "./configs.ts";
import { arrivals, backups, changesOf, RATE, three } from "./scenes.ts";
import type { Scenario } from "./stage.ts";

const BAD = /^(?!200$)/;

const retryStorm: Scenario = {
  name: "retry-storm",
  about:
    "three sidecars in a row, each of which retries, before services that all say 503 for 20 s",
  seconds: 45,
  set: (stage) => {
    const services = places(3).map((each) =>
      stage.service(each, { workers: 16, time: { kind: "exponential", mean: 10 } }),
    );
    const row = ["10.1.0.1:80", "10.1.0.2:80", "10.1.0.3:80"];
    const retry = { attempts: 1, statuses: [503] };
    const [first] = row
      .map((bind, index) => {
        const next = row[index + 1];
        return { bind, retry, endpoints: next === undefined ? places(3) : [next] };
      })
      .map((wanted) => stage.sidecar(configOf({ ...wanted, cluster: { healthCheck: "off" } })));
    if (first === undefined) return;
    const retries = { times: 2, afterMs: 100 };
    const client = stage.client("client", first, { rate: () => RATE / 2, retries });
    let [began, asked] = [0, 0];
    stage.at(10, () => {
      [began, asked] = [arrivals(services), client.requests + client.resent];
      for (const service of services) service.become("sick");
    });
    stage.at(30, () => {
      const tries = arrivals(services) - began;
      const requests = client.requests + client.resent - asked;
      stage.promise("D28: tries of requests", tries / requests, 1.73);
      for (const service of services) service.become("up");
    });
    stage.atEnd(() => stage.promise("failed once it is over", client.tally.count(BAD, 36), 0));
  },
};

const budget: Scenario = {
  name: "retry-budget",
  about: "one sidecar before services that all say 503 for 30 s",
  seconds: 50,
  set: (stage) => {
    const { services, client } = three(
      stage,
      {},
      { retry: { attempts: 3, statuses: [503] }, cluster: { healthCheck: "off" } },
    );
    let [began, asked] = [0, 0];
    stage.at(10, () => {
      [began, asked] = [arrivals(services), client.requests];
      for (const service of services) service.become("sick");
    });
    stage.at(40, () => {
      const tries = arrivals(services) - began;
      const most = 1.2 * (client.requests - asked) + 10 * 30;
      stage.promise("D28: tries", tries, most);
      for (const service of services) service.become("up");
    });
  },
};

const slowStart: Scenario = {
  name: "slow-start",
  about: "one of three comes back cold after five minutes: it gets its share slowly",
  seconds: 340,
  set: (stage) => {
    const cold = { requests: 300, factor: 10 };
    // Little is to be learnt while nothing happens.
    const rate = (now: number): number => (now > 20_000 && now < 300_000 ? RATE / 20 : RATE);
    const { services, client, sidecar } = three(stage, { cold }, {}, rate);
    const [out] = services;
    stage.at(10, () => out?.become("down"));
    stage.at(310, () => out?.become("up"));
    stage.atEnd(() => {
      stage.promise("failed", client.tally.count(BAD), 0);
      const [before, after] = [
        client.tally.quantile(0.99, 2, 10),
        client.tally.quantile(0.99, 310),
      ];
      stage.promise("p99 compared with before", after / before, 2);
      const up = changesOf(sidecar, out?.address ?? "").find(({ to }) => to === "healthy");
      stage.promise("D13: back after ms", (up?.at ?? Number.POSITIVE_INFINITY) - 310_000, 3000);
    });
  },
};

const recoveryHerd: Scenario = {
  name: "recovery-herd",
  about: "all three are down for a minute, their clients insist, and all come back cold at once",
  seconds: 100,
  set: (stage) => {
    const cold = { requests: 200, factor: 4 };
    const { services, client, sidecar } = three(stage, { cold });
    const retries = { times: 3, afterMs: 1000 };
    const insisting = stage.client("insisting", sidecar, { rate: () => RATE / 2, retries });
    stage.at(10, () => {
      for (const service of services) service.become("down");
    });
    stage.at(70, () => {
      for (const service of services) service.become("up");
    });
    stage.atEnd(() => {
      // The next probe, a second one, and those who had been answered before.
      stage.promise("D13: failed once it is over", client.tally.count(BAD, 74), 0);
      stage.promise("the same for those that insist", insisting.tally.count(BAD, 74), 0);
      stage.promise("p99 then", client.tally.quantile(0.99, 74), 200);
    });
  },
};

const backupsTakeOver: Scenario = {
  name: "backups",
  about: "all primaries die under load and come back later: backups answer in between",
  seconds: 90,
  set: (stage) => {
    const { services, client } = three(stage, {}, { backups: backups(stage, 2) });
    stage.at(10, () => {
      for (const service of services) service.become("down");
    });
    stage.at(40, () => {
      for (const service of services) service.become("up");
    });
    let before = 0;
    // Probes see it within three seconds; three more it is held; then the ramp.
    stage.at(60, () => {
      before = arrivals(services);
    });
    stage.atEnd(() => {
      stage.promise("failed", client.tally.count(BAD), 0);
      const share = (arrivals(services) - before) / (RATE * (stage.seconds - 60));
      stage.promise("not at primaries again", 1 - share, 0.05);
    });
  },
};

export const HERDS: readonly Scenario[] = [
  retryStorm,
  budget,
  slowStart,
  recoveryHerd,
  backupsTakeOver,
];
