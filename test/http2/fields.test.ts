import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { Fields, idOf, trim } from "../../src/core/fields.ts";
import { addField, addRaw, isSound, pushRaw } from "../../src/http2/fields.ts";
import { line } from "../http1/arbitrary.ts";

t.test("a raw array becomes lines, without pseudo-header fields, with ids, in order", async (t) => {
  const fields = new Fields();
  fields.text = "GET / HTTP/1.1\r\n";
  addField(fields, "host", "a.test");
  const raw = [":status", "200", "x-a", "1", "set-cookie", "a", "set-cookie", "b", "x-e", ""];
  t.equal(addRaw(fields, raw), true);
  t.equal(
    fields.text,
    "GET / HTTP/1.1\r\nhost: a.test\r\nx-a: 1\r\nset-cookie: a\r\nset-cookie: b\r\nx-e: \r\n",
  );
  t.equal(fields.count, 5);
  t.equal(fields.get(idOf("host")), "a.test");
  t.strictSame(fields.named("set-cookie"), ["a", "b"]);
  t.equal(fields.value(4), "");
});

t.test("what could not stand in a line is refused", async (t) => {
  for (const name of ["", "X-A", "x a", "x:a", "x\r\nb", "x\0", "é", "host "])
    t.equal(isSound(name, "1"), false, JSON.stringify(name));
  for (const value of ["\r", "a\nb", "a\0", " a", "a ", "\ta", "a\t", "\x7f", "\x1f", "€"])
    t.equal(isSound("x-a", value), false, JSON.stringify(value));
  for (const value of ["", "a", "a b", "a\tb", "\x80\xff"]) t.equal(isSound("x-a", value), true);
  t.equal(addRaw(new Fields(), ["x-a", "1", "x-b", "1\r\nx-c: 2"]), false);
});

t.test("lines become a raw array and back", async () => {
  const bare = (value: string) => trim(value, 0, value.length);
  const sound = line.filter(({ name, value }) => isSound(name.toLowerCase(), bare(value)));
  fc.assert(
    fc.property(fc.array(sound, { maxLength: 10 }), (lines) => {
      const text = lines.map(({ name, value }) => `${name}:${value}\r\n`).join("");
      const raw: string[] = [];
      pushRaw(raw, `${text}\r\nx-body: 1\r\n`);
      const wanted = lines.flatMap(({ name, value }) => [name.toLowerCase(), bare(value)]);
      assert.deepEqual(raw, wanted);
      const fields = new Fields();
      assert.ok(addRaw(fields, raw));
      assert.equal(fields.count, lines.length);
    }),
  );
});
