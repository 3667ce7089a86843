import type { ServerHttp2Stream } from "node:http2";
import t from "tap";
import { until } from "../http1/endpoint.ts";
import { END_STREAM } from "../support/frames.ts";
import { frameBench, nodeBench } from "./peer.ts";

const ok = (stream: ServerHttp2Stream): void => {
  stream.respond([":status", "200", "x-a", "b", "x-a", "c"]);
  stream.end("hello");
};

t.test("a request goes out and its response is told as head, body and end", async (t) => {
  const seen: (readonly string[])[] = [];
  const { bench, peer } = await nodeBench(t, (stream, raw) => {
    seen.push(raw);
    ok(stream);
  });
  const stream = bench.take();
  t.match(stream, { reused: false });
  const listener = bench.get(
    stream,
    "GET",
    "X-B: c\r\nConnection: te\r\nte: trailers\r\nkeep-alive: 1\r\nX-B: d\r\n",
  );
  t.equal(stream.waits, true);
  const { head, body, whole } = await listener.ended();
  t.match(head, { status: 200, phrase: "OK", framing: { kind: "chunked" } });
  t.strictSame([head?.fields.named("x-a"), body, whole], [["b", "c"], "hello", true]);
  t.strictSame(seen, [
    [":method", "GET", ":scheme", "http", ":authority", "a.test", ":path", "/path"].concat([
      "x-b",
      "c",
      "te",
      "trailers",
      "x-b",
      "d",
    ]),
  ]);
  await until(() => bench.pool.streams.open === 0);
  t.match(bench.get(bench.take()), { failure: undefined });
  t.equal(peer.sessions.length, 1);
});

t.test("bodies and trailers go both ways", async (t) => {
  const { bench } = await nodeBench(t, (stream) => {
    let body = "";
    let sum: unknown;
    stream.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    stream.on("trailers", (trailers) => {
      sum = trailers["x-sum"];
    });
    stream.on("end", () => {
      stream.respond({ ":status": 200 }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "x-len": String(body.length) }));
      stream.end(`${body} ${sum}`);
    });
  });
  const stream = bench.take();
  const listener = bench.post(stream);
  t.equal(stream.write(Buffer.from("one")), false, "there is no stream yet");
  await listener.bell.until(() => listener.drains === 1);
  t.equal(stream.write(Buffer.from("two")), true);
  stream.end("x-sum: 6\r\n");
  const { body, trailers } = await listener.ended();
  t.strictSame([body, trailers?.named("x-len")], ["onetwo 6", ["6"]]);
  t.equal(stream.bodySentAt, bench.clock.wheel.time);
});

t.test("a body of known length and one that turns out to be without trailers", async (t) => {
  const { bench } = await nodeBench(t, (stream, raw) => {
    let body = "";
    stream.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    stream.on("end", () => {
      stream.respond({ ":status": 200 });
      stream.end(`${body} ${raw.includes("content-length")}`);
    });
  });
  for (const chunked of [true, false]) {
    const stream = bench.take();
    const listener = bench.post(stream, chunked);
    stream.write(Buffer.from("hello"));
    stream.end("");
    t.equal((await listener.ended()).body, `hello ${!chunked}`);
  }
});

t.test("interim responses are told, then the final one", async (t) => {
  const { bench } = await nodeBench(t, (stream) => {
    stream.additionalHeaders({ ":status": 103, link: "x" });
    stream.additionalHeaders({ ":status": 100 });
    ok(stream);
  });
  t.match(await bench.get().ended(), { interims: [103, 100], body: "hello" });
});

t.test("responses without a body end with their head", async (t) => {
  const { bench } = await nodeBench(t, (stream, raw) => {
    if (raw[1] === "HEAD") stream.respond({ ":status": 200, "content-length": 5 });
    else stream.respond({ ":status": raw[1] === "GET" ? 204 : 304 }, { endStream: true });
  });
  t.match(await bench.get().ended(), { head: { status: 204, framing: { kind: "none" } } });
  t.match(await bench.get(bench.take(), "OPTIONS").ended(), { head: { status: 304 } });
  const { head, body } = await bench.get(bench.take(), "HEAD").ended();
  t.strictSame([head?.fields.named("content-length"), body], [["5"], ""]);
  await until(() => bench.pool.streams.open === 0);
});

/** What makes a response malformed before and after its head, and what is told of it. */
const BROKEN: readonly (readonly [why: string, fields: [string, string][], failure: string])[] = [
  ["no status", [["x", "y"]], "malformed"],
  ["a short status", [[":status", "20"]], "malformed"],
  ["a long status", [[":status", "2000"]], "malformed"],
  ["a status that is no number", [[":status", "2x0"]], "malformed"],
  ["status 000", [[":status", "000"]], "malformed"],
  ["101", [[":status", "101"]], "malformed"],
  [
    "two statuses",
    [
      [":status", "200"],
      [":status", "200"],
    ],
    "malformed",
  ],
  [
    "a pseudo-header of requests",
    [
      [":status", "200"],
      [":path", "/"],
    ],
    "malformed",
  ],
  [
    "a pseudo-header behind a field",
    [
      ["x", "y"],
      [":status", "200"],
    ],
    "malformed",
  ],
  [
    "connection",
    [
      [":status", "200"],
      ["connection", "close"],
    ],
    "malformed",
  ],
  [
    "transfer-encoding",
    [
      [":status", "200"],
      ["transfer-encoding", "chunked"],
    ],
    "malformed",
  ],
  [
    "upgrade",
    [
      [":status", "200"],
      ["upgrade", "x"],
    ],
    "malformed",
  ],
  [
    "keep-alive",
    [
      [":status", "200"],
      ["keep-alive", "1"],
    ],
    "malformed",
  ],
  [
    "proxy-connection",
    [
      [":status", "200"],
      ["proxy-connection", "x"],
    ],
    "malformed",
  ],
  [
    "two lengths",
    [
      [":status", "200"],
      ["content-length", "1"],
      ["content-length", "1"],
    ],
    "malformed",
  ],
  [
    "a length with a sign",
    [
      [":status", "200"],
      ["content-length", "+1"],
    ],
    "malformed",
  ],
];

t.test("a malformed head is told as such, and the next request is none the worse", async (t) => {
  for (const [why, fields, failure] of BROKEN) {
    const { bench } = await frameBench(t, {
      request(link, stream) {
        if (stream === 1) link.headers(stream, fields);
        else link.headers(stream, { ":status": "204" }, END_STREAM);
      },
    });
    t.match(await bench.get().ended(), { failure, head: undefined }, why);
    t.match(await bench.get().ended(), { head: { status: 204 } }, `after ${why}`);
  }
});

t.test("fields that may not be there never get through", async (t) => {
  const odd: [string, string][] = [
    ["X-Upper", "1"],
    ["x y", "1"],
    ["x:y", "1"],
    ["", "1"],
    ["x-nul", "a\0b"],
    ["x-cr", "a\rb"],
    ["x-lf", "a\nb"],
    ["x-lead", " a"],
    ["x-trail", "a\t"],
  ];
  for (const field of odd) {
    const { bench } = await frameBench(t, {
      request: (link, stream) =>
        link.headers(stream, [[":status", "200"], field, ["x-good", "1"]], END_STREAM),
    });
    const { head, failure } = await bench.get().ended();
    const lines = head === undefined ? "" : head.fields.text;
    t.ok(failure === "malformed" || lines === "x-good: 1\r\n", JSON.stringify([field, lines]));
  }
});
