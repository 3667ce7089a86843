// One thing breaks at a time. Figures are those of the promises for faults; each says which.
import { arrivals, backups, changesOf, RATE, three } from "./scenes.ts";
import type { Dependency } from "./service.ts";
import type { Scenario, Stage } from "./stage.ts";

const BAD = /^(?!200$)/;

const calm: Scenario = {
  name: "calm",
  about: "nothing breaks: nobody is refused, nobody is tried twice, nothing changes",
  seconds: 60,
  set: (stage) => {
    const { services, sidecar, client } = three(stage);
    stage.atEnd(() => {
      stage.promise("answers other than 200", client.tally.count(BAD), 0);
      stage.promise("tries beyond one for each", arrivals(services) - client.requests, 0);
      const changes = services.flatMap(({ address }) => changesOf(sidecar, address));
      stage.promise("changes", changes.length, 0);
    });
  },
};

const kill: Scenario = {
  name: "kill",
  about: "one of three dies for good: nobody notices, and it is left alone within a second",
  seconds: 30,
  set: (stage) => {
    const { services, client, sidecar } = three(stage);
    const [dead] = services;
    stage.at(10, () => dead?.become("down"));
    stage.atEnd(() => {
      stage.promise("D1: failed", client.tally.count(BAD), 0);
      stage.promise("D1: tries for each request", arrivals(services) / client.requests, 1.2);
      const open = changesOf(sidecar, dead?.address ?? "").find(({ to }) => to === "open");
      stage.promise("D1: out after ms", (open?.at ?? Number.POSITIVE_INFINITY) - 10_000, 1000);
    });
  },
};

const hang: Scenario = {
  name: "hang",
  about: "one of three is stopped and goes on later: requests go elsewhere after perTryTimeout",
  seconds: 40,
  set: (stage) => {
    const retry = { perTryTimeout: "500ms" };
    const { services, client, sidecar } = three(stage, {}, { retry });
    const [stopped] = services;
    stage.at(10, () => stopped?.become("hang"));
    stage.at(25, () => stopped?.become("up"));
    stage.atEnd(() => {
      stage.promise("D5: failed", client.tally.count(BAD), 0);
      const open = changesOf(sidecar, stopped?.address ?? "").find(({ to }) => to === "open");
      stage.promise("D3: open after ms", (open?.at ?? Number.POSITIVE_INFINITY) - 10_000, 5000);
    });
  },
};

const hangUntimed: Scenario = {
  name: "hang-untimed",
  about:
    "the same without perTryTimeout: requests there end at their deadline, others are as quick as before",
  seconds: 25,
  set: (stage) => {
    const timeoutMs = 1000;
    const { services, client, sidecar } = three(stage, {}, { timeout: `${timeoutMs}ms` });
    const [stopped] = services;
    const late: number[] = [];
    sidecar.onRecord = ({ status, durationMs }) => {
      if (status === 504) late.push(Math.abs(durationMs - timeoutMs));
    };
    stage.at(10, () => stopped?.become("hang"));
    stage.atEnd(() => {
      const [before, after] = [client.tally.quantile(0.99, 2, 10), client.tally.quantile(0.99, 10)];
      stage.promise("D3: p99 of the others compared with before", after / before, 1.2);
      stage.promise("D3: 504 off its deadline by ms", Math.max(...late), 50);
      stage.promise("D3: failed otherwise", client.tally.count(BAD) - late.length, 0);
      stage.promise("D3: share failed", late.length / client.requests, 0.01);
    });
  },
};

const brownOut: Scenario = {
  name: "brown-out",
  about: "one of three becomes ten times as slow: it gets less, and the whole is hardly slower",
  seconds: 40,
  set: (stage) => {
    const { services, client } = three(stage);
    const [slow] = services;
    stage.at(10, () => {
      if (slow !== undefined) slow.factor = 10;
    });
    stage.atEnd(() => {
      const [before, after] = [client.tally.quantile(0.99, 2, 10), client.tally.quantile(0.99, 12)];
      stage.promise("D4: p99 compared with before", after / before, 2);
      const good = client.tally.count(/^200$/, 10, 40);
      stage.promise("D4: goodput lost", 1 - good / client.tally.count(/^/, 10, 40), 0.05);
    });
  },
};

const flapping: Scenario = {
  name: "flapping",
  about: "one of three is up for a second and down for a second, for five minutes",
  seconds: 320,
  set: (stage) => {
    const { services, client, sidecar } = three(stage, {}, {}, () => 200);
    const [flaps] = services;
    for (let second = 10; second < 310; second += 2) {
      stage.at(second, () => flaps?.become("down"));
      stage.at(second + 1, () => flaps?.become("up"));
    }
    stage.atEnd(() => {
      stage.promise("failed", client.tally.count(BAD), 0);
      const times = changesOf(sidecar, flaps?.address ?? "").map(({ at }) => at);
      const minutes = times.map((from) => times.filter((at) => at >= from && at < from + 60_000));
      const most = Math.max(...minutes.map(({ length }) => length));
      stage.promise("D12: changes in any minute, trials and all", most, 6);
    });
  },
};

const partition: Scenario = {
  name: "partition",
  about: "for 20 s nothing comes over 30 % of the connections to each of three",
  seconds: 50,
  set: (stage) => {
    const retry = { perTryTimeout: "300ms" };
    const { services, client, sidecar } = three(stage, { idle: 20 }, { retry });
    const lose = (share: number) => () => {
      for (const { address } of services) stage.network.link(sidecar.address, address).lost = share;
    };
    stage.at(10, lose(0.3));
    stage.at(30, lose(0));
    stage.atEnd(() => {
      stage.promise("failed share", client.tally.count(BAD) / client.requests, 0.01);
      stage.promise("failed after it", client.tally.count(BAD, 33), 0);
      stage.promise("tries for each request", arrivals(services) / client.requests, 1.2);
    });
  },
};

/** What three services cannot do without fails from second 10 to second 25. */
function dependent(stage: Stage, withBackups: boolean) {
  const dependency: Dependency = { condition: "up", time: { kind: "constant", mean: 2 } };
  const spare = withBackups ? backups(stage, 2) : [];
  const scene = three(stage, { dependency }, { backups: spare });
  stage.at(10, () => {
    dependency.condition = "fails";
  });
  stage.at(25, () => {
    dependency.condition = "up";
  });
  return scene;
}

const sharedDependency: Scenario = {
  name: "shared-dependency",
  about:
    "what all three need fails, and probes do not see it: backups answer, then primaries again",
  seconds: 70,
  set: (stage) => {
    const { services, client } = dependent(stage, true);
    let back = 0;
    stage.at(60, () => {
      back = arrivals(services) + client.requests;
    });
    stage.atEnd(() => {
      // Five in a row at each of three, and the trials of those that come back.
      stage.promise("failed", client.tally.count(BAD), 100);
      stage.promise("failed once it is over", client.tally.count(BAD, 26), 0);
      const missed = arrivals(services) + client.requests - back;
      stage.promise("not yet at primaries again", 1 - missed / (2 * RATE * 10), 0.05);
    });
  },
};

const sharedDependencyAlone: Scenario = {
  name: "shared-dependency-alone",
  about: "the same without backups: what the services say is passed on, and nobody is refused",
  seconds: 50,
  set: (stage) => {
    const { client } = dependent(stage, false);
    stage.atEnd(() => {
      stage.promise("refused", client.tally.count(/no_endpoint/), 0);
      stage.promise("failed once it is over", client.tally.count(BAD, 26), 0);
    });
  },
};

const doubleFault: Scenario = {
  name: "double-fault",
  about: "two of three fail for long, and just when they are well again the third one dies",
  seconds: 90,
  set: (stage) => {
    const { services, sidecar, client } = three(stage);
    const [first, second, third] = services;
    stage.at(10, () => {
      for (const each of [first, second]) if (each !== undefined) each.faults.error = 1;
    });
    // Their breakers are open for a minute by then, or nearly.
    stage.at(75, () => {
      for (const each of [first, second]) if (each !== undefined) each.faults.error = 0;
      third?.become("down");
    });
    stage.atEnd(() => {
      const hastened = sidecar.changes.filter(({ reason }) => reason === "needed").length;
      stage.promise("no breaker had to be hastened", hastened === 0 ? 1 : 0, 0);
      // Five in a row are noticed, and then the trials of the others; no probe is waited for.
      stage.promise("failed from then on", client.tally.count(BAD, 75), 20);
      stage.promise("failed a second later", client.tally.count(BAD, 76), 0);
    });
  },
};

const doubleFaultForGood: Scenario = {
  name: "double-fault-for-good",
  about: "the same, and the two are as sick as they were: they are tried, and not more than that",
  seconds: 90,
  set: (stage) => {
    const { services } = three(stage);
    const [first, second, third] = services;
    stage.at(10, () => {
      for (const each of [first, second]) if (each !== undefined) each.faults.error = 1;
    });
    stage.at(60, () => third?.become("down"));
    let before = 0;
    stage.at(70, () => {
      before = arrivals(services);
    });
    stage.atEnd(() => {
      // Five trials for each of two, in half a second at least.
      const most = (stage.seconds - 70) * 2 * 5 * 2;
      stage.promise("asked while all are sick", arrivals(services) - before, most);
    });
  },
};

const stall: Scenario = {
  name: "stall",
  about: "the sidecar itself stands still for 2 s: no endpoint is blamed for it",
  seconds: 30,
  set: (stage) => {
    const { services, sidecar, client } = three(stage);
    stage.at(10, () => sidecar.stall(2000));
    stage.atEnd(() => {
      const changes = services.flatMap(({ address }) => changesOf(sidecar, address));
      stage.promise("D26: changes", changes.length, 0);
      stage.promise("failed", client.tally.count(/^(?!200$|504)/), 0);
    });
  },
};

const staleConnections: Scenario = {
  name: "stale-connections",
  about: "services close connections just when they are used again: nobody notices",
  seconds: 60,
  set: (stage) => {
    const { client } = three(stage, { idle: 20 });
    stage.atEnd(() => stage.promise("D9: failed", client.tally.count(BAD), 0));
  },
};

export const FAULTS: readonly Scenario[] = [
  calm,
  kill,
  hang,
  hangUntimed,
  brownOut,
  flapping,
  partition,
  sharedDependency,
  sharedDependencyAlone,
  doubleFault,
  doubleFaultForGood,
  stall,
  staleConnections,
];
