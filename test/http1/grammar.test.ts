import t from "tap";
import { HEX, isAuthority, TARGET, TOKEN, VALUE } from "../../src/http1/grammar.ts";

/** The bytes that a table allows, as text. */
function allowed(table: Uint8Array): string {
  const codes = Array.from({ length: 256 }, (_, code) => code);
  return String.fromCharCode(...codes.filter((code) => table[code] === 1));
}

function matching(pattern: RegExp): string {
  const all = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
  return all.filter((character) => pattern.test(character)).join("");
}

t.test("a token is what RFC 9110 5.6.2 says", async (t) => {
  t.equal(allowed(TOKEN), matching(/[!#$%&'*+\-.^_`|~0-9A-Za-z]/));
});

t.test("a value is visible, blank or obs-text: RFC 9110 5.5", async (t) => {
  t.equal(allowed(VALUE), matching(/[\t \x21-\x7e\x80-\xff]/));
});

t.test("a target is visible ASCII without a fragment", async (t) => {
  t.equal(allowed(TARGET), matching(/[\x21\x22\x24-\x7e]/));
});

t.test("a hexadecimal digit has its value, and nothing else has one", async (t) => {
  for (let code = 0; code < 256; code++) {
    const character = String.fromCharCode(code);
    const value = /[0-9a-fA-F]/.test(character) ? Number.parseInt(character, 16) : 255;
    t.equal(HEX[code], value, JSON.stringify(character));
  }
});

t.test("an authority is a host with at most a port", async (t) => {
  const good = ["a", "a.b:1", "a.b:65535", "1.2.3.4", "[::]", "[::ffff:1.2.3.4]:80", "a_b", "~"];
  for (const text of good) t.equal(isAuthority(text), true, text);
  const bad = [
    "",
    ":80",
    "a:",
    "a:65536",
    "a:-1",
    "a,b",
    "a b",
    "u@a",
    "a/",
    "a?",
    "[]",
    "[::",
    "[1::2::3]",
    "[1:2:3]",
    "[127.0.0.1]",
    "[::256.1.1.1]",
    "::",
  ];
  for (const text of bad) t.equal(isAuthority(text), false, text);
});
