// Listeners, health, admin and the log, when another config has them elsewhere.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { ask } from "../../control/admins.ts";
import { fire, get } from "../../support/load.ts";
import { values } from "../../support/message.ts";
import { scrape } from "../../support/scrape.ts";
import { addressOf } from "../../support/sidecar.ts";
import { OK, POLITE } from "../../support/upstream.ts";
import {
  config,
  connected,
  good,
  Holder,
  named,
  refusedTo,
  short,
  stage,
  TO_APP,
  upstream,
  type Wanted,
} from "./swaps.ts";

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
