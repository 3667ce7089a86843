// What a sidecar does when it cannot keep up itself; how short it is of what, the test says.
import t, { type Test } from "tap";
import { Meter } from "../../src/core/meter.ts";
import type { StageChange, Vitals } from "../../src/policy/selfprotection.ts";
import { Protection } from "../../src/proxy/protection.ts";
import { HandClock } from "../http1/endpoint.ts";
import { RawClient } from "../support/client.ts";
import { fire } from "../support/load.ts";
import { values } from "../support/message.ts";
import { scrape } from "../support/scrape.ts";
import { settings } from "../support/settings.ts";
import { addressOf, startReloadable } from "../support/sidecar.ts";
import { POLITE, Upstream } from "../support/upstream.ts";

const ON = { mode: "enforce", delay: 5 } as const;
const EVERY_MS = 250;

function protection() {
  const clock = new HandClock();
  const meter = new Meter();
  const use = { utilisation: 1, memory: 0 };
  const rests: number[] = [];
  const changes: StageChange[] = [];
  const doors = { fullness: 0, rest: (share: number) => rests.push(share) };
  const protectionChanged = (change: StageChange) => changes.push(change);
  const all = new Protection(
    { wheel: clock.wheel, meter, use: () => use, protectionChanged },
    doors,
  );
  const pressure = (signal: string) =>
    Array.from(meter.families.get("self_pressure")?.series.values() ?? []).find(
      ({ labels }) => labels.signal === signal,
    );
  return { all, clock, use, doors, rests, changes, pressure };
}

t.test("it looks four times a second, by the beat of the wheel", async (t) => {
  const { all, clock, changes, pressure } = protection();
  t.equal(all.state, undefined);
  t.equal(all.refuses(3), false);
  all.configure(ON);
  // The wheel's beat is one millisecond here: each of these is 49 late.
  clock.pass(4 * EVERY_MS);
  t.match(all.state, { stage: "shedding", delayMs: 49, utilisation: 1 });
  t.strictSame(changes, [{ from: "calm", to: "shedding", reason: "event_loop" }]);
  t.equal(clock.wheel.lag.late, true);
  t.ok(pressure("event_loop"));
  for (let ms = 0; ms < 30 * EVERY_MS; ms++) clock.pass(1);
  t.match(all.state, { stage: "calm", level: 0, delayMs: 0 });
  t.equal(clock.wheel.lag.late, false);
});

t.test("connections rest anew at each look, and go on when it is over", async (t) => {
  const { all, clock, use, rests } = protection();
  all.configure(ON);
  use.utilisation = 0;
  clock.pass(EVERY_MS);
  t.strictSame(rests, [], "nobody is bothered before");
  use.memory = 0.975;
  clock.pass(6 * EVERY_MS);
  t.equal(rests.length, 3, "once nothing else was read for a second");
  t.ok(
    rests.every((share) => Math.abs(share - 0.25) < 1e-6),
    `${rests}`,
  );
  t.match(all.state, { stage: "pausing", memory: 0.975 });
  use.memory = 0.1;
  clock.pass(2 * EVERY_MS);
  t.equal(rests.at(-1), 0);
  t.equal(rests.length, 4);
});

t.test("turned off it ends what it has done, and tells of nothing", async (t) => {
  const { all, clock, use, doors, rests, pressure } = protection();
  all.configure(ON);
  [use.memory, doors.fullness] = [1, 1];
  clock.pass(4 * EVERY_MS);
  t.strictSame([all.refuses(3), all.refuses(1), all.closes], [true, false, true]);
  all.configure(ON);
  t.equal(all.refuses(3), true, "the same settings again change nothing");
  all.configure({ ...ON, mode: "off" });
  t.strictSame([all.refuses(3), all.closes, all.state], [false, false, undefined]);
  t.equal(rests.at(-1), 0);
  t.equal(pressure("memory"), undefined);
  const looked = rests.length;
  clock.pass(4 * EVERY_MS);
  t.equal(rests.length, looked);
});

/** A request for a critical path, or of any other class. */
const asks = (criticality: string): string =>
  `GET / HTTP/1.1\r\nHost: a.test\r\nx-criticality: ${criticality}\r\n\r\n`;

/** A sidecar that is as short of things as `use` says. */
async function open(t: Test, use: Pick<Vitals, "utilisation" | "memory">, connections = 1000) {
  const upstream = await Upstream.listen(POLITE);
  const wanted = {
    trust: ["127.0.0.0/8"],
    limits: { connections },
    route: { criticality: { header: "x-criticality", default: "SHEDDABLE" } },
  };
  const text = settings(upstream.address, wanted);
  const { sidecar } = await startReloadable(text, { use: () => use });
  t.teardown(async () => {
    await sidecar.close();
    await upstream.close();
  });
  const send = async (criticality: string) => {
    const client = await RawClient.connect(addressOf(sidecar));
    t.teardown(() => client.close());
    return { client, ...(await fire(client, 0, ["GET", asks(criticality)])) };
  };
  const admin = async (path: string) =>
    (await fetch(`http://${addressOf(sidecar, "admin").text}${path}`)).json();
  const metric = (name: string, labels = "") => scrape(addressOf(sidecar, "health"), name, labels);
  /** Asks until it is so; each answer is the event to look again. */
  const stage = async (wanted: string): Promise<unknown> => {
    for (;;) {
      const { protection } = (await admin("/state")) as { protection: { stage: string } };
      if (protection.stage === wanted) return protection;
    }
  };
  return { sidecar, send, admin, metric, stage };
}

t.test("what is sheddable is refused, and told why; nobody else is", async (t) => {
  const { sidecar, send, admin, metric, stage } = await open(t, { utilisation: 0, memory: 0.95 });
  t.match(await stage("critical_only"), { memory: 0.95, resting: 0 });
  const refused = await send("SHEDDABLE");
  t.strictSame([refused.status, refused.reason], [503, "self_overload"]);
  const fields = refused.response?.fields ?? [];
  t.match(values(fields, "retry-after"), [/^[1-3]$/]);
  t.strictSame(values(fields, "x-envoy-overloaded"), ["true"]);
  t.strictSame(values(fields, "connection"), []);
  t.equal((await send("SHEDDABLE_PLUS")).reason, "self_overload");
  for (const critical of ["CRITICAL", "CRITICAL_PLUS"]) t.equal((await send(critical)).status, 200);
  t.equal(await metric("refusals_total", 'reason="self_overload",criticality="SHEDDABLE"'), 1);
  t.equal(await metric("self_pressure", 'signal="memory"'), 1);
  const live = await fetch(`http://${addressOf(sidecar, "health").text}/livez`);
  t.equal(live.status, 200);
  t.match(await admin("/events"), [
    { subject: "protection", from: "calm", to: "critical_only", reason: "memory" },
  ]);
});

t.test("those who are refused for want of connections give theirs up", async (t) => {
  const { sidecar, send, stage, metric } = await open(t, { utilisation: 0, memory: 0 }, 10);
  const clients = await Promise.all(
    Array.from({ length: 10 }, () => RawClient.connect(addressOf(sidecar))),
  );
  await stage("critical_only");
  const [first] = clients;
  if (first === undefined) throw new Error("there are ten");
  const shot = await fire(first, 0, ["GET", asks("SHEDDABLE")]);
  t.equal(shot.reason, "self_overload");
  t.strictSame(values(shot.response?.fields ?? [], "connection"), ["close"]);
  first.close();
  while ((await metric("downstream_connections")) !== 9);
  t.equal((await send("CRITICAL")).status, 200, "there is room for who matters");
  for (const client of clients) client.close();
});

t.test("while connections are paused everybody has a turn, newcomers too", async (t) => {
  const { send, stage } = await open(t, { utilisation: 0, memory: 1 });
  t.match(await stage("pausing"), { resting: 0.5 });
  for (let i = 0; i < 4; i++) {
    const { client, status } = await send("CRITICAL");
    t.equal(status, 200);
    t.equal((await fire(client, 1, ["GET", asks("CRITICAL")])).status, 200);
  }
});
