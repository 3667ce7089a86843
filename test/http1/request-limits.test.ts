// Each limit holds to the byte.
import t from "tap";
import { HOST, verdict } from "./parsing.ts";

t.test("a request-target of exactly the limit is read, one byte more is not", async (t) => {
  for (const uriBytes of [1, 2, 100, 8192]) {
    const target = (length: number) => `/${"a".repeat(length - 1)}`;
    const text = (length: number) => `GET ${target(length)} HTTP/1.1\r\n${HOST}\r\n`;
    t.equal(verdict(text(uriBytes), { uriBytes }), "ok");
    t.equal(verdict(text(uriBytes + 1), { uriBytes }), "414 uri_too_long");
    t.equal(verdict(`GET ${target(uriBytes)}`, { uriBytes }), "incomplete");
    t.equal(verdict(`GET ${target(uriBytes + 1)}`, { uriBytes }), "414 uri_too_long", "at once");
  }
});

t.test("field lines of exactly the limit are read, one byte more is not", async (t) => {
  for (const headerBytes of [20, 21, 500, 16384]) {
    const lines = (length: number) => `${HOST}x:${"a".repeat(length - HOST.length - 4)}\r\n`;
    const text = (length: number) => `GET / HTTP/1.1\r\n${lines(length)}\r\n`;
    t.equal(lines(headerBytes).length, headerBytes);
    t.equal(verdict(text(headerBytes), { headerBytes }), "ok");
    t.equal(verdict(text(headerBytes + 1), { headerBytes }), "431 headers_too_large");
    const early = text(headerBytes + 1).slice(0, -4);
    t.equal(verdict(early, { headerBytes }), "431 headers_too_large", "before it ends");
  }
});

t.test("as many field lines as the limit are read, one more is not", async (t) => {
  for (const headers of [1, 2, 100]) {
    const text = (count: number) => `GET / HTTP/1.1\r\n${HOST}${"x: y\r\n".repeat(count - 1)}\r\n`;
    t.equal(verdict(text(headers), { headers }), "ok");
    t.equal(verdict(text(headers + 1), { headers }), "431 headers_too_large");
  }
});

t.test(
  "a Content-Length of exactly the limit is read, one more is not, and 0 is no limit",
  async (t) => {
    const text = (bytes: number) => `PUT / HTTP/1.1\r\n${HOST}Content-Length: ${bytes}\r\n\r\n`;
    t.equal(verdict(text(1000), { bodyBytes: 1000 }), "ok");
    t.equal(verdict(text(1001), { bodyBytes: 1000 }), "413 body_too_large");
    t.equal(verdict(text(999_999_999_999_999)), "ok");
  },
);
