import t from "tap";
import type { Outcome } from "../../src/core/outcome.ts";
import { Budget } from "../../src/policy/budget.ts";
import {
  type Ended,
  RetryPolicy,
  type RetrySettings,
  type Verdict,
} from "../../src/policy/retry.ts";

const DEFAULTS: RetrySettings = {
  attempts: 1,
  on: ["connectFailure", "reset", "refused"],
  statuses: [],
  perTryTimeout: 0,
  backoff: { base: 20, max: 250 },
};

/** A GET whose first try met a connection that broke. */
const RESET: Ended = {
  outcome: "reset",
  status: 0,
  pushback: false,
  method: "GET",
  bodyKept: true,
  retries: 0,
  elsewhere: false,
  arrivedAs: 1,
  now: 1000,
  deadline: 2000,
};

const PLENTY = { percent: 100, minimumPerSecond: 1000 };

function policy(settings: Partial<RetrySettings> = {}, budgets = [new Budget(PLENTY)]) {
  return new RetryPolicy({ ...DEFAULTS, ...settings }, budgets);
}

/** The verdict in a word. */
function said(verdict: Verdict): string {
  return verdict.kind === "denied" ? verdict.why : verdict.kind;
}

function judged(ended: Partial<Ended>, settings: Partial<RetrySettings> = {}): string {
  return said(policy(settings).judge({ ...RESET, ...ended }, 0.5));
}

t.test("how it ended, and whether it may have arrived, say whether it goes again", async (t) => {
  const rows: readonly (readonly [Outcome, get: string, post: string])[] = [
    ["unreachable", "again", "again"],
    ["saturated", "again", "again"],
    ["refused", "again", "again"],
    ["reset", "again", "unsafe"],
    ["cut", "again", "unsafe"],
    ["timed_out", "final", "final"],
    ["malformed", "final", "final"],
    ["cancelled", "final", "final"],
    ["answered", "final", "final"],
  ];
  for (const [outcome, get, post] of rows) {
    const status = outcome === "answered" ? 503 : 0;
    t.equal(judged({ outcome, status }), get, `GET ${outcome}`);
    t.equal(judged({ outcome, status, method: "POST" }), post, `POST ${outcome}`);
  }
});

t.test("methods that may be repeated are those that do no more the second time", async (t) => {
  const again = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"];
  for (const method of again) t.equal(judged({ method }), "again", method);
  for (const method of ["POST", "PATCH", "get", "PURGE", "CONNECT"]) {
    t.equal(judged({ method }), "unsafe", method);
  }
});

t.test("without its body nothing goes again, wherever it failed", async (t) => {
  t.equal(judged({ bodyKept: false }), "unsafe");
  t.equal(judged({ bodyKept: false, outcome: "unreachable" }), "unsafe");
});

t.test("`on` names what is tried again", async (t) => {
  const rows: readonly (readonly [RetrySettings["on"], ...verdicts: [string, string, string]])[] = [
    [[], "final", "final", "final"],
    [["connectFailure"], "again", "final", "final"],
    [["reset"], "final", "again", "final"],
    [["refused"], "final", "final", "again"],
  ];
  for (const [on, unreachable, reset, refused] of rows) {
    t.equal(judged({ outcome: "refused" }, { on }), refused, `${on} refused`);
    t.equal(judged({ outcome: "unreachable" }, { on }), unreachable, `${on} unreachable`);
    t.equal(judged({ outcome: "saturated" }, { on }), unreachable, `${on} saturated`);
    t.equal(judged({ outcome: "reset" }, { on }), reset, `${on} reset`);
    t.equal(judged({ outcome: "cut" }, { on }), reset, `${on} cut`);
  }
});

t.test("statuses that are listed are tried again, whatever `on` says", async (t) => {
  const settings: Partial<RetrySettings> = { on: [], statuses: [502, 503] };
  const answered: Partial<Ended> = { outcome: "answered", status: 503 };
  t.equal(judged(answered, settings), "again");
  t.equal(judged({ ...answered, status: 500 }, settings), "final");
  t.equal(judged({ ...answered, method: "POST" }, settings), "unsafe");
});

t.test("what was refused with pushback is left alone", async (t) => {
  const answered: Partial<Ended> = { outcome: "answered", status: 503, pushback: true };
  t.equal(judged(answered, { statuses: [503] }), "pushback");
});

t.test("a try that took too long goes again only where tries have a limit", async (t) => {
  t.equal(judged({ outcome: "timed_out" }), "final");
  t.equal(judged({ outcome: "timed_out" }, { perTryTimeout: 100 }), "again");
  t.equal(judged({ outcome: "timed_out", method: "POST" }, { perTryTimeout: 100 }), "unsafe");
  t.equal(judged({ outcome: "timed_out", now: 2000 }, { perTryTimeout: 100 }), "deadline");
});

t.test("a try lasts until its own limit or the deadline, whichever comes first", async (t) => {
  const forever = Number.POSITIVE_INFINITY;
  t.equal(policy().until(1000, 2000), 2000);
  t.equal(policy().until(1000, forever), forever);
  t.equal(policy({ perTryTimeout: 300 }).until(1000, 2000), 1300);
  t.equal(policy({ perTryTimeout: 300 }).until(1900, 2000), 2000);
  t.equal(policy({ perTryTimeout: 300 }).until(1900, forever), 2200);
});

t.test("a request goes again as often as `attempts` says", async (t) => {
  t.equal(judged({ retries: 0 }, { attempts: 0 }), "final", "retries are off");
  t.equal(judged({ retries: 0 }, { attempts: 2 }), "again");
  t.equal(judged({ retries: 1 }, { attempts: 2 }), "again");
  t.equal(judged({ retries: 2 }, { attempts: 2 }), "attempts");
});

t.test("what is a retry already is not multiplied", async (t) => {
  t.equal(judged({ arrivedAs: 2 }), "already_retry");
  t.equal(judged({ arrivedAs: 2, outcome: "unreachable" }), "already_retry");
});

t.test("what was never sent goes elsewhere at once, and nobody pays", async (t) => {
  const spent = new Budget({ percent: 0, minimumPerSecond: 0 });
  const judge = (ended: Partial<Ended>) => policy({}, [spent]).judge({ ...RESET, ...ended }, 0.5);
  const unsent = { outcome: "unreachable", elsewhere: true, method: "POST" } as const;
  const free = { kind: "again", waitMs: 0, free: true };
  t.same(judge(unsent), free);
  t.same(judge({ ...unsent, outcome: "saturated", retries: 7, arrivedAs: 2 }), free);
  t.equal(said(judge({ ...unsent, outcome: "refused" })), "budget", "it came there");
  t.equal(
    said(judge({ ...unsent, elsewhere: false })),
    "budget",
    "again to the same one is a retry",
  );
  t.equal(said(judge({ elsewhere: true })), "budget", "so is what may have been sent");
  t.equal(said(judge({ ...unsent, bodyKept: false })), "unsafe");
  t.equal(said(judge({ ...unsent, now: 2000 })), "deadline");
  t.equal(judged(unsent, { attempts: 0 }), "final", "where nothing is tried again");
  t.equal(judged(unsent, { on: ["reset"] }), "final");
});

t.test("the wait is drawn, and grows with every retry", async (t) => {
  const rows: readonly (readonly [retries: number, chance: number, waitMs: number])[] = [
    [0, 0, 0],
    [0, 0.5, 10],
    [1, 0.5, 20],
    [2, 0.5, 40],
    [9, 0.5, 125],
  ];
  for (const [retries, chance, waitMs] of rows) {
    const verdict = policy({ attempts: 10 }).judge({ ...RESET, retries }, chance);
    t.same(verdict, { kind: "again", waitMs, free: false });
  }
});

t.test("a wait that the deadline would end is not begun", async (t) => {
  t.equal(judged({ deadline: 1010.5 }), "again", "10 ms of wait, and then there is time");
  t.equal(judged({ deadline: 1010 }), "deadline");
  t.equal(judged({ deadline: 999 }), "deadline");
  t.equal(judged({ deadline: Number.POSITIVE_INFINITY }), "again");
});

t.test("both budgets pay, and either can say no", async (t) => {
  const [route, cluster] = [{ percent: 0, minimumPerSecond: 1 }, PLENTY].map(
    (settings) => new Budget(settings),
  );
  if (route === undefined || cluster === undefined) throw new Error("two budgets");
  const both = policy({}, [route, cluster]);
  const all = cluster.remaining(1000);
  const verdicts = Array.from({ length: 12 }, () => said(both.judge(RESET, 0)));
  t.same(verdicts, [...Array<string>(10).fill("again"), "budget", "budget"]);
  t.equal(
    cluster.remaining(1000),
    all - 10,
    "a retry that the route denies costs the cluster none",
  );
  const others = policy({}, [cluster, route]);
  t.equal(said(others.judge(RESET, 0)), "budget");
  t.equal(cluster.remaining(1000), all - 10);
});

t.test("what is denied for another reason costs nothing", async (t) => {
  const budget = new Budget({ percent: 0, minimumPerSecond: 1 });
  const one = policy({ statuses: [503] }, [budget]);
  for (const ended of [
    { method: "POST" },
    { retries: 1 },
    { arrivedAs: 2 },
    { deadline: 1000 },
    { outcome: "answered", status: 503, pushback: true },
    { outcome: "answered", status: 200 },
  ] as const) {
    one.judge({ ...RESET, ...ended }, 0.5);
  }
  t.equal(budget.remaining(1000), 10);
});

t.test("what may be hedged is what could go again after a try that took too long", async (t) => {
  const may = (waiting: Partial<Ended>, attempts = 1): boolean =>
    policy({ attempts }).mayHedge({ ...RESET, ...waiting });
  t.ok(may({}));
  t.notOk(may({ method: "POST" }));
  t.notOk(may({ bodyKept: false }));
  t.notOk(may({ arrivedAs: 2 }), "of several layers one hedges");
  t.notOk(may({}, 0));
  t.notOk(may({ retries: 1 }), "it has had its tries");
  t.ok(may({ retries: 1 }, 2));
});

t.test(
  "a call goes again after the statuses of gRPC that the config lists, and no others",
  async (t) => {
    const call = { outcome: "answered", status: 200, method: "POST" } as const;
    const listed = { grpc: ["unavailable", "internal"] } as const;
    for (const grpc of [13, 14]) t.equal(judged({ ...call, grpc }, listed), "again");
    for (const grpc of [0, 1, 4, 8, 16, undefined])
      t.equal(judged({ ...call, grpc }, listed), "final");
    t.equal(judged({ ...call, grpc: 14 }), "final", "none are listed as it comes");
    t.equal(judged({ ...call, grpc: 14 }, { ...listed, attempts: 0 }), "final");
    t.equal(judged({ ...call, grpc: 14, pushback: true }, listed), "pushback");
    t.equal(judged({ ...call, grpc: 14, bodyKept: false }, listed), "unsafe");
    t.equal(judged({ ...call, outcome: "reset" }, listed), "unsafe", "it may have been worked on");
  },
);
