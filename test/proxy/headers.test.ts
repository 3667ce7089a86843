import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import type { Peer, RequestHead, ResponseHead } from "../../src/core/exchange.ts";
import { INCOMPLETE } from "../../src/http1/lines.ts";
import { type ParsedRequest, parseRequest } from "../../src/http1/request.ts";
import { parseResponse } from "../../src/http1/response.ts";
import {
  endsHere,
  expectedTimeout,
  isLoop,
  type Onward,
  requestIdOf,
  requestText,
  responseFields,
} from "../../src/proxy/headers.ts";
import { body, framingText, line, linesText, path } from "../http1/arbitrary.ts";

const LIMITS = { uriBytes: 8192, headerBytes: 100_000, headers: 500, bodyBytes: 0 };
const STRANGER: Peer = { address: "192.0.2.7", trusted: false };
const FRIEND: Peer = { address: "127.0.0.1", trusted: true };
const ONWARD: Onward = {
  peer: STRANGER,
  requestId: "our-id",
  remainingMs: Number.POSITIVE_INFINITY,
  fallbackHost: "127.0.0.1:80",
  upgrade: undefined,
};

function parse(text: string): ParsedRequest {
  const parsed = parseRequest(text, LIMITS);
  if (parsed === INCOMPLETE) throw new Error(`incomplete: ${text}`);
  if ("reason" in parsed) throw new Error(`${parsed.detail}: ${text}`);
  return parsed;
}

/** A request with these field lines beside Host. */
function request(lines: readonly string[] = [], line = "GET / HTTP/1.1"): RequestHead {
  return parse(`${[line, "Host: a.test", ...lines].join("\r\n")}\r\n\r\n`).head;
}

function response(lines: readonly string[], status = 200): ResponseHead {
  const text = `${[`HTTP/1.1 ${status} X`, ...lines].join("\r\n")}\r\n\r\n`;
  const parsed = parseResponse(text, "GET", LIMITS);
  if (parsed === INCOMPLETE || "reason" in parsed) throw new Error(`not a response: ${text}`);
  return parsed.head;
}

/** What an endpoint is sent, by name. */
function sent(head: RequestHead, onward: Partial<Onward> = {}): Record<string, string[]> {
  const text = requestText(head, { ...ONWARD, ...onward });
  const { fields } = parse(text).head;
  const all: Record<string, string[]> = {};
  for (let i = 0; i < fields.count; i++) {
    const name = fields.name(i).toLowerCase();
    all[name] = [...(all[name] ?? []), fields.value(i)];
  }
  return all;
}

function relayed(head: ResponseHead, lines: readonly string[] = []): string[] {
  return responseFields(head, request(lines)).split("\r\n").slice(0, -1);
}

t.test(
  "what is end-to-end goes on in order, case and number, and frames the same body",
  async () => {
    const lines = fc.array(line, { maxLength: 6 });
    fc.assert(
      fc.property(path, lines, body, fc.boolean(), (target, fields, what, trusted) => {
        const own = `${linesText(fields)}${framingText(what)}`;
        const { head } = parse(`POST ${target} HTTP/1.1\r\nhOsT: A.test\r\n${own}\r\n`);
        const peer = { ...STRANGER, trusted };
        const text = requestText(head, { ...ONWARD, peer });
        const onward = parse(text);
        assert.equal(onward.end, text.length);
        assert.deepEqual(onward.head.framing, head.framing);
        assert.deepEqual([onward.head.method, onward.head.target], ["POST", target]);
        assert.ok(text.includes(`\r\nhOsT: A.test\r\n${linesText(fields)}`), text);
        assert.equal(onward.keepAlive, true);
      }),
    );
  },
);

const HOP = [
  ...["Keep-Alive: timeout=5", "Proxy-Connection: keep-alive", "Proxy-Authorization: Basic eA=="],
  ...["Proxy-Authenticate: Basic", "Proxy-Authentication-Info: x", "TE: gzip"],
  ...["Upgrade: h2c", "HTTP2-Settings: AAAA", "Connection: keep-alive, HTTP2-Settings, Upgrade"],
];

t.test("hop-by-hop fields stay here, in requests", async (t) => {
  const all = sent(request([...HOP, "X-A: b"]));
  const names = HOP.map((hop) => (hop.split(":")[0] ?? "").toLowerCase());
  t.same(
    names.filter((name) => name in all),
    [],
  );
  t.same(all["x-a"], ["b"]);
});

t.test("hop-by-hop fields stay here, in responses", async (t) => {
  const kept = relayed(response([...HOP, "Transfer-Encoding: chunked", "Trailer: X-A", "X-A: b"]));
  t.same(kept, ["X-A: b"]);
});

t.test("what Connection names stays here, on any line and in any case", async (t) => {
  const lines = [
    "Connection: X-A, x-b",
    "x-a: 1",
    "X-C: 2",
    "connection: ,X-D",
    "X-B: 3",
    "x-d: 4",
  ];
  const all = sent(request([...lines, "X-A: 5"]));
  t.same(
    ["x-a", "x-b", "x-c", "x-d"].map((name) => all[name]),
    [undefined, undefined, ["2"], undefined],
  );
  t.same(relayed(response(lines)), ["X-C: 2"]);
});

t.test("Connection cannot name what frames, routes or identifies a request", async (t) => {
  const named =
    "Connection: host, content-length, via, x-request-id, x-forwarded-for, x-forwarded-proto, " +
    "x-forwarded-host, forwarded, max-forwards, expect, x-criticality, x-envoy-expected-rq-timeout-ms";
  const lines = ["Content-Length: 3", "Via: 1.1 b", "X-Request-Id: c", "X-Forwarded-For: 10.0.0.1"];
  const more = [
    "X-Forwarded-Proto: https",
    "X-Forwarded-Host: d",
    "Forwarded: for=e",
    "X-Criticality: f",
  ];
  const all = sent(request([named, ...lines, ...more], "POST / HTTP/1.1"), { peer: FRIEND });
  t.match(all, {
    host: ["a.test"],
    "content-length": ["3"],
    via: ["1.1 b", "1.1 tidegate"],
    "x-request-id": ["c"],
    "x-forwarded-for": ["10.0.0.1, 127.0.0.1"],
    "x-forwarded-proto": ["https"],
    "x-forwarded-host": ["d"],
    forwarded: ["for=e"],
    "x-criticality": ["f"],
  });
});

t.test("Connection cannot take the length from a response", async (t) => {
  const kept = relayed(
    response(["Connection: content-length, x-a", "Content-Length: 3", "X-A: b"]),
  );
  t.same(kept, ["Content-Length: 3"]);
});

const CLAIMS = [
  ...[
    "X-Forwarded-For: 10.0.0.1",
    "X-Forwarded-For: 10.0.0.2, 10.0.0.3",
    "X-Forwarded-Proto: https",
  ],
  ...["X-Forwarded-Host: b.test", "Forwarded: for=10.0.0.1", "X-Criticality: critical"],
  ...[
    "X-Shed-Priority: 1",
    "X-Envoy-Attempt-Count: 1",
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
    });
    const dropped = [
      ...["forwarded", "x-criticality", "x-shed-priority", "x-envoy-attempt-count"],
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
    "x-envoy-attempt-count": ["1"],
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
  t.same(told(0.2), ["1"]);
  t.same(told(-5), ["1"]);
  t.equal(told(Number.POSITIVE_INFINITY), undefined);
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

t.test("an expectation, an upgrade and a wish for trailers are said anew", async (t) => {
  const waits = request(["Expect: 100-continue", "Content-Length: 1"], "POST / HTTP/1.1");
  t.same(sent(waits).expect, ["100-continue"]);
  t.equal(sent(request(["Expect: 100-continue"])).expect, undefined);
  const offer = request(["Connection: upgrade", "Upgrade: websocket"]);
  t.match(sent(offer, { upgrade: "websocket" }), {
    connection: ["upgrade"],
    upgrade: ["websocket"],
  });
  t.equal(sent(offer).upgrade, undefined);
  t.match(sent(request(["TE: trailers, gzip"])), { connection: ["te"], te: ["trailers"] });
});

t.test("a response keeps its fields in order, case and number", async () => {
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
      const texts = lines.map((each) => linesText([each]).slice(0, -2));
      assert.deepEqual(relayed(response(texts)), texts);
    }),
  );
});

t.test("Trailer is relayed to a client that wants trailers", async (t) => {
  t.same(relayed(response(["Trailer: X-A"]), ["TE: trailers"]), ["Trailer: X-A"]);
  t.same(relayed(response(["Trailer: X-A"])), []);
});

t.test("a response that can have no body has no length, but for HEAD and 304", async (t) => {
  for (const status of [204, 103, 101])
    t.same(relayed(response(["Content-Length: 3"], status)), []);
  t.same(relayed(response(["Content-Length: 3"], 304)), ["Content-Length: 3"]);
});
