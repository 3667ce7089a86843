// A scenario that chance makes up: what there is, how it is configured, and what breaks when. Everything
// is whole again in the end, so that everybody must be answered well then.
import type { Duration, Stream } from "./chance.ts";
import { configOf, places, SIDECAR } from "./configs.ts";
import type { Service } from "./service.ts";
import type { Sidecar } from "./sidecar.ts";
import type { Scenario, Stage } from "./stage.ts";

/** Until when things break and when all of them are whole again, in seconds. */
const FAULTS_END = 40;
const END = 75;
/** What was open at its longest, and requests that wait, are over by then. */
const WELL_FROM = 65;

const TIMES: readonly Duration[] = [
  { kind: "constant", mean: 5 },
  { kind: "exponential", mean: 5 },
  { kind: "lognormal", mean: 10, sigma: 0.8 },
  { kind: "bimodal", short: 5, long: 100, share: 0.1 },
];

/** POST does not go again where a connection was closed just as it was sent. */
const FAILED = /^(?!200$|gone$|502 upstream_reset$)/;

export const RANDOM: Scenario = {
  name: "random",
  about: "made up by chance: services, options, and what breaks when",
  seconds: END,
  set: (stage) => {
    const chance = stage.world.stream("scenario");
    const endpoints = places(1 + chance.below(5));
    const backups = places(chance.below(3), 7);
    const time = chance.pick(TIMES);
    const idle = chance.pick([30, 5000, Number.POSITIVE_INFINITY]);
    const services = [...endpoints, ...backups].map((address) =>
      stage.service(address, { workers: 16, time, idle }),
    );
    const { cluster, retry } = options(chance);
    const sidecar = stage.sidecar(configOf({ endpoints, backups, cluster, retry, timeout: "1s" }));
    const clients = (["GET", "POST"] as const).map((method) => {
      const peak = chance.between(20, 150);
      const impatient = chance.next() < 0.3 ? { patience: chance.between(20, 400) } : {};
      const retries = { times: chance.below(3), afterMs: chance.between(0, 500) };
      // Whoever stays to the end stays patient there.
      const settings = { method, retries, rate: () => peak, ...impatient };
      return stage.client(method, sidecar, settings);
    });
    const count = 1 + chance.below(8);
    for (let n = 0; n < count; n++) fault(stage, chance, chance.pick(services), sidecar);
    stage.atEnd(() => {
      for (const { tally } of clients) {
        stage.promise("failed in the end", tally.count(FAILED, WELL_FROM), 0);
      }
    });
  },
};

function options(chance: Stream) {
  const checks = [
    "off",
    {
      interval: `${chance.pick([500, 2000, 5000])}ms`,
      timeout: "400ms",
      fall: 1 + chance.below(3),
    },
    { http: {}, rise: 1 + chance.below(3), timeout: "300ms" },
  ];
  const breaker = {
    consecutiveFailures: 2 + chance.below(8),
    failureRate: { threshold: chance.pick([0.1, 0.5, 1]), minimumRequests: 5 + chance.below(20) },
    slowCalls: { threshold: chance.pick([0.5, 1]), slowerThan: chance.pick(["100ms", "500ms"]) },
    open: { base: chance.pick(["200ms", "1s"]), max: "8s" },
    trials: 1 + chance.below(8),
    ramp: chance.pick(["0s", "2s", "10s"]),
    minimumHealthy: chance.below(3),
  };
  const limit = chance.pick([16, 64]);
  const concurrency = { limit, mode: chance.pick(["enforce", "report"]) };
  return {
    cluster: {
      ...chance.pick([{}, { concurrency }]),
      healthCheck: chance.pick(checks),
      breaker: chance.next() < 0.15 ? "off" : breaker,
      connectTimeout: chance.pick(["100ms", "1s"]),
      retryBudget: { percent: chance.pick([0, 20, 100]), minimumPerSecond: chance.below(10) },
    },
    retry: {
      attempts: chance.below(4),
      statuses: chance.pick([[], [503], [500, 503]]),
      perTryTimeout: chance.pick(["0s", "300ms", "500ms"]),
      ...chance.pick([{}, { hedge: { delay: chance.pick(["p50", "p95", "20ms", "250ms"]) } }]),
    },
  };
}

/** One thing breaks, and is whole again before everything must be. */
function fault(stage: Stage, chance: Stream, service: Service, sidecar: Sidecar): void {
  const from = chance.between(2, FAULTS_END - 1);
  const to = chance.between(from, FAULTS_END);
  const link = stage.network.link(SIDECAR, service.address);
  const share = chance.pick([0.05, 0.3, 1]);
  const { faults } = service;
  const kinds: readonly ((on: boolean) => void)[] = [
    (on) => service.become(on ? "down" : "up"),
    (on) => service.become(on ? "hang" : "up"),
    (on) => service.become(on ? "silent" : "up"),
    (on) => service.become(on ? "sick" : "up"),
    (on) => {
      service.factor = on ? 20 : 1;
    },
    (on) => {
      link.lost = on ? share : 0;
    },
    (on) => {
      link.refused = on ? share : 0;
    },
    (on) => {
      faults.error = on ? share : 0;
    },
    (on) => {
      faults.reset = on ? share : 0;
      faults.cut = on ? share / 4 : 0;
      faults.garbage = on ? share / 4 : 0;
    },
    (on) => {
      if (on) sidecar.stall(chance.between(50, 3000));
    },
  ];
  const happens = chance.pick(kinds);
  stage.at(from, () => happens(true));
  stage.at(to, () => happens(false));
}
