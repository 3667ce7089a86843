// Reloads under load: fault D15. Every other one is of a bad file; no request fails, the last good config is in
// force after each, and what is known of endpoints goes on. RELOADS=100 PER_SECOND=1000 in the
// environment makes a hundred of them under twice the load, in two minutes.
import { renameSync, writeFileSync } from "node:fs";
import t, { type Test } from "tap";

import { isGood } from "../../src/cli/demo/tally.ts";
import { ask, JSON_BODY } from "../control/admins.ts";
import { RawClient } from "../support/client.ts";
import { Daemon } from "../support/daemon.ts";
import { steadyFire } from "../support/fire.ts";
import { fire, get } from "../support/load.ts";
import { settings } from "../support/settings.ts";
import { Upstream } from "../support/upstream.ts";

const RELOADS = Number(process.env.RELOADS ?? 16);
/** A reload takes half a second: some 250 of them meet each. */
const PER_SECOND = Number(process.env.PER_SECOND ?? 500);

/** Each reload starts a process that reads the config; where others are at work, that takes its time. */
const PATIENCE_MS = 400_000;
t.setTimeout(PATIENCE_MS);

/** What admin says of the endpoints of the cluster. */
async function endpointsOf(daemon: Daemon): Promise<readonly Record<string, unknown>[]> {
  const { body } = await ask(daemon.admin, "/state");
  return JSON.parse(body).clusters[0].endpoints;
}

function byAddress(
  endpoints: readonly Record<string, unknown>[],
  { address: { text } }: Upstream,
): Record<string, unknown> | undefined {
  return endpoints.find(({ address }) => address === text);
}

async function post(daemon: Daemon, path: string): Promise<{ status: number; body: string }> {
  return ask(daemon.admin, path, { method: "POST", headers: JSON_BODY });
}

/** Two endpoints, one of which an operator drains, and one that is gone and whose breaker is open. */
interface Stage {
  readonly daemon: Daemon;
  readonly drained: Upstream;
  readonly gone: Upstream;
  /** Good configs, and the order in which each names the endpoints. */
  readonly goods: readonly { readonly text: string; readonly order: readonly string[] }[];
  readonly bad: string;
  /** What must be said of the bad one. */
  readonly wrong: RegExp;
}

async function stage(t: Test): Promise<Stage> {
  const [a, drained, gone] = [
    await Upstream.listen(),
    await Upstream.listen(),
    await Upstream.listen(),
  ];
  await gone.close();
  const goods = [
    [a, drained, gone],
    [drained, a, gone],
  ].map((all) => {
    const order = all.map(({ address }) => address.text);
    const breaker = { consecutiveFailures: 1, open: { base: "1h", max: "1h", jitter: 0 } };
    const retry = { attempts: 1, on: ["connectFailure"] };
    return { text: settings(a.address, { retry, cluster: { endpoints: order, breaker } }), order };
  });
  const text = goods[0]?.text ?? "";
  const bad = text.replace('"name": "app"', '"nam": "app"');
  const line = bad.split("\n").findIndex((each) => each.includes('"nam"')) + 1;
  const daemon = await Daemon.start(text);
  t.teardown(() => Promise.all([daemon.kill(), a.close(), drained.close()]));
  const client = await RawClient.connect(daemon.inbound);
  const isOpen = async (): Promise<boolean> =>
    byAddress(await endpointsOf(daemon), gone)?.usable === "open";
  for (let id = 0; !(await isOpen()); id++) t.equal((await fire(client, id, get(id))).status, 200);
  client.close();
  await post(daemon, `/clusters/app/endpoints/${drained.address.text}/drain`);
  return {
    daemon,
    drained,
    gone,
    goods,
    bad,
    wrong: new RegExp(`tidegate\\.yaml:${line}:\\d+: unknown`),
  };
}

/** Replaces the file, reloads, and looks at what is in force; the answer's status. */
async function reload(t: Test, n: number, here: Stage): Promise<string> {
  const { daemon, drained, gone, goods, bad, wrong } = here;
  const isBad = n % 2 === 1;
  const last = goods[Math.ceil((n + 1) / 2) % goods.length];
  writeFileSync(`${daemon.file}.new`, isBad ? bad : (last?.text ?? ""));
  renameSync(`${daemon.file}.new`, daemon.file);
  const { status, body } = await post(daemon, "/reload");
  t.equal(status, isBad ? 422 : 200, body);
  if (isBad) t.match(body, wrong);
  t.equal(await daemon.metric("config_last_reload_successful"), isBad ? 0 : 1);
  const endpoints = await endpointsOf(daemon);
  t.strictSame(
    endpoints.map(({ address }) => address),
    last?.order,
    "the last good one is in force",
  );
  t.match(byAddress(endpoints, drained), { override: "drain", usable: "draining" });
  t.match(byAddress(endpoints, gone), { breaker: { state: "open" }, usable: "open" });
  return JSON.parse(body).status;
}

const PATIENT = { timeout: PATIENCE_MS };

t.test("reloads under load, every other one bad: no request fails", PATIENT, async (t) => {
  const here = await stage(t);
  const { daemon, gone } = here;
  const client = await RawClient.connect(daemon.inbound);
  t.teardown(() => client.close());
  const load = { origins: [daemon.url], path: "/", perSecond: PER_SECOND, seconds: 1 };
  const cease = steadyFire(load);
  const answers: string[] = [];
  for (let n = 0; n < RELOADS; n++) {
    answers.push(await reload(t, n, here));
    t.equal((await fire(client, n, get(n))).status, 200, "on one connection all the time");
  }
  const shots = await cease();
  t.same(
    shots.filter((shot) => !isGood(shot)),
    [],
    `${shots.length} requests`,
  );
  t.equal(answers.filter((answer) => answer === "refused").length, RELOADS / 2);
  const tries = await daemon.metric("attempts_total", `endpoint="${gone.address.text}"`);
  t.equal(tries, 1, "the breaker was open all the time");
  t.comment(`${RELOADS} reloads, ${shots.length} requests, ${PER_SECOND} a second`);
  await daemon.stop();
});

t.test("SIGHUP and a changed file reload, too; each says so in one line", async (t) => {
  const [a, b] = [await Upstream.listen(), await Upstream.listen()];
  const config = (one: Upstream): string =>
    settings(one.address, { log: { access: "off", level: "info", file: "stderr" } });
  const daemon = await Daemon.start(config(a));
  t.teardown(() => Promise.all([daemon.kill(), a.close(), b.close()]));
  const { child } = daemon;
  const lines = (): readonly Record<string, unknown>[] =>
    child.stderr
      .split("\n")
      .filter((text) => text.includes('"msg":"config '))
      .map((text) => JSON.parse(text));
  const said = (count: number): Promise<void> => child.bell.until(() => lines().length >= count);
  child.process.kill("SIGHUP");
  await said(1);
  writeFileSync(daemon.file, config(b));
  await said(2);
  writeFileSync(daemon.file, "listeners: [\n");
  await said(3);
  t.match(lines(), [
    { msg: "config unchanged", cause: "SIGHUP" },
    { msg: "config reloaded", cause: "file changed", changes: [/endpoints/, /endpoints/] },
    {
      msg: /^config refused/,
      cause: "file changed",
      errors: [/tidegate\.yaml:2:1: not valid YAML/],
    },
  ]);
  t.equal((await endpointsOf(daemon))[0]?.address, b.address.text);
  await daemon.stop();
  t.equal(lines().length, 3);
});
