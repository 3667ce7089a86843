// What becomes of connections, requests and what is known when another config comes into force.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import type { Reloaded } from "../../src/control/reload.ts";
import type { Sidecar } from "../../src/sidecar.ts";
import { ask, JSON_BODY } from "../control/admins.ts";
import { RawClient } from "../support/client.ts";
import { fire, get } from "../support/load.ts";
import { values } from "../support/message.ts";
import { scrape } from "../support/scrape.ts";
import { scratch } from "../support/scratch.ts";
import { addressOf, type Reloadable, startReloadable } from "../support/sidecar.ts";
import { type Link, OK, POLITE, type Script, Upstream } from "../support/upstream.ts";

/** A config as an object that tests change; JSON is YAML. */
interface Wanted {
  readonly [key: string]: unknown;
}

const STILL = { healthCheck: "off", breaker: "off" };

function config(
  clusters: readonly Wanted[],
  listeners: readonly Wanted[],
  more: Wanted = {},
): string {
  return JSON.stringify({
    health: { bind: "127.0.0.1:0" },
    admin: { bind: "127.0.0.1:0" },
    drain: { delay: "0s", timeout: "5s" },
    log: { access: "off", level: "error" },
    listeners,
    clusters: clusters.map((each) => ({ ...STILL, ...each })),
    ...more,
  });
}

function inbound(routes: readonly Wanted[], more: Wanted = {}): Wanted {
  return { name: "inbound", bind: "127.0.0.1:0", routes, ...more };
}

const TO_APP = inbound([{ cluster: "app" }]);

async function stage(t: Test, text: string): Promise<Reloadable> {
  const reloadable = await startReloadable(text);
  t.teardown(() => reloadable.sidecar.close());
  return reloadable;
}

/** A folder for unix sockets, whose paths must be short. */
function short(t: Test): string {
  const folder = scratch();
  t.teardown(() => folder.remove());
  return folder.path;
}

async function upstream(t: Test, script: Script = POLITE): Promise<Upstream> {
  const one = await Upstream.listen(script);
  t.teardown(() => one.close());
  return one;
}

/** Answers with its name. */
function named(name: string): Script {
  const text = `HTTP/1.1 200 OK\r\nContent-Length: ${name.length}\r\n\r\n${name}`;
  return { request: (link) => link.write(text) };
}

/** Answers when it is told to. */
class Holder {
  readonly held: Link[] = [];
  readonly script: Script = { request: (link) => void this.held.push(link) };
}

async function connected(t: Test, sidecar: Sidecar, name?: string): Promise<RawClient> {
  const client = await RawClient.connect(addressOf(sidecar, name));
  t.teardown(() => client.close());
  return client;
}

async function refusedTo(address: Parameters<typeof RawClient.connect>[0]): Promise<string> {
  try {
    (await RawClient.connect(address)).close();
    return "connected";
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : "another error";
  }
}

function good(t: Test, result: Reloaded): void {
  t.equal(result.kind, "reloaded", result.kind === "refused" ? result.errors.join("; ") : "");
}

t.test("the next request on an old connection meets the new routes", async (t) => {
  const [a, b] = [await upstream(t, named("a")), await upstream(t, named("b"))];
  const clusters = [
    { name: "app", endpoints: [a.address.text] },
    { name: "other", endpoints: [b.address.text] },
  ];
  const { sidecar, reload } = await stage(t, config(clusters, [TO_APP]));
  const before = sidecar.addresses.inbound;
  const client = await connected(t, sidecar);
  t.equal((await fire(client, 0, get(0))).body, "a");
  good(t, await reload(config(clusters, [inbound([{ cluster: "other" }])])));
  t.equal((await fire(client, 1, get(1))).body, "b");
  good(t, await reload(config(clusters, [inbound([{ match: { path: "/x/" }, cluster: "app" }])])));
  t.equal((await fire(client, 2, get(2))).reason, "no_route");
  t.strictSame(sidecar.addresses.inbound, before, "the socket is the same");
  t.notOk(client.closed);
});

t.test("a request under way ends as it began, its cluster and its route gone", async (t) => {
  const holder = new Holder();
  const [a, b] = [await upstream(t, holder.script), await upstream(t, named("b"))];
  const old = { name: "old", endpoints: [a.address.text] };
  const app = { name: "app", endpoints: [b.address.text] };
  const { sidecar, reload } = await stage(
    t,
    config([old], [inbound([{ name: "r", cluster: "old" }])]),
  );
  const client = await connected(t, sidecar);
  const shot = fire(client, 0, get(0));
  await a.bell.until(() => holder.held.length === 1);
  good(t, await reload(config([app], [TO_APP])));
  const health = addressOf(sidecar, "health");
  t.equal(await scrape(health, "concurrency_in_flight", 'cluster="old"'), 1);
  holder.held[0]?.write(OK);
  t.equal((await shot).body, "ok");
  t.equal((await fire(client, 1, get(1))).body, "b");
  const metrics = await (await fetch(`http://${health.text}/metrics`)).text();
  t.notMatch(metrics, 'cluster="old"', "nothing is left of it");
  t.notMatch(metrics, 'route="r"');
  await a.bell.until(() => a.open.length === 0);
});

t.test(
  "a request that waits for its next try finds the endpoints of its own cluster",
  async (t) => {
    // The first try breaks with the reload, the second one must still have somewhere to go.
    const holder = new Holder();
    const a = await upstream(t, holder.script);
    const old = { name: "old", endpoints: [a.address.text] };
    const retry = { attempts: 1, on: ["reset"] };
    const { sidecar, reload } = await stage(
      t,
      config([old], [inbound([{ cluster: "old", retry }])]),
    );
    const client = await connected(t, sidecar);
    const shot = fire(client, 0, get(0));
    await a.bell.until(() => holder.held.length === 1);
    const b = await upstream(t);
    good(t, await reload(config([{ name: "app", endpoints: [b.address.text] }], [TO_APP])));
    a.script = POLITE;
    holder.held[0]?.reset();
    t.equal((await shot).body, "ok");
  },
);

t.test("an endpoint that is gone finishes its requests, and its connections close", async (t) => {
  const holder = new Holder();
  const [a, b] = [await upstream(t, holder.script), await upstream(t, named("b"))];
  const app = (...endpoints: readonly Upstream[]): readonly Wanted[] => [
    { name: "app", endpoints: endpoints.map(({ address }) => address.text) },
  ];
  const { sidecar, reload } = await stage(t, config(app(a), [TO_APP]));
  const client = await connected(t, sidecar);
  const shot = fire(client, 0, get(0));
  await a.bell.until(() => holder.held.length === 1);
  good(t, await reload(config(app(b), [TO_APP])));
  const other = await connected(t, sidecar);
  t.equal((await fire(other, 1, get(1))).body, "b");
  holder.held[0]?.write(OK);
  t.equal((await shot).body, "ok");
  await a.bell.until(() => a.open.length === 0);
});

t.test("limits and trust hold for new connections", async (t) => {
  const a = await upstream(t);
  const clusters = [{ name: "app", endpoints: [a.address.text] }];
  const { sidecar, reload } = await stage(t, config(clusters, [TO_APP]));
  const client = await connected(t, sidecar);
  const forwarded = [
    "GET",
    "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\n\r\n",
  ] as const;
  const seen = async (by: RawClient): Promise<string | undefined> => {
    await fire(by, 0, forwarded);
    return values(a.requests.at(-1)?.fields ?? [], "x-forwarded-proto")[0];
  };
  t.equal(await seen(client), "http");
  const stricter = { limits: { uriBytes: "256B" }, forwarded: { trust: ["127.0.0.0/8"] } };
  good(t, await reload(config(clusters, [inbound([{ cluster: "app" }], stricter)])));
  const fresh = await connected(t, sidecar);
  t.equal(await seen(fresh), "https");
  t.equal(await seen(client), "http", "an old connection keeps what it was given");
  const long = `GET /${"x".repeat(300)} HTTP/1.1\r\nHost: a\r\n\r\n`;
  t.equal((await fire(fresh, 0, ["GET", long])).reason, "uri_too_long");
  t.equal((await fire(client, 0, ["GET", long])).status, 200);
});

t.test("another bind is bound before the old one drains", async (t) => {
  const holder = new Holder();
  const a = await upstream(t, holder.script);
  const clusters = [{ name: "app", endpoints: [a.address.text] }];
  const { sidecar, reload } = await stage(t, config(clusters, [TO_APP]));
  const old = addressOf(sidecar);
  const busy = await connected(t, sidecar);
  const shot = fire(busy, 0, get(0));
  await a.bell.until(() => holder.held.length === 1);
  const path = join(short(t), "s");
  good(t, await reload(config(clusters, [{ ...TO_APP, bind: `unix:${path}` }])));
  t.equal(addressOf(sidecar).text, `unix:${path}`);
  t.equal(await refusedTo(old), "ECONNREFUSED");
  const fresh = await connected(t, sidecar);
  const health = addressOf(sidecar, "health");
  t.equal(await scrape(health, "downstream_connections", 'listener="inbound"'), 2, "both count");
  a.script = POLITE;
  t.equal((await fire(fresh, 1, get(1))).body, "ok");
  holder.held[0]?.write(OK);
  const last = await shot;
  t.equal(last.body, "ok");
  t.strictSame(values(last.response?.fields ?? [], "connection"), ["close"]);
  await busy.over();
});

t.test("a listener with another name keeps its socket and its connections", async (t) => {
  const a = await upstream(t);
  const clusters = [{ name: "app", endpoints: [a.address.text] }];
  const { sidecar, reload } = await stage(t, config(clusters, [TO_APP]));
  const client = await connected(t, sidecar);
  const old = addressOf(sidecar);
  good(t, await reload(config(clusters, [{ ...TO_APP, name: "front" }])));
  t.strictSame(addressOf(sidecar, "front"), old);
  t.equal((await fire(client, 0, get(0))).body, "ok");
  const text = await (await fetch(`http://${addressOf(sidecar, "health").text}/metrics`)).text();
  t.match(text, 'tidegate_downstream_connections{listener="front"} 1');
  t.notMatch(text, 'listener="inbound"');
});

t.test("listeners come and go", async (t) => {
  const a = await upstream(t);
  const clusters = [{ name: "app", endpoints: [a.address.text] }];
  const second = { ...TO_APP, name: "second" };
  const { sidecar, reload } = await stage(t, config(clusters, [TO_APP]));
  const first = addressOf(sidecar);
  good(t, await reload(config(clusters, [second, TO_APP])));
  t.strictSame(addressOf(sidecar), first);
  const client = await connected(t, sidecar, "second");
  t.equal((await fire(client, 0, get(0))).body, "ok");
  const gone = addressOf(sidecar, "second");
  good(t, await reload(config(clusters, [TO_APP])));
  t.equal(await refusedTo(gone), "ECONNREFUSED");
  t.equal(sidecar.addresses.second, undefined);
  await client.over();
});

t.test("when one bind cannot be had nothing changes, and the answer says why", async (t) => {
  const [a, b] = [await upstream(t, named("a")), await upstream(t, named("b"))];
  const before = config([{ name: "app", endpoints: [a.address.text] }], [TO_APP]);
  const { sidecar, reload } = await stage(t, before);
  const { text } = addressOf(sidecar);
  const port = text.split(":").at(-1);
  const clusters = [{ name: "app", endpoints: [b.address.text] }];
  const third = { ...TO_APP, name: "third" };
  for (const [bind, why] of [
    [b.address.text, /cannot listen on .*: another process listens there/],
    [
      `0.0.0.0:${port}`,
      /cannot listen on port \d+ anew: inbound listens on .* until the reload is over/,
    ],
    ["unix:/no/such/folder/s", /its directory does not exist/],
  ] as const) {
    const result = await reload(config(clusters, [third, { ...TO_APP, bind }]));
    t.match(result, { kind: "refused", by: "state", errors: [why] });
    t.equal(sidecar.addresses.third, undefined);
  }
  const file = { file: "/no/such/folder/log" };
  const result = await reload(config(clusters, [third], { log: file }));
  t.match(result, { kind: "refused", by: "state", errors: [/^log\.file: cannot open/] });
  const client = await connected(t, sidecar);
  t.equal((await fire(client, 0, get(0))).body, "a");
  t.equal(await scrape(addressOf(sidecar, "health"), "config_last_reload_successful"), 0);
});

t.test("health and admin move, and the token changes in place", async (t) => {
  const a = await upstream(t);
  const clusters = [{ name: "app", endpoints: [a.address.text] }];
  const token = "a-token-that-is-long-enough";
  const { sidecar, reload } = await stage(t, config(clusters, [TO_APP]));
  const [health, admin] = [addressOf(sidecar, "health"), addressOf(sidecar, "admin")];
  const guarded = { admin: { bind: "127.0.0.1:0", token } };
  good(t, await reload(config(clusters, [TO_APP], guarded)));
  t.strictSame(addressOf(sidecar, "admin"), admin);
  t.equal((await ask(admin, "/state")).status, 401);
  t.equal(
    (await ask(admin, "/state", { headers: { authorization: `Bearer ${token}` } })).status,
    200,
  );
  const folder = short(t);
  const [one, two] = [`unix:${join(folder, "h")}`, `unix:${join(folder, "a")}`];
  const moved = { health: { bind: one }, admin: { bind: two } };
  good(t, await reload(config(clusters, [TO_APP], moved)));
  t.equal((await ask(addressOf(sidecar, "health"), "/livez")).body, "ok\n");
  t.equal((await ask(addressOf(sidecar, "admin"), "/state")).status, 200);
  t.strictSame([await refusedTo(health), await refusedTo(admin)], ["ECONNREFUSED", "ECONNREFUSED"]);
});

t.test("the access log says more, and elsewhere", async (t) => {
  const a = await upstream(t);
  const clusters = [{ name: "app", endpoints: [a.address.text] }];
  const folder = t.testdir({});
  const [one, two] = [join(folder, "one"), join(folder, "two")];
  const log = (file: string): Wanted => ({ log: { access: "all", level: "error", file } });
  const { sidecar, reload } = await stage(t, config(clusters, [TO_APP], log(one)));
  const client = await connected(t, sidecar);
  await fire(client, 1, get(1));
  good(t, await reload(config(clusters, [TO_APP], log(two))));
  await fire(client, 2, get(2));
  await sidecar.close();
  t.match(readFileSync(one, "utf8"), /"path":"\/1"/);
  t.match(readFileSync(two, "utf8"), /"path":"\/2"/);
  t.notMatch(readFileSync(one, "utf8"), /"path":"\/2"/);
});

t.test("POST /reload and its dry run, as they are answered", async (t) => {
  const a = await upstream(t);
  const text = (timeout: string, secret: string): string =>
    config([{ name: "app", endpoints: [a.address.text], connectTimeout: timeout }], [TO_APP], {
      admin: { bind: "127.0.0.1:0", hosts: [secret] },
    });
  const { sidecar, reload } = await stage(t, text("1s", "a"));
  const admin = addressOf(sidecar, "admin");
  const post = async (path: string, body?: unknown) => {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const reply = await ask(admin, path, { method: "POST", headers: JSON_BODY, ...sent });
    return { status: reply.status, body: JSON.parse(reply.body) };
  };
  t.match(await post("/reload"), {
    status: 200,
    body: { status: "unchanged", changes: [], diff: [] },
  });
  t.match(await post("/reload?dryRun=1", { config: text("2s", "a") }), {
    status: 200,
    body: { status: "dry_run", diff: ["~ clusters.app.connectTimeout: 1s -> 2s"] },
  });
  t.match(await post("/reload?dryRun=1", { config: "x: 1" }), {
    status: 422,
    body: { status: "refused", errors: [/^test\.yaml:1:1: /] },
  });
  for (const [path, body] of [
    ["/reload", { config: text("2s", "a") }],
    ["/reload?dryRun=2", undefined],
    ["/reload?dryRun=1&x=1", undefined],
    ["/reload?dryrun=1", undefined],
    ["/reload?dryRun=1", { config: 1 }],
    ["/reload?dryRun=1", { config: "", more: "" }],
  ] as const) {
    t.equal((await post(path, body)).status, 400, path);
  }
  t.equal((await ask(admin, "/reload")).status, 405);
  t.match(
    await reload(text("3s", "a")),
    { changes: [{ from: "1s", to: "3s" }] },
    "nothing had changed",
  );
});

t.test("while it drains no other config comes into force", async (t) => {
  const holder = new Holder();
  const a = await upstream(t, holder.script);
  const clusters = [{ name: "app", endpoints: [a.address.text] }];
  const { sidecar, reload } = await stage(t, config(clusters, [TO_APP]));
  const client = await connected(t, sidecar);
  const shot = fire(client, 0, get(0));
  await a.bell.until(() => holder.held.length === 1);
  const drained = sidecar.drain();
  const result = await reload(config(clusters, [{ ...TO_APP, bind: "127.0.0.1:0", name: "x" }]));
  t.match(result, { kind: "refused", by: "state", errors: [/draining/] });
  holder.held[0]?.write(OK);
  t.equal((await shot).body, "ok");
  await drained;
});
