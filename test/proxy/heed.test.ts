// What endpoints announce that they refuse, and what becomes of it on the way out.
import t, { type Test } from "tap";
import { HandClock } from "../http1/endpoint.ts";
import { values } from "../support/message.ts";
import { OK } from "../support/upstream.ts";
import { Door } from "./door.ts";

const CRITICALITY = { criticality: { header: "x-criticality", default: "SHEDDABLE" } };
const saying = (threshold: string): string =>
  OK.replace("\r\n\r\n", `\r\nX-Tidegate-Threshold: ${threshold}\r\n\r\n`);

/** What a sidecar says that refuses on arrival. */
const REFUSAL =
  "HTTP/1.1 503 Busy\r\nX-Tidegate-Reason: shed_priority\r\nX-Tidegate-Threshold: SHEDDABLE/0\r\nContent-Length: 0\r\n\r\n";

async function open(t: Test, heed: boolean) {
  const clock = new HandClock();
  const cluster = { peerThreshold: { heed }, fairness: { key: "header:x-caller" } };
  const wanted = { route: CRITICALITY, trust: ["127.0.0.0/8"], cluster };
  const door = await Door.open(t, {}, wanted, clock);
  let last = 0;
  /** What becomes of a request, with the endpoint's answer if it gets there. */
  const ask = async (answer: string, ...lines: readonly string[]) => {
    const path = `/${++last}`;
    const { shot } = await door.send(path, ...lines);
    void door.arrives(path).then((link) => link.write(answer));
    const { status, reason } = await shot;
    return { status, reason, there: door.arrived.includes(path) };
  };
  /** A flood: of those that get there one in ten is answered well. */
  const flood = async (answer: string, count: number) => {
    let passed = 0;
    const reasons = new Set<string | undefined>();
    for (let i = 0; i < count; i++) {
      const well = i % 10 === 0 && answer === REFUSAL;
      const { there, reason } = await ask(well ? saying("SHEDDABLE/0") : answer, `x-caller: ${i}`);
      if (there) passed++;
      else reasons.add(reason);
      clock.pass(5);
    }
    return { passed, reasons: [...reasons] };
  };
  return { door, clock, ask, flood };
}

t.test("once endpoints refuse on arrival, most of what they would refuse stays here", async (t) => {
  const { ask, flood } = await open(t, true);
  await flood(REFUSAL, 60);
  const { passed, reasons } = await flood(REFUSAL, 100);
  t.ok(passed > 2 && passed < 60, `${passed} of 100 go on`);
  t.strictSame(reasons, ["shed_priority"]);
  const critical = await ask(OK, "x-criticality: CRITICAL");
  t.match(critical, { status: 200, there: true });
});

t.test("when they do not any more, all goes on again within a second", async (t) => {
  const { flood } = await open(t, true);
  await flood(REFUSAL, 100);
  await flood(OK, 200);
  t.strictSame(await flood(OK, 50), { passed: 50, reasons: [] });
});

t.test("the class goes along, so that it is the same there", async (t) => {
  const { door, ask } = await open(t, true);
  await ask(OK, "x-criticality: SHEDDABLE_PLUS");
  await ask(OK);
  const told = door.upstream.requests.map(({ fields }) => values(fields, "x-criticality"));
  t.strictSame(told, [["SHEDDABLE_PLUS"], ["SHEDDABLE"]]);
});

t.test("unless the config says so nobody is heeded, and the class stays as it came", async (t) => {
  const { door, ask, flood } = await open(t, false);
  t.strictSame(await flood(REFUSAL, 60), { passed: 60, reasons: [] });
  await ask(OK);
  for (const { fields } of door.upstream.requests)
    t.strictSame(values(fields, "x-criticality"), []);
});
