// How streams and sessions end, and what is told of it.
import { constants } from "node:http2";
import t from "tap";
import { until } from "../http1/endpoint.ts";
import type { FrameLink } from "../support/framepeer.ts";
import { END_STREAM, frame, frameOf } from "../support/frames.ts";
import { frameBench } from "./peer.ts";

const HEAD = { ":status": "200" };
const SIZED = { ":status": "200", "content-length": "5" };

type Ending = readonly [
  what: string,
  answer: (link: FrameLink, stream: number) => void,
  failure: string | undefined,
  detail?: RegExp,
];

const ENDINGS: readonly Ending[] = [
  ["refused", (link, id) => link.rst(id, constants.NGHTTP2_REFUSED_STREAM), "refused", /REFUSED/],
  ["cancelled", (link, id) => link.rst(id, constants.NGHTTP2_CANCEL), "reset", /CANCEL/],
  ["failed", (link, id) => link.rst(id, constants.NGHTTP2_INTERNAL_ERROR), "reset", /INTERNAL/],
  ["calmed", (link, id) => link.rst(id, constants.NGHTTP2_ENHANCE_YOUR_CALM), "reset"],
  ["ended with nothing", (link, id) => link.rst(id, constants.NGHTTP2_NO_ERROR), "reset"],
  ["told HTTP/1.1", (link, id) => link.rst(id, constants.NGHTTP2_HTTP_1_1_REQUIRED), "malformed"],
  ["told it is wrong", (link, id) => link.rst(id, constants.NGHTTP2_PROTOCOL_ERROR), "malformed"],
  [
    "reset behind an interim response",
    (link, id) => {
      link.headers(id, { ":status": "103" });
      link.rst(id, constants.NGHTTP2_INTERNAL_ERROR);
    },
    "cut",
  ],
  [
    "reset in the body",
    (link, id) => {
      link.headers(id, HEAD);
      link.data(id, "ok");
      link.rst(id, constants.NGHTTP2_INTERNAL_ERROR);
    },
    "truncated",
  ],
  [
    "refused in the body",
    (link, id) => {
      link.headers(id, HEAD);
      link.data(id, "ok");
      link.rst(id, constants.NGHTTP2_REFUSED_STREAM);
    },
    "truncated",
  ],
  [
    "ended in the body as if nothing were wrong",
    (link, id) => {
      link.headers(id, HEAD);
      link.data(id, "ok");
      link.rst(id, constants.NGHTTP2_NO_ERROR);
    },
    "truncated",
  ],
  [
    "complete, and its stream reset without an error",
    (link, id) => {
      link.headers(id, HEAD);
      link.data(id, "ok", END_STREAM);
      link.rst(id, constants.NGHTTP2_NO_ERROR);
    },
    undefined,
  ],
  [
    "shorter than it says",
    (link, id) => {
      link.headers(id, SIZED);
      link.data(id, "ok", END_STREAM);
    },
    "truncated",
  ],
  [
    "longer than it says",
    (link, id) => {
      link.headers(id, { ":status": "200", "content-length": "2" });
      link.data(id, "ok, and more", END_STREAM);
    },
    "truncated",
  ],
  [
    "followed by trailers with a pseudo-header",
    (link, id) => {
      link.headers(id, HEAD);
      link.data(id, "ok");
      link.headers(id, HEAD, END_STREAM);
    },
    "truncated",
  ],
  [
    "followed by trailers that do not end it",
    (link, id) => {
      link.headers(id, HEAD);
      link.data(id, "ok");
      link.headers(id, { "x-a": "b" });
    },
    "truncated",
  ],
  ["DATA before its head", (link, id) => link.data(id, "ok"), "malformed"],
  ["the connection ended", (link) => link.socket.end(), "reset"],
  ["the connection reset", (link) => link.socket.resetAndDestroy(), "reset"],
  [
    "the connection ended in the body",
    (link, id) => {
      link.headers(id, HEAD);
      link.data(id, "ok");
      link.socket.end();
    },
    "truncated",
  ],
  ["GOAWAY below it", (link) => link.goaway(0, 0), "refused", /GOAWAY with NO_ERROR/],
  ["GOAWAY below it with an error", (link) => link.goaway(0, 2), "refused", /INTERNAL_ERROR/],
  ["GOAWAY with an error", (link, id) => link.goaway(id, 2), "reset", /GOAWAY with INTERNAL/],
  [
    "GOAWAY behind it, then its answer",
    (link, id) => {
      link.goaway(id, 0);
      link.headers(id, HEAD);
      link.data(id, "ok", END_STREAM);
    },
    undefined,
  ],
  [
    "two GOAWAYs, as a server that drains sends them",
    (link, id) => {
      link.goaway(2 ** 31 - 1, 0);
      link.goaway(id, 0);
      link.headers(id, HEAD);
      link.data(id, "ok", END_STREAM);
    },
    undefined,
  ],
  ["a frame that makes no sense", (link) => link.send(frame("DATA", 0, 0)), "malformed"],
  [
    "a push",
    (link, id) => link.send(frameOf("PUSH_PROMISE", 4, id, Buffer.from([0, 0, 0, 2]))),
    "malformed",
  ],
];

t.test("how a stream ends says what became of its request", async (t) => {
  for (const [what, request, failure, detail] of ENDINGS) {
    const { bench } = await frameBench(t, { request });
    const listener = await bench.get().ended();
    t.equal(listener.failure, failure, `${what}: ${listener.detail}`);
    if (detail !== undefined) t.match(listener.detail, detail);
    if (failure === undefined || failure === "truncated") t.match(listener.body, /^(ok)?/);
    if (failure === undefined) t.strictSame([listener.whole, listener.body], [true, "ok"], what);
    await until(() => bench.pool.streams.open === 0);
  }
});

t.test(
  "what a GOAWAY leaves out met a connection that ends; what is refused did not",
  async (t) => {
    const ends: readonly (readonly [boolean, (link: FrameLink, stream: number) => void])[] = [
      [true, (link) => link.goaway(0, 0)],
      [false, (link, stream) => link.rst(stream, constants.NGHTTP2_REFUSED_STREAM)],
    ];
    for (const [reused, request] of ends) {
      const { bench } = await frameBench(t, { request });
      const stream = bench.take();
      t.match(await bench.get(stream).ended(), { failure: "refused" });
      t.equal(stream.reused, reused);
    }
  },
);

t.test("a session that only ever says ENHANCE_YOUR_CALM is given up", async (t) => {
  const { bench, peer } = await frameBench(t, {
    request: (link, stream) => link.rst(stream, constants.NGHTTP2_ENHANCE_YOUR_CALM),
  });
  const ask = async (times: number): Promise<void> => {
    for (let i = 0; i < times; i++) t.match(await bench.get().ended(), { failure: "reset" });
  };
  await ask(4);
  const { request } = peer.script;
  peer.script = { ...peer.script, request: (link, id) => link.headers(id, HEAD, END_STREAM) };
  t.match(await bench.get().ended(), { failure: undefined });
  peer.script = { ...peer.script, ...(request && { request }) };
  await ask(4);
  t.equal(peer.links.length, 1, "one answer among them and it stays");
  await ask(2);
  t.equal(peer.links.length, 2, "five in a row and there is another one");
});
