// What is told of the config in force, and of reloads.
import { pino } from "pino";
import t from "tap";
import { Changes } from "../../src/control/changes.ts";
import { InForce } from "../../src/control/inforce.ts";
import { HandClock } from "../http1/endpoint.ts";

function open() {
  const clock = new HandClock();
  const changes = new Changes(pino({ level: "silent" }), clock);
  const inUse: boolean[] = [];
  const metrics = { reloaded: (ok: boolean) => void inUse.push(ok) };
  const inForce = new InForce("a".repeat(64), { clock, changes, metrics });
  inForce.started();
  const events = (): Record<string, string>[] => JSON.parse(changes.print());
  return { clock, inForce, events, inUse };
}

const change = (path: string) => ({ kind: "changed", path, from: "1s", to: "2s" }) as const;
const reloaded = (...paths: string[]) =>
  ({ kind: "reloaded", changes: paths.map(change), warnings: [] }) as const;
const refused = (...errors: string[]) => ({ kind: "refused", by: "config", errors }) as const;

t.test("the config of the start is known by its digest and its time", async (t) => {
  const { inForce, events, inUse } = open();
  const loaded = "1970-01-01T00:00:01.000Z";
  t.strictSame(inForce.state, { digest: "aaaaaaaaaaaa", loaded, refused: undefined });
  t.strictSame(events(), []);
  t.strictSame(inUse, [true]);
});

t.test("a reload is an event that says who asked and what has changed", async (t) => {
  const { clock, inForce, events } = open();
  clock.pass(1000);
  inForce.reloaded("SIGHUP", reloaded("drain.delay"), "b".repeat(64));
  t.match(events(), [{ subject: "config", from: "aaaaaaaaaaaa", to: "bbbbbbbbbbbb" }]);
  t.equal(events()[0]?.reason, "SIGHUP: ~ drain.delay: 1s -> 2s");
  t.match(inForce.state, { digest: "bbbbbbbbbbbb", loaded: "1970-01-01T00:00:02.000Z" });
});

t.test("one that was refused says why, until one was not", async (t) => {
  const { inForce, events, inUse } = open();
  inForce.reloaded("file changed", refused("a.yaml:1:1: no"), "b");
  t.match(events(), [
    { from: "aaaaaaaaaaaa", to: "refused", reason: "file changed: a.yaml:1:1: no" },
  ]);
  t.match(inForce.state, {
    digest: "aaaaaaaaaaaa",
    refused: { at: "1970-01-01T00:00:01.000Z", cause: "file changed", errors: ["a.yaml:1:1: no"] },
  });
  inForce.reloaded("SIGHUP", { kind: "unchanged", changes: [], warnings: [] }, "a".repeat(64));
  t.equal(inForce.state.refused, undefined);
  t.equal(events().length, 1, "what has changed nothing is no event");
  t.strictSame(inUse, [true, false, true]);
});

t.test("however much has changed or is wrong, an event is short", async (t) => {
  const { inForce, events } = open();
  const many = Array.from({ length: 1000 }, (_, at) => `path.number.${at}`);
  inForce.reloaded("SIGHUP", reloaded(...many), "b");
  inForce.reloaded("SIGHUP", refused(...many.map((each) => each.repeat(1000))), "b");
  t.match(events()[0]?.reason, /number\.4: 1s -> 2s; and 995 more$/);
  for (const { reason = "" } of events()) t.ok(reason.length < 1100);
  t.equal(inForce.state.refused?.errors.length, 5);
});
