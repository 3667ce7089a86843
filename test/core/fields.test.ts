import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { Fields, idOf, KNOWN_FIELDS, lookup, members, trim } from "../../src/core/fields.ts";
import { readFields } from "../../src/http1/lines.ts";
import { type Line, line, linesText, token } from "../http1/arbitrary.ts";

const LIMITS = { headerBytes: 10_000, headers: 100 };
const known = KNOWN_FIELDS.filter((name) => name !== "");

/** Fields of these lines, somewhere in a longer text. */
function read(lines: readonly Line[], prefix = "GET / HTTP/1.1\r\n"): Fields {
  const text = `${prefix}${linesText(lines)}\r\nbody`;
  const fields = new Fields();
  const end = readFields(Buffer.from(text, "latin1"), prefix.length, fields, LIMITS);
  assert.equal(end, text.length - "body".length);
  fields.text = text.slice(0, -"body".length);
  return fields;
}

/** `name` with the case of letters turned where `turns` says so. */
function inAnyCase(name: string, turns: readonly boolean[]): string {
  return [...name].map((c, i) => (turns[i % turns.length] ? c.toUpperCase() : c)).join("");
}

const knownName = fc
  .tuple(fc.constantFrom(...known), fc.array(fc.boolean(), { minLength: 1 }))
  .map(([name, turns]) => inAnyCase(name, turns));
const anyLine = fc
  .tuple(line, fc.oneof(knownName, token))
  .map(([plain, name]): Line => ({ ...plain, name }));

t.test("names, values and whole lines are what was written", async () => {
  fc.assert(
    fc.property(fc.array(anyLine, { maxLength: 10 }), (lines) => {
      const fields = read(lines);
      assert.equal(fields.count, lines.length);
      lines.forEach((wanted, i) => {
        assert.equal(fields.name(i), wanted.name);
        assert.equal(fields.value(i), wanted.value);
        assert.equal(fields.whole(i), linesText([wanted]));
        assert.equal(fields.start(i), fields.text.indexOf(`${linesText(lines.slice(i))}\r\n`));
      });
      assert.equal(fields.start(lines.length), fields.text.length - "\r\n".length);
    }),
  );
});

t.test("find, get and named see every line of a name, in any case", async () => {
  fc.assert(
    fc.property(fc.array(anyLine, { maxLength: 10 }), fc.constantFrom(...known), (lines, name) => {
      const fields = read(lines);
      const places = lines.flatMap((each, i) => (each.name.toLowerCase() === name ? [i] : []));
      const found: number[] = [];
      for (let at = fields.find(idOf(name)); at >= 0; at = fields.find(idOf(name), at + 1)) {
        found.push(at);
      }
      assert.deepEqual(found, places);
      const values = places.map((i) => lines[i]?.value);
      assert.deepEqual(fields.named(name), values);
      assert.equal(fields.get(idOf(name)), values[0]);
    }),
  );
});

t.test("named sees unknown names as well", async () => {
  fc.assert(
    fc.property(fc.array(anyLine, { maxLength: 10 }), token, (lines, name) => {
      const wanted = name.toLowerCase();
      const values = lines.filter((each) => each.name.toLowerCase() === wanted);
      assert.deepEqual(
        read(lines).named(wanted),
        values.map(({ value }) => value),
      );
    }),
  );
});

t.test("every known name has an id of its own, and no other name has one", async (t) => {
  const ids = known.map((name) => idOf(name));
  t.equal(new Set(ids).size, known.length);
  t.notOk(ids.includes(0), "0 is for names that are not known");
  fc.assert(
    fc.property(fc.oneof(knownName, token), fc.string(), (name, around) => {
      const wanted = known.find((each) => each === name.toLowerCase());
      const bytes = Buffer.from(around + name + around, "latin1");
      const id = lookup(bytes, around.length, around.length + name.length);
      assert.equal(id, wanted === undefined ? 0 : idOf(wanted));
    }),
  );
});

t.test("a name that differs from a known one in a single byte is not known", async () => {
  const change = fc.tuple(fc.constantFrom(...known), fc.nat(40), fc.integer({ min: 33, max: 126 }));
  fc.assert(
    fc.property(change, ([name, at, code]) => {
      const place = at % name.length;
      const other = name.slice(0, place) + String.fromCharCode(code) + name.slice(place + 1);
      fc.pre(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(other));
      const wanted = known.find((each) => each === other.toLowerCase());
      assert.equal(
        lookup(Buffer.from(other), 0, other.length),
        wanted === undefined ? 0 : idOf(wanted),
      );
    }),
    { numRuns: 1000 },
  );
});

t.test("trim takes spaces and tabs from both ends, and nothing else", async (t) => {
  t.equal(trim("[ \t a\t b\u00a0 \t]", 1, 11), "a\t b\u00a0");
  t.equal(trim(" \t ", 0, 3), "");
  t.equal(trim("", 0, 0), "");
});

t.test("members are lower-case, trimmed and not empty", async (t) => {
  t.same(members(" A, b\t,,C d , "), ["a", "b", "c d"]);
  t.same(members(""), []);
  t.same(members(" , "), []);
});
