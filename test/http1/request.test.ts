import assert from "node:assert/strict";
import { METHODS } from "node:http";
import fc, { type Arbitrary } from "fast-check";
import t from "tap";
import type { Framing } from "../../src/core/exchange.ts";
import { INCOMPLETE } from "../../src/http1/lines.ts";
import {
  type Body,
  body,
  framingText,
  type Line,
  line,
  linesText,
  path,
  token,
} from "./arbitrary.ts";
import { HOST, parse, parsed, verdict } from "./parsing.ts";

const SERVED = METHODS.filter((method) => method !== "CONNECT" && method !== "TRACE");
interface Request {
  readonly method: string;
  readonly target: string;
  readonly minor: number;
  readonly before: readonly Line[];
  readonly behind: readonly Line[];
  readonly body: Body;
  readonly empty: number;
}

const request: Arbitrary<Request> = fc
  .record({
    method: fc.constantFrom(...SERVED),
    target: path,
    minor: fc.constantFrom(0, 1, 1, 1),
    before: fc.array(line, { maxLength: 4 }),
    behind: fc.array(line, { maxLength: 4 }),
    body,
    empty: fc.nat(4),
  })
  .filter(({ minor, body: { kind } }) => minor === 1 || kind !== "chunked");

function headText({ method, target, minor, before, behind, body: what, empty }: Request): string {
  const fields = `${linesText(before)}${HOST}${framingText(what)}${linesText(behind)}`;
  return `${"\r\n".repeat(empty)}${method} ${target} HTTP/1.${minor}\r\n${fields}\r\n`;
}

function framingOf(what: Body): Framing {
  return what.kind === "length"
    ? { kind: "length", bytes: what.bytes.length }
    : { kind: what.kind };
}

t.test("what is written is what is read", async () => {
  fc.assert(
    fc.property(request, fc.string(), (wanted, behind) => {
      const text = headText(wanted);
      const { head, end } = parsed(text + behind);
      assert.equal(end, text.length);
      assert.equal(head.method, wanted.method);
      assert.equal(head.target, wanted.target);
      assert.equal(head.protocol, `HTTP/1.${wanted.minor}`);
      assert.deepEqual(head.framing, framingOf(wanted.body));
      const lines = [...wanted.before, ...wanted.behind];
      const strange = Array.from({ length: head.fields.count }, (_, i) => i)
        .filter((i) => head.fields.name(i).startsWith("z-"))
        .map((i) => [head.fields.name(i), head.fields.value(i)]);
      assert.deepEqual(
        strange,
        lines.map(({ name, value }) => [name, value]),
      );
    }),
  );
});

t.test("every beginning of a head is incomplete, and what follows it changes nothing", async () => {
  fc.assert(
    fc.property(request, fc.string({ maxLength: 20 }), (wanted, behind) => {
      const text = headText(wanted);
      for (let at = 0; at < text.length; at++) assert.equal(parse(text.slice(0, at)), INCOMPLETE);
      assert.equal(parsed(text + behind).end, parsed(text).end);
    }),
    { numRuns: 50 },
  );
});

t.test(
  "a verdict stands however much follows: no beginning says what the whole does not",
  async () => {
    const spoilt = fc.tuple(request, fc.nat(300), fc.nat(255)).map(([wanted, at, code]) => {
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
  },
);

t.test("a method that nobody knows is refused before it ends", async (t) => {
  t.equal(verdict("FROBNICATE / HTTP/1.1\r\n"), "501 bad_request");
  t.equal(verdict("A".repeat(30)), "501 bad_request");
  t.equal(verdict("get / HTTP/1.1\r\n"), "501 bad_request");
  for (const method of ["CONNECT", "TRACE"]) {
    t.equal(verdict(`${method} /a HTTP/1.1\r\n`), "405 bad_request");
  }
  for (const method of SERVED) t.equal(verdict(`${method} / HTTP/1.1\r\n${HOST}\r\n`), "ok");
});

t.test("no unlisted token is a method", async () => {
  const strange = token.filter((method) => !METHODS.includes(method));
  fc.assert(
    fc.property(strange, (method) => {
      assert.equal(verdict(`${method} / HTTP/1.1\r\n${HOST}\r\n`), "501 bad_request");
    }),
  );
});

const LINES: readonly (readonly [line: string, verdict: string])[] = [
  ["GET / HTTP/1.1", "ok"],
  ["GET / HTTP/1.0", "ok"],
  ["GET / HTTP/1.2", "505 bad_request"],
  ["GET / HTTP/2.0", "505 bad_request"],
  ["GET / HTTP/0.9", "505 bad_request"],
  ["GET / HTTP/1.10", "400 bad_request"],
  ["GET / HTTP/1", "400 bad_request"],
  ["GET / http/1.1", "400 bad_request"],
  ["GET /", "400 bad_request"],
  ["GET  / HTTP/1.1", "400 bad_request"],
  ["GET /  HTTP/1.1", "400 bad_request"],
  ["GET / HTTP/1.1 ", "400 bad_request"],
  [" GET / HTTP/1.1", "400 bad_request"],
  ["GET\t/ HTTP/1.1", "400 bad_request"],
  ["GET /a b HTTP/1.1", "400 bad_request"],
  ["GET /a#b HTTP/1.1", "400 bad_request"],
  ["GET /\x7f HTTP/1.1", "400 bad_request"],
  ["GET /\xe9 HTTP/1.1", "400 bad_request"],
  ["GET a HTTP/1.1", "400 bad_request"],
  ["GET * HTTP/1.1", "400 bad_request"],
  ["OPTIONS * HTTP/1.1", "ok"],
  ["OPTIONS *a HTTP/1.1", "400 bad_request"],
  ["GET a.test:80 HTTP/1.1", "400 bad_request"],
  ["GET http://a.test HTTP/1.1", "ok"],
  ["GET HTTP://A.TEST/ HTTP/1.1", "ok"],
  ["GET http:///a HTTP/1.1", "400 bad_request"],
  ["GET http://b.test/ HTTP/1.1", "400 bad_request"],
  ["GET http://u@a.test/ HTTP/1.1", "400 bad_request"],
  ["GET https://a.test/ HTTP/1.1", "400 bad_request"],
  ["GET ftp://a.test/ HTTP/1.1", "400 bad_request"],
];

t.test("a request line is read or refused as it deserves", async (t) => {
  for (const [text, wanted] of LINES) {
    t.equal(verdict(`${text}\r\n${HOST}\r\n`), wanted, JSON.stringify(text));
  }
});

const HOSTS: readonly (readonly [value: string, host: string | undefined])[] = [
  ["a.test", "a.test"],
  ["A.Test", "a.test"],
  ["a.test:80", "a.test"],
  ["a.test:65535", "a.test"],
  ["127.0.0.1:1", "127.0.0.1"],
  ["[::1]", "[::1]"],
  ["[2001:DB8::1]:443", "[2001:db8::1]"],
  ["a_b~c-d", "a_b~c-d"],
  ["", undefined],
  ["a.test:", undefined],
  ["a.test:65536", undefined],
  ["a.test:x", undefined],
  ["a.test, b.test", undefined],
  ["a b", undefined],
  ["u@a.test", undefined],
  ["a.test/x", undefined],
  ["[::1", undefined],
  ["::1", undefined],
  ["[::1]x", undefined],
  ["a%41", undefined],
];

t.test("Host is a host with or without a port, in lower case", async (t) => {
  for (const [value, host] of HOSTS) {
    const text = `GET / HTTP/1.1\r\nHost: ${value}\r\n\r\n`;
    if (host === undefined) t.equal(verdict(text), "400 bad_request", value);
    else t.match(parsed(text).head, { host, authority: value });
  }
});

t.test("an empty Host is refused, whatever was read before", async (t) => {
  const empty = "GET / HTTP/1.1\r\nHost:\r\n\r\n";
  for (const before of ["GET / HTTP/1.0\r\n\r\n", "GET http://a.test HTTP/1.0\r\n\r\n", empty]) {
    verdict(before);
    t.equal(verdict(empty), "400 bad_request", JSON.stringify(before));
  }
});

t.test("a Host is refused, though a target that was refused had the same", async (t) => {
  for (const host of ["u@evil.test", "a,b", "[::1", "a:x"]) {
    const wanted = { reason: "bad_request", status: 400 };
    t.match(parse(`GET http://${host}/ HTTP/1.0\r\n\r\n`), wanted);
    t.match(parse(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`), wanted, host);
  }
});

t.test("HTTP/1.1 needs exactly one Host, HTTP/1.0 at most one", async (t) => {
  t.equal(verdict("GET / HTTP/1.1\r\n\r\n"), "400 bad_request");
  t.equal(verdict(`GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`), "400 bad_request");
  t.equal(verdict(`GET / HTTP/1.0\r\n${HOST}${HOST}\r\n`), "400 bad_request");
  t.match(parsed("GET / HTTP/1.0\r\n\r\n").head, { host: "", authority: "" });
  const absolute = parsed("GET http://a.test:8/x HTTP/1.0\r\n\r\n").head;
  t.match(absolute, { host: "a.test", authority: "a.test:8", target: "/x" });
});

t.test("a target in absolute-form is told in origin-form", async (t) => {
  const target = (method: string, form: string) =>
    parsed(`${method} ${form} HTTP/1.1\r\n${HOST}\r\n`).head.target;
  t.equal(target("GET", "http://a.test"), "/");
  t.equal(target("GET", "http://a.test/"), "/");
  t.equal(target("GET", "http://a.test/b?c"), "/b?c");
  t.equal(target("GET", "http://a.test?c"), "/?c");
  t.equal(target("OPTIONS", "http://a.test"), "*");
  t.equal(target("OPTIONS", "http://a.test/"), "/");
});

t.test("a connection is kept as its version and Connection say", async (t) => {
  const keeps = (minor: number, connection: string) =>
    parsed(`GET / HTTP/1.${minor}\r\n${HOST}${connection}\r\n`).keepAlive;
  t.equal(keeps(1, ""), true);
  t.equal(keeps(1, "Connection: keep-alive\r\n"), true);
  t.equal(keeps(1, "Connection: x, Close\r\n"), false);
  t.equal(keeps(1, "Connection: x\r\nConnection: close\r\n"), false);
  t.equal(keeps(0, ""), false);
  t.equal(keeps(0, "Connection: Keep-Alive\r\n"), true);
  t.equal(keeps(0, "Connection: keep-alive, close\r\n"), false);
});

t.test("the only expectation is 100-continue, and it needs a body and HTTP/1.1", async (t) => {
  const expects = (minor: number, fields: string) =>
    parsed(`PUT / HTTP/1.${minor}\r\n${HOST}Expect: 100-Continue\r\n${fields}\r\n`).head;
  t.equal(expects(1, "Content-Length: 1\r\n").expectContinue, true);
  t.equal(expects(1, "Transfer-Encoding: chunked\r\n").expectContinue, true);
  t.equal(expects(1, "Content-Length: 0\r\n").expectContinue, false);
  t.equal(expects(1, "").expectContinue, false);
  t.equal(expects(0, "Content-Length: 1\r\n").expectContinue, false);
  t.equal(verdict(`PUT / HTTP/1.1\r\n${HOST}Expect: 200-ok\r\n\r\n`), "417 bad_request");
});

t.test(
  "an upgrade is offered by Connection and one protocol in Upgrade, without a body",
  async (t) => {
    const upgrade = (minor: number, fields: string) =>
      parsed(`GET / HTTP/1.${minor}\r\n${HOST}${fields}\r\n`).head.upgrade;
    const offer = "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n";
    t.equal(upgrade(1, offer), "websocket");
    t.equal(upgrade(0, offer), undefined);
    t.equal(upgrade(1, `${offer}Content-Length: 1\r\n`), undefined);
    t.equal(upgrade(1, `${offer}Content-Length: 0\r\n`), "websocket");
    t.equal(upgrade(1, "Upgrade: websocket\r\n"), undefined);
    t.equal(upgrade(1, "Connection: upgrade\r\n"), undefined);
    t.equal(upgrade(1, "Connection: upgrade\r\nUpgrade: a, b\r\n"), undefined);
  },
);

t.test("trailers are welcome where TE says so", async (t) => {
  const trailers = (minor: number, te: string) =>
    parsed(`GET / HTTP/1.${minor}\r\n${HOST}${te}\r\n`).head.trailers;
  t.equal(trailers(1, "TE: trailers\r\n"), true);
  t.equal(trailers(1, "TE: gzip\r\nte: x, Trailers\r\n"), true);
  t.equal(trailers(1, "TE: gzip\r\n"), false);
  t.equal(trailers(1, ""), false);
  t.equal(trailers(0, "TE: trailers\r\n"), false);
});

t.test("a few empty lines before a request are skipped, and no more", async (t) => {
  const text = (lines: number) => `${"\r\n".repeat(lines)}GET / HTTP/1.1\r\n${HOST}\r\n`;
  t.equal(verdict(text(4)), "ok");
  t.equal(verdict(text(5)), "400 bad_request");
  t.equal(verdict("\n"), "400 bad_request");
  t.equal(verdict("\r"), "incomplete");
  t.equal(verdict("\rG"), "400 bad_request");
});
