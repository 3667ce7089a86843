import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { Fields } from "../../src/core/fields.ts";
import { connectionOptions, declaredFraming } from "../../src/http1/framing.ts";
import { readFields } from "../../src/http1/lines.ts";
import { blank, token } from "./arbitrary.ts";

function fieldsOf(...lines: readonly string[]): Fields {
  const text = `${lines.map((line) => `${line}\r\n`).join("")}\r\n`;
  const fields = new Fields();
  const end = readFields(Buffer.from(text, "latin1"), 0, fields, {
    headerBytes: 10_000,
    headers: 100,
  });
  assert.equal(end, text.length);
  fields.text = text;
  return fields;
}

/** The kind of the framing, with its length; or the status and what is wrong. */
function framing(lines: readonly string[], minor = 1): string {
  const found = declaredFraming(fieldsOf(...lines), minor);
  if ("reason" in found) return `${found.status} ${found.detail}`;
  return found.kind === "length" ? `length ${found.bytes}` : found.kind;
}

const LENGTHS: readonly (readonly [value: string, framing: string | undefined])[] = [
  ["0", "length 0"],
  ["5", "length 5"],
  ["  5\t ", "length 5"],
  ["0005", "length 5"],
  ["999999999999999", "length 999999999999999"],
  ["1000000000000000", undefined],
  ["", undefined],
  ["+5", undefined],
  ["-5", undefined],
  ["0x5", undefined],
  ["5.0", undefined],
  ["5e0", undefined],
  ["5 5", undefined],
  ["5,5", undefined],
  ["5, 5", undefined],
  ["five", undefined],
  ["\xb2", undefined],
];

t.test("Content-Length is one decimal number that can be counted exactly", async (t) => {
  for (const [value, wanted] of LENGTHS) {
    const found = framing([`Content-Length: ${value}`]);
    if (wanted === undefined) t.match(found, /^400 Content-Length/, JSON.stringify(value));
    else t.equal(found, wanted, JSON.stringify(value));
  }
  t.match(framing(["Content-Length: 5", "content-length: 5"]), /^400 Content-Length/);
});

const CODINGS: readonly (readonly [value: string, framing: RegExp])[] = [
  ["chunked", /^chunked$/],
  ["Chunked", /^chunked$/],
  ["  chunked ", /^chunked$/],
  ["chunked\t", /^400 /],
  ["\tchunked", /^400 /],
  ["", /^400 /],
  [",chunked", /^400 /],
  ["chunked,", /^400 /],
  ["chunked, chunked", /^400 /],
  ["chunked, gzip", /^400 /],
  ["gzip, chunked", /^501 /],
  ["gzip, chunked, chunked", /^400 /],
  ["chunked;a=b", /^400 /],
  ['"chunked"', /^400 /],
  ["chunked chunked", /^400 /],
  ["xchunked", /^400 /],
  ["gzip", /^400 /],
  ["identity", /^400 /],
];

t.test("Transfer-Encoding is exactly chunked", async (t) => {
  for (const [value, wanted] of CODINGS) {
    t.match(framing([`Transfer-Encoding: ${value}`]), wanted, JSON.stringify(value));
  }
  t.match(framing(["Transfer-Encoding: chunked", "transfer-encoding: chunked"]), /^400 /);
  t.match(framing(["Transfer-Encoding: gzip", "Transfer-Encoding: chunked"]), /^400 /);
});

t.test("Transfer-Encoding with a length, or in HTTP/1.0, is refused", async (t) => {
  t.match(framing(["Transfer-Encoding: chunked", "Content-Length: 5"]), /^400 both/);
  t.match(framing(["Content-Length: 0", "transfer-encoding: chunked"]), /^400 both/);
  t.match(framing(["Transfer-Encoding: chunked"], 0), /^400 .*HTTP\/1\.0/);
});

t.test("a message that declares nothing declares nothing", async (t) => {
  t.equal(framing([]), "none");
  t.equal(
    framing(["X-Content-Length: 5", "Content-Lengths: 5", "Transfer-Encodin: chunked"]),
    "none",
  );
});

t.test("Connection's own options and the names of fields are told apart", async (t) => {
  const options = (...lines: readonly string[]) => connectionOptions(fieldsOf(...lines));
  const silent = { close: false, keepAlive: false, upgrade: false, nominated: [] };
  t.same(options("X: y"), silent);
  t.same(options("Connection: close"), { ...silent, close: true });
  t.same(options("Connection:\tCLOSE "), { ...silent, close: true });
  t.same(options("Connection: Keep-Alive"), { ...silent, keepAlive: true });
  t.same(options("Connection: ,, x-a ,X-B,"), { ...silent, nominated: ["x-a", "x-b"] });
  t.same(options("Connection: closed, xclose"), { ...silent, nominated: ["closed", "xclose"] });
  const both = options("connection: upgrade, x-a", "a: b", "CONNECTION: x-b\t,Close");
  t.same(both, { close: true, keepAlive: false, upgrade: true, nominated: ["x-a", "x-b"] });
});

t.test("more than 1 KiB of Connection is refused, however many lines it takes", async (t) => {
  const line = `Connection: ${"a".repeat(511)}`;
  t.match(connectionOptions(fieldsOf(line, line)), { nominated: [/^a+$/, /^a+$/] });
  t.match(connectionOptions(fieldsOf(line, `${line}b,`)), { reason: "bad_request" });
});

t.test("however Connection is written, it says the same", async () => {
  const own = ["close", "keep-alive", "upgrade"];
  const name = fc.oneof(fc.constantFrom(...own, "Close", "KEEP-ALIVE", "Upgrade"), token);
  const part = fc.record({ name, before: blank, behind: blank, newLine: fc.boolean() });
  fc.assert(
    fc.property(fc.array(part, { minLength: 1 }), (parts) => {
      let text = "Connection: ";
      for (const { name: word, before, behind, newLine } of parts) {
        text += `${before}${word}${behind}${newLine ? "\r\nCONNECTION:" : ","}`;
      }
      const words = parts.map(({ name: word }) => word.toLowerCase());
      assert.deepEqual(connectionOptions(fieldsOf(text)), {
        close: words.includes("close"),
        keepAlive: words.includes("keep-alive"),
        upgrade: words.includes("upgrade"),
        nominated: words.filter((word) => !own.includes(word)),
      });
    }),
  );
});
