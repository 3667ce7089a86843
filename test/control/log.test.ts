import t from "tap";
import { createLog } from "../../src/control/log.ts";

function open(level: Parameters<typeof createLog>[0] = "info") {
  const lines: string[] = [];
  const log = createLog(level, { write: (line) => lines.push(line) });
  const last = (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? "{}");
  return { log, lines, last };
}

t.test("a message is one line of JSON with its level, its time and the process", async (t) => {
  const { log, lines, last } = open();
  log.info({ address: "127.0.0.1:80" }, "listening");
  t.equal(lines.length, 1);
  t.ok(lines[0]?.endsWith("}\n"));
  t.match(last(), { level: "info", pid: process.pid, address: "127.0.0.1:80", msg: "listening" });
  t.match(last().time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

t.test("what is below the level is not printed", async (t) => {
  const levels = ["debug", "info", "warn", "error"] as const;
  for (const [index, level] of levels.entries()) {
    const { log, lines } = open(level);
    for (const each of levels) log[each]("x");
    t.equal(lines.length, levels.length - index, level);
  }
});

t.test("secrets are not printed, wherever they stand", async (t) => {
  const { log, lines, last } = open();
  const canary = "canary-77";
  const secrets = {
    authorization: canary,
    "proxy-authorization": canary,
    cookie: canary,
    "set-cookie": [canary],
    token: canary,
    password: canary,
    secret: canary,
  };
  log.info({ ...secrets, headers: secrets, request: { headers: secrets, path: "/" } }, "x");
  t.notMatch(lines.join(""), canary);
  t.match(last(), { token: "[redacted]", request: { path: "/" } });
});

t.test("an error tells what it is and why, and nothing of what hangs on it", async (t) => {
  const { log, lines, last } = open();
  const cause = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
  const request = { headers: { "x-api-key": "canary-78" } };
  const err = Object.assign(new TypeError("fetch failed", { cause }), { request });
  log.error({ err }, "x");
  log.error(err, "y");
  t.notMatch(lines.join(""), "canary-78");
  t.match(last(), {
    err: {
      type: "TypeError",
      message: "fetch failed",
      stack: "log.test.ts",
      cause: { message: "refused", code: "ECONNREFUSED" },
    },
  });
  log.error({ err: "a string" }, "z");
  t.match(last(), { err: { message: "a string" } });
});

t.test("causes that go in a circle come to an end", async (t) => {
  const { log, last } = open();
  const err = new Error("one");
  err.cause = err;
  log.error({ err }, "x");
  t.match(last(), { err: { cause: { cause: { cause: { message: "one" } } } } });
});

t.test("lines are ASCII and on one line, whatever they are about", async (t) => {
  const { log, lines, last } = open();
  const text = 'é "\r\n\x1b[31m \u2028 😀 \ud800';
  log.info({ text }, text);
  t.match(lines[0], /^[\x20-\x7e]+\n$/);
  t.match(last(), { text, msg: text });
});
