// What a request says of its way and of its client, to an endpoint.
import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import {
  attemptCount,
  endsHere,
  expectedTimeout,
  isLoop,
  requestIdOf,
} from "../../src/proxy/headers.ts";
import { FRIEND, parse, request, STRANGER, sent } from "./heads.ts";

const CLAIMS = [
  ...[
    "X-Forwarded-For: 10.0.0.1",
    "X-Forwarded-For: 10.0.0.2, 10.0.0.3",
    "X-Forwarded-Proto: https",
  ],
  ...["X-Forwarded-Host: b.test", "Forwarded: for=10.0.0.1", "X-Criticality: critical"],
  ...[
    "X-Shed-Priority: 1",
    "X-Envoy-Attempt-Count: 7",
    "X-Tidegate-Reason: x",
    "X-Tidegate-Tier: y",
  ],
  "X-Envoy-Expected-Rq-Timeout-Ms: 100",
];

t.test(
  "a stranger is not believed: its claims are replaced by what we see, or dropped",
  async (t) => {
    const all = sent(request(CLAIMS));
    t.match(all, {
      "x-forwarded-for": ["192.0.2.7"],
      "x-forwarded-proto": ["http"],
      "x-forwarded-host": ["a.test"],
      "x-envoy-attempt-count": ["1"],
    });
    const dropped = [
      ...["forwarded", "x-criticality", "x-shed-priority"],
      ...["x-tidegate-reason", "x-tidegate-tier", "x-envoy-expected-rq-timeout-ms"],
    ];
    t.same(
      dropped.filter((name) => name in all),
      [],
    );
  },
);

t.test("a trusted peer is believed, and becomes the last of the chain", async (t) => {
  t.match(sent(request(CLAIMS), { peer: FRIEND }), {
    "x-forwarded-for": ["10.0.0.1, 10.0.0.2, 10.0.0.3, 127.0.0.1"],
    "x-forwarded-proto": ["https"],
    "x-forwarded-host": ["b.test"],
    forwarded: ["for=10.0.0.1"],
    "x-criticality": ["critical"],
    "x-shed-priority": ["1"],
  });
});

t.test("what a trusted peer does not say is said by us", async (t) => {
  t.match(sent(request(), { peer: FRIEND }), {
    "x-forwarded-for": ["127.0.0.1"],
    "x-forwarded-proto": ["http"],
    "x-forwarded-host": ["a.test"],
  });
});

t.test("a peer without an address adds none", async (t) => {
  const peer = { address: "", trusted: false };
  t.equal(sent(request(CLAIMS), { peer })["x-forwarded-for"], undefined);
  const trusted = sent(request(CLAIMS), { peer: { ...peer, trusted: true } });
  t.same(trusted["x-forwarded-for"], ["10.0.0.1, 10.0.0.2, 10.0.0.3"]);
});

t.test("every field of ours is there once, whoever asks", async () => {
  const claim = fc.constantFrom(
    ...CLAIMS,
    "X-Request-Id: a",
    "X-Request-Id:",
    "Via: 1.1 b",
    "TE: trailers",
  );
  fc.assert(
    fc.property(fc.array(claim, { maxLength: 8 }), fc.boolean(), (lines, trusted) => {
      const unique = [...new Set(lines)];
      const all = sent(request(unique), { peer: { ...FRIEND, trusted }, remainingMs: 10 });
      const ours = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"];
      for (const name of [...ours, "x-envoy-expected-rq-timeout-ms", "host"]) {
        assert.equal(all[name]?.length, 1, name);
      }
      assert.equal(all["x-request-id"]?.filter((id) => id !== "").length, 1);
      assert.equal(all.via?.at(-1), "1.1 tidegate");
    }),
  );
});

t.test("a request keeps the id that it came with, and gets one when it has none", async (t) => {
  t.equal(requestIdOf(request(["X-Request-ID: abc"])), "abc");
  t.same(sent(request(["X-Request-ID: abc"]))["x-request-id"], ["abc"]);
  t.equal(requestIdOf(request()), undefined);
  t.same(sent(request())["x-request-id"], ["our-id"]);
});

t.test("an empty id is no id, and does not go on beside ours", async (t) => {
  t.equal(requestIdOf(request(["X-Request-ID:"])), undefined);
  t.same(sent(request(["X-Request-ID:"]))["x-request-id"], ["our-id"]);
});

t.test("Via names the version in which the request came", async (t) => {
  t.same(sent(request(["Via: 1.0 b"])).via, ["1.0 b", "1.1 tidegate"]);
  t.same(sent(request([], "GET / HTTP/1.0")).via, ["1.0 tidegate"]);
});

t.test("a request that was here more than ten times goes in a circle", async (t) => {
  const visits = (count: number) => Array<string>(count).fill("Via: 1.1 tidegate");
  t.equal(isLoop(request()), false);
  t.equal(isLoop(request(visits(10))), false);
  t.equal(isLoop(request(visits(11))), true);
  t.equal(isLoop(request([`Via: ${Array(11).fill("1.1 Tidegate").join(", ")}`])), true);
  t.equal(isLoop(request([...visits(6), "Via: 1.1 other, 1.1\ttidegate (x)", ...visits(4)])), true);
  t.equal(isLoop(request(Array<string>(50).fill("Via: 1.1 tidegate-2, 1.1 other"))), false);
});

t.test("Max-Forwards counts down for OPTIONS alone, and ends at 0", async (t) => {
  const options = (value: string) => request([`Max-Forwards: ${value}`], "OPTIONS / HTTP/1.1");
  t.same(sent(options("3"))["max-forwards"], ["2"]);
  t.same(sent(options("1"))["max-forwards"], ["0"]);
  t.equal(endsHere(options("1")), false);
  t.equal(endsHere(options("0")), true);
  t.equal(endsHere(options("00")), true);
  t.equal(endsHere(request(["Max-Forwards: 0"])), false);
  t.same(sent(request(["Max-Forwards: 3"]))["max-forwards"], ["3"]);
});

t.test("a Max-Forwards that is no number neither counts nor ends", async (t) => {
  for (const value of ["", "x", "-0", "0x0", "0.0", "0e1", "1, 0"]) {
    const head = request([`Max-Forwards: ${value}`], "OPTIONS / HTTP/1.1");
    t.equal(endsHere(head), false, JSON.stringify(value));
    t.equal(sent(head)["max-forwards"], undefined, JSON.stringify(value));
  }
});

t.test("HTTP/1.0 without Host gets one: the target's, or else the endpoint's", async (t) => {
  const bare = parse("GET / HTTP/1.0\r\n\r\n").head;
  t.match(sent(bare), { host: ["127.0.0.1:80"] });
  t.equal(sent(bare)["x-forwarded-host"], undefined);
  const absolute = parse("GET http://a.test:8/x HTTP/1.0\r\n\r\n").head;
  t.same(sent(absolute).host, ["a.test:8"]);
});

t.test("the time that is left is told in whole milliseconds, at least one", async (t) => {
  const told = (remainingMs: number) =>
    sent(request(), { remainingMs })["x-envoy-expected-rq-timeout-ms"];
  t.same(told(1500.9), ["1500"]);
  t.same(
    told(32220.399116559438 + 1500 - 32220.399116559438),
    ["1500"],
    "as the difference of two times",
  );
  t.same(told(0.2), ["1"]);
  t.same(told(-5), ["1"]);
  t.equal(told(Number.POSITIVE_INFINITY), undefined);
});

t.test("only a trusted peer says that it tries again, and the most of it counts", async (t) => {
  const head = request([
    ...["X-Envoy-Attempt-Count: 2", "X-Envoy-Attempt-Count: 3"],
    "X-Envoy-Attempt-Count: many",
  ]);
  t.equal(attemptCount(head, FRIEND), 3);
  t.equal(attemptCount(head, STRANGER), 1);
  for (const lines of [[], ["X-Envoy-Attempt-Count: 0"], ["X-Envoy-Attempt-Count: -2"]]) {
    t.equal(attemptCount(request(lines), FRIEND), 1);
  }
  t.same(sent(head, { peer: FRIEND, attempt: 4 })["x-envoy-attempt-count"], ["4"]);
});

t.test("only a trusted peer's patience is believed, and the least of it", async (t) => {
  const head = request([
    "X-Envoy-Expected-Rq-Timeout-Ms: 200",
    "X-Envoy-Expected-Rq-Timeout-Ms: 100",
    "X-Envoy-Expected-Rq-Timeout-Ms: soon",
  ]);
  t.equal(expectedTimeout(head, FRIEND), 100);
  t.equal(expectedTimeout(head, STRANGER), Number.POSITIVE_INFINITY);
  t.equal(expectedTimeout(request(), FRIEND), Number.POSITIVE_INFINITY);
  const strange = request(["X-Envoy-Expected-Rq-Timeout-Ms: -1"]);
  t.equal(expectedTimeout(strange, FRIEND), Number.POSITIVE_INFINITY);
});
