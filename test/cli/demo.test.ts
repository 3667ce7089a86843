import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import t from "tap";
import { UsageError } from "../../src/cli/arguments.ts";
import { arrivals, openLoad } from "../../src/cli/demo/load.ts";
import { Service } from "../../src/cli/demo/service.ts";
import { percentile, type Shot, tally, tallyRow } from "../../src/cli/demo/tally.ts";
import { demo } from "../../src/cli/demo.ts";
import { table } from "../../src/cli/table.ts";
import { systemClock } from "../../src/core/clock.ts";
import { tidegate } from "./command.ts";

function shot(status: number, latencyMs: number, reason?: string, tier?: string): Shot {
  return { at: 0, latencyMs, status, reason, tier };
}

t.test("a percentile is a value that occurred, by nearest rank", async (t) => {
  const hundred = Array.from({ length: 100 }, (_, at) => at + 1);
  t.equal(percentile(hundred, 0.5), 50);
  t.equal(percentile(hundred, 0.99), 99);
  t.equal(percentile(hundred, 1), 100);
  t.equal(percentile([7], 0.01), 7);
  t.ok(Number.isNaN(percentile([], 0.5)));
});

t.test("a tally counts good and bad answers, and the latency of the good ones only", async (t) => {
  const shots = [
    shot(200, 3),
    shot(204, 1, undefined, "backup"),
    shot(502, 900, "connect_failed"),
    shot(0, 900, "no answer (ECONNREFUSED)"),
    shot(502, 900, "connect_failed"),
    shot(500, 900, undefined, "backup"),
  ];
  t.strictSame(tally(shots), {
    requests: 6,
    ok: 2,
    failed: 4,
    backed: 1,
    p99: 3,
    reasons: [
      ["connect_failed", 2],
      ["no answer (ECONNREFUSED)", 1],
      ["status 500", 1],
    ],
  });
});

t.test(
  "a row without good answers has no latency, and one without bad ones no reason",
  async (t) => {
    const refused = [shot(502, 1, "connect_failed")];
    t.strictSame(tallyRow("x", refused, 2), ["x", "1", "1", "0", "-", "0", "1 connect_failed"]);
    const good = [1, 2, 3].map((latency) => shot(200, latency + 0.25));
    t.strictSame(tallyRow("x", good, 2), ["x", "3", "0", "2", "3.3", "0", "-"]);
  },
);

t.test("a table has its figures to the right, its words to the left, nothing behind", async (t) => {
  const rows = [
    ["long name", "7", "a"],
    ["x", "1234", "bc"],
  ];
  t.equal(
    table(["", "n", "why"], rows),
    [
      "              n  why",
      "---------  ----  ---",
      "long name     7  a",
      "x          1234  bc",
      "",
    ].join("\n"),
  );
});

const halves = { next: () => 0.5, id: () => "" };

t.test("requests are due at exponential gaps, up to the end and not beyond", async (t) => {
  const load = { origins: [], path: "/", perSecond: 100, seconds: 1 };
  const due = arrivals(load, halves);
  const gapMs = Math.LN2 * 10;
  t.equal(due.length, Math.floor(1000 / gapMs));
  t.ok(due.every((at, number) => Math.abs(at - gapMs * (number + 1)) < 1e-6));
});

t.test(
  "every request that is due is sent, answered or not, and told with its reason",
  async (t) => {
    const answers = [200, 502, 0];
    const server = createServer((_, response) => {
      const status = answers.shift() ?? 200;
      if (status === 0) return response.destroy();
      return response.writeHead(status, { "x-tidegate-reason": "because" }).end();
    });
    server.listen(0, "127.0.0.1");
    t.teardown(() => server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    let now = 0;
    const clock = { now: () => ++now, wall: () => 0 };
    const load = { origins: [`http://127.0.0.1:${port}`], path: "/", perSecond: 100, seconds: 0.1 };
    const shots = await openLoad(load, { clock, random: halves });
    t.equal(shots.length, arrivals(load, halves).length);
    const count = (status: number) => shots.filter((each) => each.status === status).length;
    t.strictSame([count(0), count(502), count(200)], [1, 1, shots.length - 2]);
    t.match(shots.find(({ status }) => status === 0)?.reason, /^no answer \(\w+\)$/);
    t.equal(shots.find(({ status }) => status === 502)?.reason, "because");
  },
);

t.test("requests go to the origins in turn, and an answer says its tier", async (t) => {
  const asked: number[] = [];
  const origins = [0, 1].map(async (number) => {
    const server = createServer((_, response) => {
      asked.push(number);
      response.writeHead(200, number === 1 ? { "x-tidegate-tier": "backup" } : {}).end();
    });
    server.listen(0, "127.0.0.1");
    t.teardown(() => server.close());
    await once(server, "listening");
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  let now = 0;
  const clock = { now: () => ++now, wall: () => 0 };
  const load = { origins: await Promise.all(origins), path: "/", perSecond: 100, seconds: 0.1 };
  const shots = await openLoad(load, { clock, random: halves });
  const half = Math.floor(shots.length / 2);
  t.equal(asked.filter((number) => number === 1).length, half);
  t.equal(shots.filter(({ tier }) => tier === "backup").length, half);
});

t.test("a client gives up when its patience is over, and hangs up", async (t) => {
  let hungUp = 0;
  const server = createServer((_, response) => response.on("close", () => hungUp++));
  server.listen(0, "127.0.0.1");
  t.teardown(() => server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const load = { origins: [`http://127.0.0.1:${port}`], path: "/", perSecond: 100, seconds: 0.1 };
  const world = { clock: systemClock, random: halves };
  const shots = await openLoad({ ...load, patienceMs: 500 }, world);
  t.equal(shots.length, arrivals(load, halves).length);
  t.ok(shots.every(({ status, reason }) => status === 0 && reason === "gave up"));
  t.equal(hungUp, shots.length);
});

t.test("the service answers, dies, and comes back on the same port", async (t) => {
  const service = new Service({ workers: 1, serviceMs: 0 });
  t.teardown(() => service.kill());
  await service.start();
  const { port } = service;
  const url = `http://127.0.0.1:${port}/`;
  t.equal((await fetch(url)).status, 200);
  await service.kill();
  await t.rejects(fetch(url));
  await service.start();
  t.equal(service.port, port);
  t.equal((await fetch(url)).status, 200);
  await service.become("sick");
  for (const path of ["", "healthz"]) t.equal((await fetch(url + path)).status, 500);
  await service.become("well");
  for (const path of ["", "healthz"]) t.equal((await fetch(url + path)).status, 200);
});

t.test("the whole demo, short: every promise holds, and it says so", async (t) => {
  const child = await tidegate(["demo", "--seconds", "0.6"]);
  const { ended, stdout: out, stderr } = child;
  t.equal(ended, 0, `${stderr}${out}`);
  t.equal(stderr, "");
  t.notMatch(out, /BROKEN|NaN|undefined/);
  t.equal(out.match(/^held /gm)?.length, 11);
  for (const word of [
    "/readyz",
    "/metrics",
    "/state",
    "no_route",
    "ECONNREFUSED",
    "backups:",
    "consecutive_failures",
    "shed_priority",
    "gave up",
  ]) {
    t.ok(out.includes(word), word);
  }
});

t.test("a wrong flag is an error of use, before anything is started", async (t) => {
  for (const args of [["--seconds", "0"], ["--seconds", "x"], ["--second", "1"], ["extra"]]) {
    await t.rejects(demo(args), UsageError);
  }
});

t.test("--help says what it does and with which flags", async (t) => {
  const written = t.capture(process.stdout, "write", () => true);
  t.equal(await demo(["--help"]), 0);
  t.match(String(written()[0]?.args[0]), /--seconds N.*--keep/s);
});
