// Endpoints by name: a real sidecar, and a name server on loopback that fails in every way there is (D11).
import { readFileSync, writeFileSync } from "node:fs";
import t, { type Test } from "tap";
import { JSON_BODY } from "../control/admins.ts";
import { Daemon } from "../support/daemon.ts";
import { barrage, get, tally } from "../support/load.ts";
import { lookUntil } from "../support/look.ts";
import { values } from "../support/message.ts";
import { NameServer, type Said } from "../support/nameserver.ts";
import { settings } from "../support/settings.ts";
import { OK, POLITE, type Script, Upstream } from "../support/upstream.ts";

const LOAD = { connections: 20, requests: 1000, request: get };
const SERVICE = "_http._tcp.app.test";

/** Each upstream is one host of the service, all of them on 127.0.0.1. */
function publish(server: NameServer, upstreams: readonly Upstream[], ttl = 60): void {
  server.hosts("a.test", ["127.0.0.1"], ttl);
  const records = upstreams.map(({ address }) => {
    const port = address.kind === "tcp" ? address.port : 0;
    const data = { priority: 1, weight: 1, port, target: "a.test" };
    return { type: "SRV", name: SERVICE, ttl, data } as const;
  });
  server.zone.set(`SRV ${SERVICE}`, records);
}

interface Wanted {
  readonly upstreams: readonly Upstream[];
  readonly cluster?: Readonly<Record<string, unknown>>;
}

async function stage(t: Test, { upstreams, cluster = {} }: Wanted) {
  const server = await NameServer.listen();
  t.teardown(() => Promise.all([server.close(), ...upstreams.map((each) => each.close())]));
  publish(server, upstreams);
  const dns = {
    nameservers: [server.text],
    timeout: "1s",
    refresh: { min: "100ms", max: "100ms" },
  };
  const all = { endpoints: [`srv:${SERVICE}`], ...cluster };
  const log = { access: "off", level: "info" };
  const where = { kind: "tcp", host: "127.0.0.1", port: 1, text: "127.0.0.1:1" } as const;
  const base: unknown = JSON.parse(settings(where, { cluster: all, log, retry: { attempts: 1 } }));
  const daemon = await Daemon.start(JSON.stringify({ ...Object(base), dns }));
  t.teardown(() => daemon.stop());
  return { server, daemon };
}

const listen = (script: Script = POLITE): Promise<Upstream> => Upstream.listen(script);

async function json(daemon: Daemon, path: string): Promise<unknown> {
  return (await fetch(`http://${daemon.admin.text}${path}`)).json();
}

/** The changes so far, as `subject endpoint to`. */
async function events(daemon: Daemon): Promise<string[]> {
  const all = await json(daemon, "/events");
  if (!Array.isArray(all)) throw new Error("no events");
  return all.map(({ subject, endpoint, to }) => `${subject} ${endpoint} ${to}`);
}

function resolutions(daemon: Daemon, result: "ok" | "failed"): Promise<number> {
  return daemon.metric("name_resolutions_total", `result="${result}"`);
}

/** Waits until a question that is asked from now on has come to this. */
async function resolved(daemon: Daemon, result: "ok" | "failed", times = 1): Promise<void> {
  const before = await resolutions(daemon, result);
  await lookUntil(async () => (await resolutions(daemon, result)) >= before + times, result);
}

/** Waits until the log has a line like this. */
function logs({ child }: Daemon, line: RegExp): Promise<void> {
  return child.bell.until(() => line.test(child.stderr));
}

t.test("whatever becomes of the name server, no request fails", async (t) => {
  const upstreams = await Promise.all([listen(), listen()]);
  const { server, daemon } = await stage(t, { upstreams });
  const faults: readonly (readonly [string, Said])[] = [
    ["SERVFAIL", "SERVFAIL"],
    ["NXDOMAIN", "NXDOMAIN"],
    ["a timeout", "silence"],
    ["an empty answer", []],
    ["REFUSED", "REFUSED"],
  ];
  for (const [name, said] of faults) {
    server.always = said;
    await resolved(daemon, "failed");
    t.strictSame(tally(await barrage(daemon.inbound, LOAD)), { 200: LOAD.requests }, name);
    server.always = undefined;
    await resolved(daemon, "ok");
  }
  publish(server, upstreams, 0);
  await resolved(daemon, "ok", 2);
  const asked = server.questions.length;
  t.strictSame(tally(await barrage(daemon.inbound, LOAD)), { 200: LOAD.requests }, "a TTL of 0");
  const questions = server.questions.length - asked;
  t.ok(questions < LOAD.requests / 10, `${questions} questions for ${LOAD.requests} requests`);
  for (const { requests } of upstreams) t.ok(requests.length > LOAD.requests, "both have answered");
  const changes = await events(daemon);
  for (const to of ["failing", "resolved"]) {
    const turns = changes.filter((each) => each === `name srv:${SERVICE} ${to}`).length;
    t.ok(turns >= faults.length, `${to} ${turns} times`);
  }
  await logs(daemon, /"level":"warn".*its last addresses are kept/);
});

t.test("an address that is gone gets no new request, and finishes those it has", async (t) => {
  const stays = await listen();
  const leaves = await listen({});
  const { server, daemon } = await stage(t, { upstreams: [leaves] });
  const held = barrage(daemon.inbound, { ...LOAD, connections: 1, requests: 1 });
  await leaves.bell.until(() => leaves.requests.length === 1);
  t.teardown(() => stays.close());
  publish(server, [stays]);
  const gone = `discovery ${leaves.address.text} absent`;
  await lookUntil(async () => (await events(daemon)).includes(gone), gone);
  t.strictSame(tally(await barrage(daemon.inbound, LOAD)), { 200: LOAD.requests });
  t.equal(leaves.requests.length, 1);
  t.equal(stays.requests.length, LOAD.requests);
  leaves.requests[0]?.link.write(OK);
  t.strictSame(tally(await held), { 200: 1 });
  await leaves.bell.until(() => leaves.open.length === 0);
  const series = `endpoint="${leaves.address.text}"`;
  await daemon.metricIs("upstream_connections", 0, series);
  t.match(await json(daemon, "/state"), {
    clusters: [
      {
        endpoints: [{ address: stays.address.text, name: `srv:${SERVICE}`, weight: 100 }],
        names: [{ name: `srv:${SERVICE}`, addresses: 1 }],
      },
    ],
  });
});

t.test("what is known of an endpoint outlives a change of addresses", async (t) => {
  const sick = await listen({
    request: (link) => link.write("HTTP/1.1 500 Sick\r\nContent-Length: 0\r\n\r\n"),
  });
  const [well, third] = await Promise.all([listen(), listen()]);
  t.teardown(() => third.close());
  const cluster = { breaker: { consecutiveFailures: 3, open: { base: "60s" } } };
  const { server, daemon } = await stage(t, { upstreams: [sick, well], cluster });
  t.match(tally(await barrage(daemon.inbound, { ...LOAD, connections: 1 })), { 500: 3 });
  publish(server, [third, sick]);
  const come = `discovery ${third.address.text} present`;
  await lookUntil(async () => (await events(daemon)).includes(come), come);
  const before = sick.requests.length;
  t.strictSame(tally(await barrage(daemon.inbound, LOAD)), { 200: LOAD.requests });
  t.equal(sick.requests.length, before, "its breaker is as open as it was");
});

t.test("a name that is not known at the start: no endpoint, and it is said why", async (t) => {
  const upstream = await listen();
  const { port } = { port: 0, ...upstream.address };
  const name = `late.test:${port}`;
  const check = { http: { path: "/" }, interval: "100ms", rise: 1 };
  const cluster = { endpoints: [{ address: name, weight: 7 }], healthCheck: check };
  const { server, daemon } = await stage(t, { upstreams: [upstream], cluster });
  t.strictSame(tally(await barrage(daemon.inbound, { ...LOAD, requests: 20 })), {
    no_endpoint: 20,
  });
  const ready = await fetch(`http://${daemon.health.text}/readyz`);
  t.equal(ready.status, 503);
  t.match(await ready.text(), `no endpoint: app (${name}: there is no such name (ENOTFOUND))`);
  await logs(daemon, /"level":"warn".*late\.test.*it has no address yet/);
  server.hosts("late.test", ["127.0.0.1"]);
  const isReady = async (): Promise<boolean> =>
    (await fetch(`http://${daemon.health.text}/readyz`)).status === 200;
  await lookUntil(isReady, "ready");
  t.strictSame(tally(await barrage(daemon.inbound, LOAD)), { 200: LOAD.requests });
  t.match(await json(daemon, "/state"), { clusters: [{ endpoints: [{ name, weight: 7 }] }] });
  await upstream.bell.until(() =>
    upstream.requests.some(({ startLine }) => startLine === "GET / HTTP/1.1"),
  );
  const hosts = new Set(upstream.requests.map(({ fields }) => values(fields, "host").join()));
  t.strictSame(hosts, new Set(["a.test", name]), "clients' own Host; probes call it by its name");
});

function portOf({ address }: Upstream): number {
  return address.kind === "tcp" ? address.port : 0;
}

/** Writes these endpoints into its config, and has it read again; what it says. */
async function reload(daemon: Daemon, endpoints: readonly string[]): Promise<unknown> {
  const config = JSON.parse(readFileSync(daemon.file, "utf8"));
  config.clusters[0].endpoints = endpoints;
  writeFileSync(daemon.file, JSON.stringify(config));
  const asked = { method: "POST", headers: JSON_BODY, body: "{}" };
  return (await fetch(`http://${daemon.admin.text}/reload`, asked)).json();
}

t.test(
  "a reload changes names: requests follow, what stays is kept, bad ones change nothing",
  async (t) => {
    const [stays, leaves, comes] = await Promise.all([listen(), listen(), listen()]);
    const { server, daemon } = await stage(t, { upstreams: [stays, leaves] });
    t.teardown(() => comes.close());
    const answered = async (): Promise<readonly number[]> => {
      const before = [stays, leaves, comes].map(({ requests }) => requests.length);
      t.strictSame(tally(await barrage(daemon.inbound, LOAD)), { 200: LOAD.requests });
      return [stays, leaves, comes].map(({ requests }, at) => requests.length - (before[at] ?? 0));
    };
    await answered();
    const tried = await daemon.metric("attempts_total", `endpoint="${stays.address.text}"`);

    // From one SRV record to two hosts, of which the second is not known yet.
    server.hosts("stays.test", ["127.0.0.1"]);
    const names = [`stays.test:${portOf(stays)}`, `comes.test:${portOf(comes)}`];
    t.match(await reload(daemon, names), { status: /^(?:reloaded|unchanged)$/ });
    const [once = 0, left, none] = await answered();
    t.strictSame(
      [once, left, none],
      [LOAD.requests, 0, 0],
      "whoever is not known yet is not waited for",
    );
    t.equal(
      await daemon.metric("attempts_total", `endpoint="${stays.address.text}"`),
      tried + LOAD.requests,
      "the same endpoint by another name: its series go on",
    );
    t.match(await json(daemon, "/state"), {
      clusters: [
        {
          names: [
            { name: names[0], addresses: 1 },
            { name: names[1], addresses: 0 },
          ],
        },
      ],
    });

    server.hosts("comes.test", ["127.0.0.1"]);
    const come = `discovery ${comes.address.text} present`;
    await lookUntil(async () => (await events(daemon)).includes(come), come);
    const [some = 0, , more = 0] = await answered();
    t.ok(some > 0 && more > 0, "both answer");

    t.match(await reload(daemon, ["not a name"]), { status: /refused/ });
    const [still = 0, , also = 0] = await answered();
    t.ok(still > 0 && also > 0, "a bad one changes nothing");
    const told = (await events(daemon)).filter((each) => each.startsWith("config "));
    t.ok(told.length >= 2 && told.at(-1) === "config  refused", `${told}`);
    const asked = server.questions.length;
    await resolved(daemon, "ok", 4);
    const since = server.questions.slice(asked).filter((each) => each.startsWith("SRV"));
    t.strictSame(since, [], "nobody asks for a name that is not in the config any more");
  },
);

t.test("localhost needs no name server", async (t) => {
  const upstream = await listen();
  const { port } = { port: 0, ...upstream.address };
  const { server, daemon } = await stage(t, {
    upstreams: [upstream],
    cluster: { endpoints: [`localhost:${port}`] },
  });
  t.strictSame(tally(await barrage(daemon.inbound, LOAD)), { 200: LOAD.requests });
  t.strictSame(server.questions, []);
});
