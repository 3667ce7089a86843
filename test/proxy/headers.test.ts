import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { requestText } from "../../src/proxy/headers.ts";
import { body, framingText, line, linesText, path } from "../http1/arbitrary.ts";
import { FRIEND, ONWARD, parse, relayed, request, response, STRANGER, sent } from "./heads.ts";

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

t.test(
  "another Tidegate's reason and tier go on, but for the tier where we say our own",
  async (t) => {
    const head = response(["X-Tidegate-Tier: fallback", "X-Tidegate-Reason: no_endpoint"]);
    t.same(relayed(head), ["X-Tidegate-Tier: fallback", "X-Tidegate-Reason: no_endpoint"]);
    t.same(relayed(head, [], true), ["X-Tidegate-Reason: no_endpoint"]);
  },
);
