// Reloads under load: fault D15. A hundred of them, every other one of a bad file; no request fails, the last good
// config is in force after each, and what is known of endpoints goes on.
import { renameSync, writeFileSync } from "node:fs";
import t, { type Test } from "tap";
import { ask, JSON_BODY } from "../control/admins.ts";
import { RawClient } from "../support/client.ts";
import { Daemon } from "../support/daemon.ts";
import { fire, get, type Shot, tally } from "../support/load.ts";
import { settings } from "../support/settings.ts";
import { Upstream } from "../support/upstream.ts";

const RELOADS = 100;
const CONNECTIONS = 20;
/** So many requests begin in each tick, if there is a connection that is free: 1000 in a second. */
const TICK_MS = 10;
const PER_TICK = 10;
const MOST = 200_000;

/** Each reload starts a process that reads the config; where others are at work, that takes its time. */
const PATIENCE_MS = 400_000;
t.setTimeout(PATIENCE_MS);

/** Open-loop load over connections that are never renewed. */
class Load {
  readonly shots: Shot[] = [];
  readonly #clients: readonly RawClient[];
  readonly #free: RawClient[];
  readonly #running = new Set<Promise<void>>();
  readonly #ticker: NodeJS.Timeout;
  readonly #since = performance.now();
  #begun = 0;

  private constructor(clients: readonly RawClient[]) {
    this.#clients = clients;
    this.#free = [...clients];
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
  }

  static async start(t: Test, daemon: Daemon): Promise<Load> {
    const opening = Array.from({ length: CONNECTIONS }, () => RawClient.connect(daemon.inbound));
    const load = new Load(await Promise.all(opening));
    t.teardown(() => load.stop());
    return load;
  }

  /** Requests a second so far. */
  get rate(): number {
    return (this.shots.length * 1000) / (performance.now() - this.#since);
  }

  get closed(): number {
    return this.#clients.filter((client) => client.closed || client.ended).length;
  }

  async stop(): Promise<void> {
    clearInterval(this.#ticker);
    await Promise.all(this.#running);
    for (const client of this.#clients) client.close();
  }

  /** Ends the load and waits for what is under way; the connections stay. */
  async rest(): Promise<void> {
    clearInterval(this.#ticker);
    await Promise.all(this.#running);
  }

  #tick(): void {
    for (let n = 0; n < PER_TICK && this.#begun < MOST; n++) {
      const client = this.#free.pop();
      if (client === undefined) return;
      const one = this.#fire(client, this.#begun++);
      this.#running.add(one);
      void one.finally(() => this.#running.delete(one));
    }
  }

  async #fire(client: RawClient, id: number): Promise<void> {
    const shot = await fire(client, id, get(id));
    this.shots.push(shot);
    if (shot.response !== undefined) this.#free.unshift(client);
  }
}

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

const PATIENT = { timeout: PATIENCE_MS };

t.test(
  "a hundred reloads under load, every other one bad: no request fails",
  PATIENT,
  async (t) => {
    const [a, b, gone] = [
      await Upstream.listen(),
      await Upstream.listen(),
      await Upstream.listen(),
    ];
    await gone.close();
    const config = (endpoints: readonly Upstream[]): string =>
      settings(a.address, {
        retry: { attempts: 1, on: ["connectFailure"] },
        log: { access: "off", level: "info", file: "stderr" },
        cluster: {
          endpoints: endpoints.map(({ address }) => address.text),
          breaker: { consecutiveFailures: 1, open: { base: "1h", max: "1h", jitter: 0 } },
        },
      });
    const orders = [
      [a, b, gone],
      [b, a, gone],
    ];
    const goods = orders.map(config);
    const bad = goods[0]?.replace('"name": "app"', '"nam": "app"') ?? "";
    const line = bad.split("\n").findIndex((text) => text.includes('"nam"')) + 1;
    const daemon = await Daemon.start(goods[0] ?? "");
    t.teardown(() => Promise.all([daemon.kill(), a.close(), b.close()]));
    const warm = await RawClient.connect(daemon.inbound);
    const isOpen = async (): Promise<boolean> =>
      byAddress(await endpointsOf(daemon), gone)?.usable === "open";
    for (let id = 0; !(await isOpen()); id++) {
      t.equal((await fire(warm, id, get(id))).status, 200);
    }
    warm.close();
    await post(daemon, `/clusters/app/endpoints/${b.address.text}/drain`);
    const load = await Load.start(t, daemon);

    let good = 0;
    const counts: Record<string, number> = {};
    for (let n = 0; n < RELOADS; n++) {
      const isBad = n % 2 === 1;
      if (!isBad) good++;
      const text = isBad ? bad : (goods[good % goods.length] ?? "");
      writeFileSync(`${daemon.file}.new`, text);
      renameSync(`${daemon.file}.new`, daemon.file);
      const { status, body } = await post(daemon, "/reload");
      const answer = JSON.parse(body);
      counts[answer.status] = (counts[answer.status] ?? 0) + 1;
      if (isBad) t.match(body, new RegExp(`tidegate\\.yaml:${line}:\\d+: unknown option`));
      t.equal(status, isBad ? 422 : 200, body);
      t.equal(await daemon.metric("config_last_reload_successful"), isBad ? 0 : 1);
      const endpoints = await endpointsOf(daemon);
      const order = endpoints.map(({ address }) => address);
      t.strictSame(
        order,
        orders[good % orders.length]?.map(({ address }) => address.text),
      );
      const [drained, open] = [b, gone].map((one) => byAddress(endpoints, one));
      t.match(drained, { override: "drain", usable: "draining" });
      t.match(open, { breaker: { state: "open" }, usable: "open" });
    }
    const { rate } = load;
    await load.rest();
    t.strictSame(tally(load.shots), { 200: load.shots.length }, `of ${load.shots.length}`);
    t.equal(load.closed, 0, "and no connection was closed");
    t.equal(counts.refused, RELOADS / 2);
    t.equal(
      await daemon.metric("attempts_total", `endpoint="${gone.address.text}"`),
      1,
      "the breaker held",
    );
    t.ok(load.shots.length > RELOADS);
    t.comment(
      `${RELOADS} reloads (${JSON.stringify(counts)}), ${load.shots.length} requests, ${rate.toFixed(0)}/s`,
    );
    await load.stop();
    await daemon.stop();
  },
);

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
