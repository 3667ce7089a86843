import t from "tap";
import { type AccessLogOptions, createAccessLog } from "../../src/control/accesslog.ts";
import type { Random } from "../../src/core/clock.ts";

/** Chance that has been decided before. */
class Dice implements Random {
  readonly #numbers: number[];
  thrown = 0;

  constructor(...numbers: number[]) {
    this.#numbers = numbers;
  }
  next(): number {
    return this.#numbers[this.thrown++ % this.#numbers.length] ?? 0;
  }
  id(): string {
    return "id";
  }
}

function open(options: Partial<AccessLogOptions>) {
  const lines: string[] = [];
  const log = createAccessLog({
    mode: "all",
    sample: 0.1,
    random: new Dice(0.5),
    lines: { write: (line) => lines.push(line) },
    ...options,
  });
  return { log, lines };
}

const ERRORS = [0, 400, 404, 499, 500, 503, 599];
const OTHERS = [101, 200, 204, 304, 399];

t.test("off wants nothing, all wants everything", async (t) => {
  const off = open({ mode: "off" }).log;
  const all = open({ mode: "all" }).log;
  for (const status of [...ERRORS, ...OTHERS]) {
    t.equal(off.wants(status), false, `off ${status}`);
    t.equal(all.wants(status), true, `all ${status}`);
  }
});

t.test("errors wants what failed: 400 and above, and what did not end well", async (t) => {
  const { log } = open({ mode: "errors" });
  for (const status of ERRORS) t.equal(log.wants(status), true, `${status}`);
  for (const status of OTHERS) t.equal(log.wants(status), false, `${status}`);
});

t.test("sampled wants every error without asking chance", async (t) => {
  const random = new Dice(0.999);
  const { log } = open({ mode: "sampled", sample: 0.01, random });
  for (const status of ERRORS) t.equal(log.wants(status), true, `${status}`);
  t.equal(random.thrown, 0);
});

t.test("sampled wants the given share of the rest", async (t) => {
  const random = new Dice(0, 0.0999, 0.1, 0.5, 0.999);
  const { log } = open({ mode: "sampled", sample: 0.1, random });
  const wanted = [1, 2, 3, 4, 5].map(() => log.wants(200));
  t.strictSame(wanted, [true, true, false, false, false]);
  const all = open({ mode: "sampled", sample: 1, random: new Dice(0.999_999) }).log;
  t.equal(all.wants(200), true, "a share of 1 is all of them");
});

t.test("what is written is one line for each record", async (t) => {
  const { log, lines } = open({});
  const record = {
    time: 0,
    listener: "inbound",
    route: undefined,
    cluster: undefined,
    endpoint: undefined,
    peer: "::1",
    protocol: "HTTP/1.0",
    method: "GET",
    host: "",
    path: "/",
    status: 404,
    grpcStatus: undefined,
    reason: "no_route",
    tier: undefined,
    detail: undefined,
    outcome: undefined,
    ending: "complete",
    attempts: 0,
    hedge: undefined,
    admission: undefined,
    requestId: undefined,
    bytesIn: 0,
    bytesOut: 9,
    durationMs: 0.1,
  } as const;
  log.write(record);
  log.write(record);
  t.equal(lines.length, 2);
  t.match(JSON.parse(lines[0] ?? ""), { status: 404, reason: "no_route", flag: "NR" });
});
