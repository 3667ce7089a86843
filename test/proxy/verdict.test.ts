// What an attempt says of its endpoint to the breaker.
import t from "tap";
import { endVerdictOf, verdictOf } from "../../src/proxy/verdict.ts";
import { response } from "./heads.ts";

const TRY = {
  head: undefined,
  clientLate: false,
  hasty: false,
  truncated: false,
  overdue: false,
  whole: false,
  grpc: false,
  grpcStatus: undefined,
};

const answered = (status: number, ...lines: string[]) =>
  verdictOf({ ...TRY, head: response(lines, status) }, "answered", 0);

t.test("an answer is a success, unless its status says that the endpoint failed", async (t) => {
  for (const status of [200, 204, 301, 404, 429, 499]) t.equal(answered(status), "success");
  for (const status of [500, 502, 503, 504, 507]) t.equal(answered(status), "failure");
});

t.test("501 and 505 are about the request", async (t) => {
  for (const status of [501, 505]) t.equal(answered(status), "success");
});

t.test("what another sidecar refused says nothing of the endpoint behind it", async (t) => {
  t.equal(answered(503, "x-tidegate-reason: queue_full"), "ignore");
});

t.test("no answer is a failure; no wish for one, or no connection to spare, is not", async (t) => {
  for (const outcome of ["unreachable", "reset", "cut", "malformed", "timed_out"] as const) {
    t.equal(verdictOf(TRY, outcome, 0), "failure", outcome);
  }
  for (const outcome of ["cancelled", "saturated"] as const) {
    t.equal(verdictOf(TRY, outcome, 0), "ignore", outcome);
  }
});

t.test("a deadline that was noticed long after it shows that we stood still", async (t) => {
  t.equal(verdictOf(TRY, "timed_out", 20), "failure");
  t.equal(verdictOf(TRY, "timed_out", 2000), "ignore");
});

t.test("a deadline that ended while the client was still sending is the client's", async (t) => {
  t.equal(verdictOf({ ...TRY, clientLate: true }, "timed_out", 0), "ignore");
});

t.test("nor does a time that anybody may have set", async (t) => {
  t.equal(verdictOf({ ...TRY, hasty: true }, "timed_out", 0), "ignore");
});

t.test(
  "a call that is over before its trailers is late, unless it was somebody's own haste",
  async (t) => {
    const over = { ...TRY, head: response([]), overdue: true };
    t.equal(endVerdictOf(over), "failure");
    t.equal(endVerdictOf({ ...over, hasty: true }), "ignore");
  },
);

t.test("an answer that broke off is a failure, whatever it began with", async (t) => {
  t.equal(verdictOf({ ...TRY, head: response([]), truncated: true }, "answered", 0), "failure");
});

const CALL = { ...TRY, head: response([]), grpc: true };

t.test("a call is judged by its own status, once that is known", async (t) => {
  t.equal(verdictOf(CALL, "answered", 0), "success", "good so far");
  const judged = (grpcStatus: number) => [
    endVerdictOf({ ...CALL, grpcStatus, whole: true }),
    verdictOf({ ...CALL, grpcStatus }, "answered", 0),
  ];
  for (const status of [2, 4, 13, 14, 15, 17]) t.same(judged(status), ["failure", "failure"]);
  for (const status of [0, 1, 3, 5, 6, 7, 8, 9, 10, 11, 12, 16]) {
    t.same(judged(status), ["success", "success"], String(status));
  }
  t.equal(endVerdictOf({ ...CALL, whole: true }), "failure", "it ended without a status");
  t.equal(endVerdictOf({ ...CALL, grpc: false, whole: true }), "success", "it was no call");
});

t.test("what another sidecar refused is no failure of the call either", async (t) => {
  const head = response(["grpc-status: 14", "x-tidegate-reason: queue_full"]);
  t.equal(verdictOf({ ...CALL, head, grpcStatus: 14 }, "answered", 0), "ignore");
});
