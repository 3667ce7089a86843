import t from "tap";
import { RouteLoad } from "../../src/policy/routeload.ts";
import { FixedLimit, type Limiter } from "../../src/policy/slots.ts";
import { admission, answer, type Told } from "./tickets.ts";

t.test("what finds a free slot is granted; the next one waits until it is settled", async (t) => {
  const { admission: all, enter, waits } = admission();
  const first = enter(0);
  const second = enter(1);
  t.strictSame([first.entered, second.entered], ["granted", "queued"]);
  t.equal(all.room.length, 1);
  all.settle(first.ticket, answer(20), 20);
  t.strictSame(second.ticket.story, ["granted 20"]);
  t.strictSame(waits, [19]);
  t.equal(all.inFlight, 1);
  all.settle(second.ticket, answer(20), 40);
  t.equal(all.inFlight, 0);
  t.equal(enter(50).entered, "granted");
});

t.test("a ticket is settled once, and only when it was granted", async (t) => {
  const { admission: all, enter } = admission();
  const { ticket } = enter(0);
  const waits = enter(0);
  t.throws(() => all.settle(waits.ticket, undefined, 1), { message: /is waiting/ });
  all.leave(waits.ticket, 1);
  t.throws(() => all.settle(waits.ticket, undefined, 1), { message: /is over/ });
  all.settle(ticket, undefined, 1);
  t.throws(() => all.settle(ticket, undefined, 2), { message: /is over/ });
  t.equal(all.inFlight, 0);
});

t.test("who leaves while it waits is told nothing, and its place is free at once", async (t) => {
  const { admission: all, enter } = admission({ queue: { size: 1, wait: 100 } });
  const { ticket } = enter(0);
  const waits = enter(0);
  all.leave(waits.ticket, 5);
  all.leave(waits.ticket, 6);
  t.equal(all.room.length, 0);
  t.equal(enter(7).entered, "queued");
  all.settle(ticket, undefined, 8);
  t.strictSame(waits.ticket.story, []);
});

t.test("under overload sheddable ones are served youngest first; else the oldest is", async (t) => {
  for (const [rank, excess, order] of [
    [1, 2, [0, 1, 2]],
    [3, 2, [2, 1, 0]],
    [3, 1, [0, 1, 2]],
  ] as const) {
    const { admission: all, enter } = admission();
    Object.defineProperty(all.shedding, "excess", { value: excess });
    let held: Told = enter(0).ticket;
    const waiting = [1, 2, 3].map((now) => enter(now, { rank }).ticket);
    for (const [index, which] of order.entries()) {
      const next = waiting[which];
      if (next === undefined) throw new Error("nobody");
      all.settle(held, undefined, 10 + index);
      t.strictSame(next.story, [`granted ${10 + index}`]);
      held = next;
    }
  }
});

t.test("when it is full the oldest of the lowest class is told so at once", async (t) => {
  const { enter } = admission({ queue: { size: 2, wait: 100 } });
  enter(0);
  const old = enter(1).ticket;
  const young = enter(2).ticket;
  t.equal(enter(3).entered, "queued");
  t.strictSame(old.story, ["queue_full 3"], "for one of its own class");
  t.equal(enter(4, { rank: 0 }).entered, "queued");
  t.strictSame(young.story, ["shed_priority 4"], "for one of a higher class");
  enter(5, { rank: 0 });
  t.equal(enter(6).entered, "queue_full", "the newcomer is the lowest itself");
});

t.test("what has waited its time is refused with the next tick", async (t) => {
  const { admission: all, enter } = admission({ queue: { size: 10, wait: 50 } });
  enter(0);
  const first = enter(1).ticket;
  const second = enter(20).ticket;
  all.tick(50, 0);
  t.strictSame(first.story, []);
  all.tick(51, 0);
  t.strictSame(first.story, ["queue_timeout 51"]);
  t.strictSame(second.story, []);
});

t.test(
  "what could not be answered in time is refused, when it comes and while it waits",
  async (t) => {
    const { admission: all, enter } = admission({ queue: { size: 10, wait: 1000 } }, 1);
    const route = new RouteLoad();
    for (let i = 0; i < 20; i++) all.settle(enter(i, { route }).ticket, answer(40), i);
    t.equal(enter(100, { route, deadline: 139 }).entered, "deadline_expired");
    t.equal(enter(100, { route, deadline: 145 }).entered, "granted");
    const { ticket, entered } = enter(100, { route, deadline: 150 });
    t.equal(entered, "queued");
    all.tick(110, 0);
    t.strictSame(ticket.story, []);
    all.tick(111, 0);
    t.strictSame(ticket.story, ["deadline_expired 111"]);
  },
);

t.test("what was learnt of times too long ago refuses nobody", async (t) => {
  const { admission: all, enter } = admission();
  const route = new RouteLoad();
  for (let i = 0; i < 20; i++) all.settle(enter(i, { route }).ticket, answer(4000), i);
  t.equal(enter(7000, { route, deadline: 7500 }).entered, "deadline_expired");
  t.equal(enter(8100, { route, deadline: 8500 }).entered, "granted");
});

t.test("the auto size is twice the limit and 64", async (t) => {
  const { admission: all } = admission({ queue: { size: "auto", wait: 50 } }, 100);
  t.equal(all.room.bound, 264);
});

t.test("until the limit is known 1000 may wait, and nobody is shed", async (t) => {
  const limiter = { ...new FixedLimit(1), settled: false, started: () => 0, ended() {}, tick() {} };
  const { admission: all, enter } = admission({ queue: { size: "auto", wait: "auto" } }, limiter);
  t.equal(all.room.bound, 1000);
  for (let now = 0; now < 500; now += 10) {
    for (let i = 0; i < 10; i++) t.equal(enter(now).entered, now + i === 0 ? "granted" : "queued");
    all.tick(now, 0);
  }
  t.equal(all.shedding.active, false);
});

t.test("streams have slots of their own, and teach the limiter nothing", async (t) => {
  const heard: string[] = [];
  const limiter: Limiter = {
    ...{ limit: 1, hold: 1, settled: true },
    started: () => heard.push("started"),
    ended: (_now, _stamp, sample) => heard.push(sample === undefined ? "ended" : "sample"),
    tick: () => {},
  };
  const { admission: all, enter } = admission({ streams: 2 }, limiter);
  const streams = [enter(0, { stream: true }), enter(0, { stream: true })];
  t.equal(enter(0, { stream: true }).entered, "queue_full");
  const call = enter(0);
  t.strictSame(
    [...streams, call].map(({ entered }) => entered),
    ["granted", "granted", "granted"],
  );
  t.strictSame([all.inFlight, all.streams], [1, 2]);
  for (const { ticket } of streams) all.settle(ticket, answer(60_000), 60_000);
  t.equal(all.streams, 0);
  t.strictSame(heard, ["started"]);
  const waits = enter(60_001);
  all.becomesStream(call.ticket, 60_002);
  t.strictSame(waits.ticket.story, ["granted 60002"], "the slot is free for others");
  t.strictSame([all.inFlight, all.streams], [1, 1]);
  all.settle(call.ticket, answer(1), 70_000);
  t.strictSame([all.inFlight, all.streams], [1, 0]);
  t.strictSame(heard, ["started", "ended", "started"]);
});

t.test(
  "in report mode nothing is refused and nobody waits; what would have been is told",
  async (t) => {
    const {
      admission: all,
      enter,
      reports,
    } = admission({
      mode: "report",
      queue: { size: 1, wait: 50 },
    });
    const [held, evicted, late] = [enter(0), enter(0), enter(1)];
    for (const { entered } of [held, evicted, late]) t.equal(entered, "granted");
    t.strictSame(reports, ["queue_full"]);
    all.tick(51, 0);
    t.strictSame(reports, ["queue_full", "queue_timeout"]);
    const next = enter(60);
    all.settle(held.ticket, answer(100), 100);
    t.equal(all.inFlight, 1, "the slot is that of the next one, as if it had waited");
    for (const { ticket } of [next, evicted, late]) all.settle(ticket, undefined, 120);
    t.equal(all.inFlight, 0);
    t.throws(() => all.settle(next.ticket, undefined, 361));
    for (const { ticket } of [held, evicted, late, next]) t.strictSame(ticket.story, []);
  },
);

t.test(
  "with new settings what waits is let in as far as the new limit goes, or whole",
  async (t) => {
    const { admission: all, enter } = admission();
    enter(0);
    const waiting = [1, 2, 3].map((now) => enter(now, { rank: 0 }).ticket);
    const settings = { queue: { size: 10, wait: 100 }, streams: 2, fair: true } as const;
    all.update({ mode: "enforce", ...settings }, new FixedLimit(2));
    all.tick(10, 0);
    t.strictSame(
      waiting.map(({ story }) => story),
      [["granted 10"], [], []],
    );
    all.release(11);
    t.strictSame(waiting[2]?.story, ["granted 11"]);
    t.equal(all.inFlight, 4);
  },
);

t.test("what would not have been let in is answered in the place of what would", async (t) => {
  const { admission: all, enter } = admission({ mode: "report", queue: { size: 5, wait: 50 } });
  const [held, waits, late] = [enter(0), enter(1), enter(2)];
  all.tick(52, 0);
  t.equal(late.ticket.state, "free");
  const later = enter(55);
  all.settle(late.ticket, answer(60), 60);
  t.strictSame([held.ticket.state, later.ticket.state], ["free", "held"]);
  all.settle(waits.ticket, undefined, 70);
  t.equal(all.inFlight, 1, "one that was not answered frees nobody");
  all.settle(later.ticket, answer(60), 80);
  all.settle(held.ticket, answer(90), 90);
  t.equal(all.inFlight, 0);
});
