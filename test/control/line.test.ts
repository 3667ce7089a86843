import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { accessLine, escaped, LINE_BYTES } from "../../src/control/line.ts";
import type { AccessRecord } from "../../src/core/access.ts";
import { OUTCOMES, type Outcome } from "../../src/core/outcome.ts";
import { REFUSALS, type Reason } from "../../src/core/refusal.ts";

const RECORD: AccessRecord = {
  time: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
  listener: "inbound",
  route: "all",
  cluster: "app",
  endpoint: "127.0.0.1:3000",
  peer: "10.0.0.9",
  protocol: "HTTP/1.1",
  method: "GET",
  host: "example.org:8080",
  path: "/api/things",
  status: 200,
  grpcStatus: undefined,
  reason: undefined,
  tier: undefined,
  detail: undefined,
  outcome: "answered",
  ending: "complete",
  attempts: 1,
  hedge: undefined,
  admission: undefined,
  requestId: "a-b-c",
  bytesIn: 0,
  bytesOut: 48,
  durationMs: 1.23456,
};

const parse = (record: AccessRecord): Record<string, unknown> => JSON.parse(accessLine(record));

t.test("a request that was answered is one line with what is known of it", async (t) => {
  const line = accessLine(RECORD);
  t.ok(line.endsWith("}\n"));
  t.strictSame(Object.entries(JSON.parse(line)), [
    ["time", "2026-01-02T03:04:05.678Z"],
    ["listener", "inbound"],
    ["route", "all"],
    ["cluster", "app"],
    ["endpoint", "127.0.0.1:3000"],
    ["peer", "10.0.0.9"],
    ["protocol", "HTTP/1.1"],
    ["method", "GET"],
    ["host", "example.org:8080"],
    ["path", "/api/things"],
    ["status", 200],
    ["outcome", "answered"],
    ["ending", "complete"],
    ["attempts", 1],
    ["request_id", "a-b-c"],
    ["bytes_in", 0],
    ["bytes_out", 48],
    ["duration_ms", 1.235],
  ]);
});

t.test("a call of gRPC says how it ended", async (t) => {
  t.match(parse({ ...RECORD, grpcStatus: 14 }), { status: 200, grpc_status: 14 });
});

t.test("a request that was hedged says what came of it", async (t) => {
  const parsed = parse({ ...RECORD, attempts: 2, hedge: "won" });
  t.match(parsed, { attempts: 2, hedge: "won" });
});

t.test("a refusal has its reason and the flag of the table", async (t) => {
  const record = { ...RECORD, status: 400, reason: "bad_request", detail: "two hosts" } as const;
  t.match(parse(record), { reason: "bad_request", flag: "DPE", detail: "two hosts" });
  for (const reason of Object.keys(REFUSALS).filter((each): each is Reason => each in REFUSALS)) {
    t.equal(parse({ ...RECORD, reason }).flag, REFUSALS[reason].flag);
  }
});

t.test("what is not known is left out", async (t) => {
  const nothing = {
    route: undefined,
    cluster: undefined,
    endpoint: undefined,
    outcome: undefined,
    requestId: undefined,
  };
  const line = parse({ ...RECORD, ...nothing });
  const absent = [
    "route",
    "cluster",
    "endpoint",
    "outcome",
    "request_id",
    "reason",
    "flag",
    "tier",
  ];
  t.notOk(absent.some((key) => key in line));
});

t.test("the time is right across seconds and years", async (t) => {
  const times = [0, 1, 99, 999, 1000, 1_700_000_000_999, 1_700_000_001_000, 1_699_999_999_001.9];
  for (const time of [...times, ...times.toReversed()]) {
    t.equal(parse({ ...RECORD, time }).time, new Date(time).toISOString());
  }
});

t.test("a query and a password never get into a line, should a record hold them", async (t) => {
  const path = "/login?token=canary";
  const host = "user:canary@example.org";
  t.match(parse({ ...RECORD, path, host }), { path: "/login", host: "example.org" });
  t.notMatch(accessLine({ ...RECORD, path, host }), "canary");
});

t.test("quotes, line ends, escapes and bytes above 0x7e stay within their value", async (t) => {
  const nasty = '"},{"status":1}\r\n\x00\x1b[31m\\\x7f\x85é\u2028\ud800';
  const record = { ...RECORD, path: nasty, host: nasty, detail: nasty, requestId: nasty };
  const line = accessLine(record);
  t.match(line, /^[\x20-\x7e]+\n$/, "ASCII on one line");
  const { path, host, detail, request_id, status } = JSON.parse(line);
  t.strictSame([path, host, detail, request_id], [nasty, nasty, nasty, nasty]);
  t.equal(status, 200);
});

t.test("a value is cut where its limit is, never within an escape", async (t) => {
  t.equal(escaped("abcdef", 6), "abcdef");
  t.equal(escaped("abcdefg", 6), "abcdef");
  t.equal(escaped("ab\ncd", 7), "ab", "\\u000a has no room after it");
  t.equal(escaped("ab\ncd", 8), "ab\\u000a");
  t.equal(escaped('a"', 2), "a");
  t.equal(String(parse({ ...RECORD, path: `/${"a".repeat(3000)}` }).path).length, 1024);
});

t.test("whatever a client sends, the line is JSON that fits into a pipe at once", async (t) => {
  const units = { maxLength: 3000, size: "max" } as const;
  const value = fc
    .oneof(fc.uint8Array(units), fc.uint16Array(units))
    .map((codes) => String.fromCharCode(...codes));
  const maybe = fc.option(value, { nil: undefined });
  const fields = fc.record({
    listener: value,
    route: maybe,
    cluster: maybe,
    endpoint: maybe,
    peer: value,
    method: value,
    host: value,
    path: value,
    detail: maybe,
    requestId: maybe,
    reason: fc.constantFrom<Reason>("headers_too_large", "upstream_protocol"),
    tier: fc.constant("fallback" as const),
    outcome: fc.constantFrom<Outcome>("unreachable", "saturated"),
    ending: fc.constant("upstream_truncated" as const),
    bytesOut: fc.maxSafeNat(),
    durationMs: fc.double({ min: 0, max: 1e12, noNaN: true }),
  });
  const property = fc.property(fields, (given) => {
    const record = { ...RECORD, ...given, attempts: Number.MAX_SAFE_INTEGER, time: 8.64e15 };
    const line = accessLine(record);
    assert.ok(line.length <= LINE_BYTES);
    assert.match(line, /^[\x20-\x7e]+\n$/);
    const parsed = JSON.parse(line);
    const host = given.host.slice(given.host.lastIndexOf("@") + 1);
    assert.ok(host.startsWith(parsed.host));
    assert.ok(given.path.startsWith(parsed.path));
    assert.ok(given.method.startsWith(parsed.method));
    assert.equal((given.requestId ?? "").startsWith(parsed.request_id ?? ""), true);
  });
  t.doesNotThrow(() => fc.assert(property, { numRuns: 150 }));
});

t.test("every outcome can be printed as it is", async (t) => {
  for (const word of [...Object.keys(OUTCOMES), ...Object.keys(REFUSALS)]) {
    t.equal(escaped(word, 64), word);
  }
});
