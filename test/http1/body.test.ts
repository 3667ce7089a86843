import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import type { Framing } from "../../src/core/exchange.ts";
import { BodyReader } from "../../src/http1/body.ts";
import { type Body, body, bodyBytes, bodyText } from "./arbitrary.ts";

const LIMITS = { headerBytes: 1000, headers: 10, bodyBytes: 0 };
const CHUNKED: Framing = { kind: "chunked" };

interface Reading {
  readonly data: string;
  readonly trailers: readonly (readonly [name: string, value: string])[];
  /** How often the end was told. */
  readonly ends: number;
  readonly state: "done" | "more" | "wrong";
  readonly wrong: string | undefined;
  /** Bytes that belong to the body. */
  readonly read: number;
}

/** Reads one body from the pieces; `reader` may have read others before. */
function read(
  framing: Framing,
  pieces: readonly string[],
  reader: BodyReader = new BodyReader(LIMITS),
): Reading {
  let [data, ends, bytes] = ["", 0, 0];
  let trailers: [string, string][] = [];
  reader.start(framing);
  const target = {
    onBody: (view: Buffer) => {
      data += view.toString("latin1");
    },
    onBodyEnd: (
      fields: { count: number; name(i: number): string; value(i: number): string } | undefined,
    ) => {
      ends++;
      const count = fields?.count ?? 0;
      trailers = Array.from({ length: count }, (_, i) => [
        fields?.name(i) ?? "",
        fields?.value(i) ?? "",
      ]);
    },
  };
  for (const piece of pieces) {
    const end = reader.feed(Buffer.from(piece, "latin1"), 0, target);
    const { wrong } = reader;
    if (end < 0) {
      const told = `${wrong?.status} ${wrong?.detail}`;
      return { data, trailers, ends, state: "wrong", wrong: told, read: bytes };
    }
    bytes += end;
  }
  const state = reader.done ? "done" : "more";
  return { data, trailers, ends, state, wrong: undefined, read: bytes };
}

function framingOf(what: Body): Framing {
  return what.kind === "length"
    ? { kind: "length", bytes: what.bytes.length }
    : { kind: what.kind };
}

function readChunked(text: string, limits = LIMITS): Reading {
  return read(CHUNKED, [text], new BodyReader(limits));
}

/** `text` in pieces that end at these places. */
function cut(text: string, places: readonly number[]): string[] {
  const ends = [...new Set(places.map((place) => place % (text.length + 1)))].sort((a, b) => a - b);
  return [...ends, text.length].map((end, i) => text.slice(ends[i - 1] ?? 0, end));
}

const places = fc.array(fc.nat(500), { maxLength: 8 });

t.test("a body is read as it was written, to its last byte and not further", async () => {
  fc.assert(
    fc.property(body, fc.constantFrom("", "GET / HTTP/1.1", "\r\n", "0"), (what, behind) => {
      const text = bodyText(what);
      const reading = read(framingOf(what), [text + behind]);
      assert.equal(reading.state, "done");
      assert.equal(reading.data, bodyBytes(what));
      assert.equal(reading.read, text.length);
      const trailers = what.kind === "chunked" ? what.trailers : [];
      assert.deepEqual(
        reading.trailers,
        trailers.map(({ name, value }) => [name, value]),
      );
      assert.equal(reading.ends, text === "" ? 0 : 1);
    }),
  );
});

t.test("it makes no difference in which pieces a body comes", async () => {
  fc.assert(
    fc.property(body, places, (what, ends) => {
      const text = bodyText(what);
      const whole = read(framingOf(what), [text]);
      assert.deepEqual(read(framingOf(what), cut(text, ends)), whole);
      assert.deepEqual(read(framingOf(what), text.split("")), whole);
    }),
  );
});

t.test("what is wrong with a body is the same in whatever pieces it comes", async () => {
  const chunked = body.filter(({ kind }) => kind === "chunked").map(bodyText);
  const spoilt = fc.tuple(chunked, fc.nat(500), fc.nat(255)).map(([text, at, code]) => {
    const place = at % text.length;
    return text.slice(0, place) + String.fromCharCode(code) + text.slice(place + 1);
  });
  fc.assert(
    fc.property(spoilt, places, (text, ends) => {
      const whole = read(CHUNKED, [text]);
      for (const pieces of [cut(text, ends), text.split("")]) {
        const { read: _, ...rest } = read(CHUNKED, pieces);
        assert.deepEqual({ ...rest, read: whole.state === "wrong" ? whole.read : _ }, whole);
      }
    }),
    { numRuns: 500 },
  );
});

t.test("every beginning of a body waits for more", async () => {
  fc.assert(
    fc.property(body, (what) => {
      const text = bodyText(what);
      for (let at = 0; at < text.length; at++) {
        assert.equal(read(framingOf(what), [text.slice(0, at)]).state, "more");
      }
    }),
    { numRuns: 50 },
  );
});

t.test("one reader reads body after body", async () => {
  fc.assert(
    fc.property(fc.array(body, { maxLength: 4 }), (all) => {
      const reader = new BodyReader(LIMITS);
      for (const what of all) {
        const reading = read(framingOf(what), [bodyText(what)], reader);
        assert.deepEqual([reading.state, reading.data], ["done", bodyBytes(what)]);
      }
    }),
  );
});

t.test("a body until the connection's end is never done", async (t) => {
  const reader = new BodyReader(LIMITS);
  t.match(read({ kind: "close" }, ["abc", "0\r\n\r\n"], reader), {
    data: "abc0\r\n\r\n",
    state: "more",
  });
  t.equal(reader.untilClose, true);
});

const WRONG: readonly (readonly [text: string, detail: RegExp])[] = [
  ["\r\n", /chunk size/],
  ["g\r\n", /chunk size/],
  [" 5\r\n", /chunk size/],
  ["5 \r\n", /chunk size/],
  ["5\n", /chunk size/],
  ["5\rx", /chunk size/],
  ["+5\r\n", /chunk size/],
  ["0x5\r\n", /chunk size/],
  ["5\r\nhelloX", /followed by CRLF/],
  ["5\r\nhello\n", /followed by CRLF/],
  ["5\r\nhello\rX", /followed by CRLF/],
  ["5;\r\n", /extension/],
  ["5; a=b\r\n", /extension/],
  ["5;a =b\r\n", /extension/],
  ["5;a=\r\n", /extension/],
  ['5;a="b\r\n', /extension/],
  ['5;a="b"c\r\n', /extension/],
  ["5;a\nb\r\n", /extension/],
  ["5;a=b\0\r\n", /extension/],
  ["5;a\r\r\n", /chunk size/],
  ["0\r\n a: b\r\n", /field name/],
  ["0\r\na: b\n", /field value/],
  ["0\r\na : b\r\n", /field name/],
  ["0\r\n\rx", /CR without LF/],
];

t.test("a chunked body with anything ambiguous in it is refused", async (t) => {
  for (const [text, detail] of WRONG) {
    t.match(readChunked(text), { state: "wrong", wrong: detail }, JSON.stringify(text));
  }
});

t.test(
  "a chunk size is exact up to 2^53 - 1, has at most 16 digits, and never wraps",
  async (t) => {
    t.equal(readChunked("1fffffffffffff\r\n").state, "more");
    t.match(readChunked("20000000000000\r\n"), { wrong: /above 2\^53/ });
    t.match(readChunked("ffffffffffffffff\r\n"), { wrong: /above 2\^53/ });
    t.match(readChunked("10000000000000005\r\n"), { wrong: /above 2\^53/ });
    t.match(readChunked("0000000000000005\r\nhello\r\n0\r\n\r\n"), {
      state: "done",
      data: "hello",
    });
    t.match(readChunked("00000000000000005\r\n"), { wrong: /above 2\^53/ });
  },
);

t.test(
  "chunks of exactly the limit are read, one byte more is refused before it arrives",
  async (t) => {
    const limits = { ...LIMITS, bodyBytes: 10 };
    t.match(readChunked("5\r\nhello\r\n5\r\nhello\r\n0\r\n\r\n", limits), { state: "done" });
    t.match(readChunked("5\r\nhello\r\n6\r\n", limits), { wrong: /^413 / });
    t.match(readChunked("b\r\n", limits), { wrong: /^413 / });
    t.equal(readChunked("b\r\n", { ...limits, bodyBytes: 0 }).state, "more", "0 is no limit");
  },
);

t.test("extensions of a message have 16 KiB together", async (t) => {
  const most = 16 * 1024;
  const extension = (length: number) => `;${"a".repeat(length - 1)}`;
  const text = (...lengths: number[]) =>
    `${lengths.map((length) => `1${extension(length)}\r\nx\r\n`).join("")}0\r\n\r\n`;
  t.equal(readChunked(text(most)).state, "done");
  t.match(readChunked(text(most + 1)), { wrong: /16 KiB/ });
  t.equal(readChunked(text(most / 2, most / 4, most / 4)).state, "done");
  t.match(readChunked(text(most / 2, most / 4, most / 4 + 1)), { wrong: /16 KiB/ });
  t.match(readChunked(`1${extension(most + 1)}`), { wrong: /16 KiB/ }, "before the line ends");
  const one = new BodyReader(LIMITS);
  for (let i = 0; i < 3; i++) t.equal(read(CHUNKED, [text(most)], one).state, "done", "each anew");
});

t.test("trailers have the limits of a field section, exactly", async (t) => {
  const trailers = (bytes: number) => `0\r\nx:${"a".repeat(bytes - 4)}\r\n\r\n`;
  t.equal(readChunked(trailers(1000)).state, "done");
  t.match(readChunked(trailers(1001)), { wrong: /^431 / });
  const lines = (count: number) => `0\r\n${"x: y\r\n".repeat(count)}\r\n`;
  t.equal(readChunked(lines(10)).state, "done");
  t.match(readChunked(lines(11)), { wrong: /^431 / });
});

t.test("trailers that come byte by byte have the same limits", async (t) => {
  const text = (bytes: number) => `0\r\nx:${"a".repeat(bytes - 4)}\r\n\r\nGET`;
  t.match(read(CHUNKED, text(1000).split("")), { state: "done", read: 1005 });
  t.match(read(CHUNKED, text(1001).split("")), { wrong: /^431 / });
});
