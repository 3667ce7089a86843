import assert from "node:assert/strict";
import fc, { type Arbitrary } from "fast-check";
import t from "tap";
import type { Framing } from "../../src/core/exchange.ts";
import { INCOMPLETE } from "../../src/http1/lines.ts";
import { type ParsedResponse, parseResponse } from "../../src/http1/response.ts";
import { type Body, body, framingText, type Line, line, linesText, value } from "./arbitrary.ts";

const LIMITS = { headerBytes: 16384, headers: 100 };

interface Response {
  readonly status: number;
  readonly phrase: string;
  readonly lines: readonly Line[];
  readonly body: Body;
}

const response: Arbitrary<Response> = fc.record({
  status: fc.integer({ min: 100, max: 999 }),
  phrase: value,
  lines: fc.array(line, { maxLength: 5 }),
  body,
});

function headText({ status, phrase, lines, body: what }: Response): string {
  return `HTTP/1.1 ${status} ${phrase}\r\n${linesText(lines)}${framingText(what)}\r\n`;
}

function parsed(text: string, method = "GET"): ParsedResponse {
  const result = parseResponse(Buffer.from(text, "latin1"), method, LIMITS);
  if (result === INCOMPLETE || "reason" in result) throw new Error(verdict(text));
  return result;
}

/** `ok`, `incomplete`, or why it is refused. */
function verdict(text: string, limits: Partial<typeof LIMITS> = {}): string {
  const result = parseResponse(Buffer.from(text, "latin1"), "GET", { ...LIMITS, ...limits });
  if (result === INCOMPLETE) return "incomplete";
  return "reason" in result ? `${result.reason}: ${result.detail}` : "ok";
}

function framing(head: string, method = "GET"): Framing {
  return parsed(`${head}\r\n\r\n`, method).head.framing;
}

t.test("what is written is what is read", async () => {
  fc.assert(
    fc.property(response, fc.string(), (wanted, behind) => {
      const text = headText(wanted);
      const { head, end } = parsed(text + behind);
      assert.equal(end, text.length);
      assert.deepEqual([head.status, head.phrase], [wanted.status, wanted.phrase]);
      wanted.lines.forEach(({ name, value: content }, i) => {
        assert.deepEqual([head.fields.name(i), head.fields.value(i)], [name, content]);
      });
    }),
  );
});

t.test("every beginning of a head is incomplete", async () => {
  fc.assert(
    fc.property(response, (wanted) => {
      const text = headText(wanted);
      for (let at = 0; at < text.length; at++)
        assert.equal(verdict(text.slice(0, at)), "incomplete");
    }),
    { numRuns: 50 },
  );
});

t.test("no beginning says what the whole does not", async () => {
  const spoilt = fc.tuple(response, fc.nat(300), fc.nat(255)).map(([wanted, at, code]) => {
    const text = headText(wanted);
    const place = at % text.length;
    return text.slice(0, place) + String.fromCharCode(code) + text.slice(place + 1);
  });
  fc.assert(
    fc.property(spoilt, (text) => {
      const whole = verdict(text);
      for (let at = 0; at <= text.length; at++) {
        const early = verdict(text.slice(0, at));
        assert.ok(early === "incomplete" || early === whole, `${early} at ${at}, whole ${whole}`);
      }
    }),
  );
});

const LINES: readonly (readonly [line: string, verdict: RegExp])[] = [
  ["HTTP/1.1 200 OK", /^ok$/],
  ["HTTP/1.1 200 ", /^ok$/],
  ["HTTP/1.1 200", /^ok$/],
  ["HTTP/1.0 200 OK", /^ok$/],
  ["HTTP/1.1 999 \xe9\t!", /^ok$/],
  ["HTTP/1.2 200 OK", /status line/],
  ["HTTP/2.0 200 OK", /status line/],
  ["HTTP/1.10 200 OK", /status line/],
  ["http/1.1 200 OK", /status line/],
  ["ICY 200 OK", /status line/],
  ["HTTP/1.1  200 OK", /status line/],
  ["HTTP/1.1 20 OK", /status line/],
  ["HTTP/1.1 2000 OK", /status line/],
  ["HTTP/1.1 +20 OK", /status line/],
  ["HTTP/1.1 099 OK", /below 100/],
  ["HTTP/1.1 200\tOK", /status line/],
  ["HTTP/1.1 200 O\0K", /status line/],
  ["HTTP/1.1 200 O\rK", /status line/],
  ["HTTP/1.1 200 O\nK", /status line/],
  ["\r\nHTTP/1.1 200 OK", /status line/],
  ["HTTP/1.0 103 Early Hints", /interim response in HTTP\/1\.0/],
];

t.test("a status line is read or refused as it deserves", async (t) => {
  for (const [text, wanted] of LINES) {
    t.match(verdict(`${text}\r\n\r\n`), wanted, JSON.stringify(text));
  }
});

t.test("what an endpoint does wrong is never told as a client's mistake", async (t) => {
  for (const field of ["a b: c", "Content-Length: x", "Transfer-Encoding: gzip", " folded"]) {
    t.match(verdict(`HTTP/1.1 200 OK\r\n${field}\r\n\r\n`), /^upstream_protocol/);
  }
  t.match(verdict("HTTP/1.1 200 OK\r\na: b\r\nc: d\r\n\r\n", { headers: 1 }), /^upstream_protocol/);
});

t.test("limits hold to the byte", async (t) => {
  const phrase = (bytes: number) => `HTTP/1.1 200 ${"a".repeat(bytes)}\r\n\r\n`;
  t.equal(verdict(phrase(1024)), "ok");
  t.match(verdict(phrase(1025)), /reason phrase/);
  t.match(verdict(phrase(1025).slice(0, -4)), /reason phrase/, "before it ends");
  const lines = (bytes: number) => `HTTP/1.1 200 OK\r\nx:${"a".repeat(bytes - 4)}\r\n\r\n`;
  t.equal(verdict(lines(500), { headerBytes: 500 }), "ok");
  t.match(verdict(lines(501), { headerBytes: 500 }), /larger than the limit/);
  const count = (lines: number) => `HTTP/1.1 200 OK\r\n${"x: y\r\n".repeat(lines)}\r\n`;
  t.equal(verdict(count(7), { headers: 7 }), "ok");
  t.match(verdict(count(8), { headers: 7 }), /more field lines/);
});

t.test("a body is framed by its fields, or else by the end of the connection", async (t) => {
  t.same(framing("HTTP/1.1 200 OK\r\nContent-Length: 0"), { kind: "length", bytes: 0 });
  t.same(framing("HTTP/1.1 200 OK\r\nContent-Length: 12"), { kind: "length", bytes: 12 });
  t.same(framing("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked"), { kind: "chunked" });
  t.same(framing("HTTP/1.1 200 OK"), { kind: "close" });
  t.same(framing("HTTP/1.0 200 OK"), { kind: "close" });
});

t.test("some responses have no body, whatever their fields say", async (t) => {
  for (const fields of ["", "\r\nContent-Length: 5", "\r\nTransfer-Encoding: chunked"]) {
    for (const status of [100, 103, 199, 204, 304]) {
      t.same(framing(`HTTP/1.1 ${status} X${fields}`), { kind: "none" }, `${status}${fields}`);
    }
    t.same(framing(`HTTP/1.1 200 OK${fields}`, "HEAD"), { kind: "none" }, `HEAD${fields}`);
  }
});

t.test("a connection is kept when both sides can tell where the response ends", async (t) => {
  const keeps = (head: string) => parsed(`${head}\r\n\r\n`).head.keepAlive;
  t.equal(keeps("HTTP/1.1 200 OK\r\nContent-Length: 1"), true);
  t.equal(keeps("HTTP/1.1 204 No Content"), true);
  t.equal(keeps("HTTP/1.1 200 OK"), false);
  t.equal(keeps("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close"), false);
  t.equal(keeps("HTTP/1.0 200 OK\r\nContent-Length: 1"), false);
  t.equal(keeps("HTTP/1.0 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive"), true);
  t.equal(keeps("HTTP/1.0 200 OK\r\nConnection: keep-alive"), false);
});

t.test("a short body that came with its head is taken over with it, and no other", async (t) => {
  const head = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n";
  t.equal(parsed(`${head}he\xe9lo`).head.body, "he\xe9lo");
  t.equal(parsed(`${head}hello, and more`).head.body, "hello");
  t.equal(parsed(`${head}hell`).head.body, undefined, "not whole");
  t.equal(parsed(`${head}hello`, "HEAD").head.body, undefined, "HEAD has none");
  t.equal(parsed(head.replace("5", "0")).head.body, undefined, "empty");
  t.equal(parsed(`${head.replace("5", "5000")}${"x".repeat(5000)}`).head.body, undefined, "long");
  const chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
  t.equal(parsed(`${chunked}1\r\na\r\n0\r\n\r\n`).head.body, undefined, "framed within");
});
