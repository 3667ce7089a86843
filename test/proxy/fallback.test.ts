// The last tier: what clients get when no endpoint of any other one answers.
import t, { type Test } from "tap";
import { tcpAddress } from "../../src/core/address.ts";
import { REFUSALS } from "../../src/core/refusal.ts";
import { RawClient } from "../support/client.ts";
import { fire, get, post, type Shot } from "../support/load.ts";
import { values } from "../support/message.ts";
import { scrape } from "../support/scrape.ts";
import { type Settings, settings } from "../support/settings.ts";
import { addressOf, startHere } from "../support/sidecar.ts";
import { type Script, Upstream } from "../support/upstream.ts";

const SORRY = { status: 503, headers: { "x-why": "sorry" }, contentType: "text/html", body: "<p>" };
const ONCE = { attempts: 0 };

/** Nobody listens there. A port that was free a moment ago may be somebody else's by now. */
const NOBODY = tcpAddress("127.0.0.1", 1);

async function open(t: Test, script: Script | undefined, wanted: Settings = {}) {
  const upstream = await Upstream.listen(script);
  const address = script === undefined ? NOBODY : upstream.address;
  const cluster = { fallback: SORRY, ...wanted.cluster };
  const config = settings(address, { retry: ONCE, ...wanted, cluster });
  const random = { next: () => 0.5, id: () => "id" };
  const sidecar = await startHere(config, { random });
  const client = await RawClient.connect(addressOf(sidecar));
  t.teardown(async () => {
    client.close();
    await Promise.all([sidecar.close(), upstream.close()]);
  });
  const metric = (name: string, labels: string) =>
    scrape(addressOf(sidecar, "health"), name, labels);
  const shoot = (request: readonly [string, string] = get(0)) => fire(client, 0, request);
  return { shoot, metric };
}

function field({ response }: Shot, name: string): readonly string[] {
  return response === undefined ? [] : values(response.fields, name);
}

const FAILURES: Readonly<Record<string, [Script | undefined, Settings?]>> = {
  connect_failed: [undefined],
  upstream_reset: [{ request: (link) => link.reset() }],
  upstream_protocol: [{ request: (link) => link.write("what?\r\n\r\n") }],
  upstream_timeout: [{ request: () => {} }, { timeout: "50ms" }],
};

for (const [reason, [script, wanted]] of Object.entries(FAILURES)) {
  t.test(`${reason}: the fallback stands in, and says so`, async (t) => {
    const { shoot, metric } = await open(t, script, wanted);
    for (const request of [get(0), post(1)]) {
      const shot = await shoot(request);
      t.same([shot.status, shot.body, shot.reason], [503, "<p>", reason]);
      t.same(field(shot, "x-tidegate-tier"), ["fallback"]);
      t.same(field(shot, "retry-after"), ["2"], "1 s and a half of the spread");
      t.same(field(shot, "content-type"), ["text/html"]);
      t.same(field(shot, "x-why"), ["sorry"]);
      t.same(field(shot, "connection"), [], "the connection goes on");
    }
    t.equal(await metric("fallbacks_total", `tier="fallback",reason="${reason}"`), 2);
    t.equal(await metric("refusals_total", `reason="${reason}"`), 2);
    t.equal(await metric("requests_total", 'code="503"'), 2);
  });
}

t.test("no_endpoint: what waits for nobody has a fallback, too", async (t) => {
  const hold: Script = { request: () => {} };
  const { shoot } = await open(t, hold, {
    timeout: "50ms",
    cluster: { breaker: { consecutiveFailures: 1, minimumHealthy: 0, open: { base: "60s" } } },
  });
  await shoot();
  t.match(await shoot(), { status: 503, body: "<p>", reason: "no_endpoint" });
});

t.test("HEAD gets the head alone, a status of its own needs no retry-after", async (t) => {
  const fallback = { status: 200, body: "[]", contentType: "application/json" };
  const { shoot } = await open(t, undefined, { cluster: { fallback } });
  const head = await shoot(["HEAD", "HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n"]);
  t.same([head.status, head.body], [200, ""]);
  t.same(field(head, "content-length"), ["2"]);
  const whole = await shoot();
  t.same([whole.status, whole.body], [200, "[]"], "the next response is framed as it should be");
  t.same(field(whole, "retry-after"), []);
});

t.test("a status without a body says nothing of one", async (t) => {
  const { shoot } = await open(t, undefined, { cluster: { fallback: { status: 204 } } });
  const shot = await shoot();
  t.equal(shot.status, 204);
  for (const name of ["content-length", "content-type"]) t.same(field(shot, name), []);
  t.equal((await shoot()).status, 204);
  const reset = await open(t, undefined, { cluster: { fallback: { status: 205 } } });
  const empty = await reset.shoot();
  t.same(field(empty, "content-length"), ["0"], "a 205 is framed as any other");
  t.same(field(empty, "content-type"), []);
  t.equal((await reset.shoot()).status, 205);
});

t.test("what the client got wrong, or has no time for, it is told", async (t) => {
  const match = { path: "/only" };
  const { shoot } = await open(t, undefined, { match, trust: ["127.0.0.0/8"] });
  t.match(await shoot(), { status: 404, body: "no_route" });
  const late = "GET /only HTTP/1.1\r\nHost: a.test\r\nx-envoy-expected-rq-timeout-ms: 0\r\n\r\n";
  t.match(await shoot(["GET", late]), { status: 504, body: "deadline_expired" });
  const bad = "GET /only HTTP/1.1\r\nHost: a.test\r\nbad name: x\r\n\r\n";
  t.match(await shoot(["GET", bad]), { status: 400, body: "bad_request" });
});

t.test("exactly the reasons for which nobody answered have a fallback", async (t) => {
  const without = Object.entries(REFUSALS).flatMap(([reason, { fallback }]) =>
    fallback ? [] : [reason],
  );
  t.same(without, [
    ...["bad_request", "uri_too_long", "headers_too_large", "body_too_large", "head_timeout"],
    ...["body_timeout", "loop_detected", "no_route", "deadline_expired", "draining"],
  ]);
});

t.test("a fallback's status has its own phrase, or none", async (t) => {
  for (const [status, line] of [
    [302, "HTTP/1.1 302 Found"],
    [429, "HTTP/1.1 429 Too Many Requests"],
    [599, "HTTP/1.1 599 "],
  ] as const) {
    const cluster = { fallback: { ...SORRY, status } };
    const { shoot } = await open(t, undefined, { cluster });
    t.equal((await shoot()).response?.startLine, line);
  }
});
