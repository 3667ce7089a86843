// What becomes of requests and connections when another config comes into force.
import t from "tap";
import { ask, JSON_BODY } from "../../control/admins.ts";
import type { RawClient } from "../../support/client.ts";
import { fire, get } from "../../support/load.ts";
import { values } from "../../support/message.ts";
import { scrape } from "../../support/scrape.ts";
import { addressOf } from "../../support/sidecar.ts";
import { OK, POLITE, type Upstream } from "../../support/upstream.ts";
import {
  config,
  connected,
  good,
  Holder,
  inbound,
  named,
  stage,
  TO_APP,
  upstream,
  type Wanted,
} from "./swaps.ts";

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
