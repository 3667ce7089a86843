import fc from "fast-check";
import t from "tap";
import { parseSize, SIZE } from "../../../src/control/config/size.ts";
import { holds } from "./sample.ts";

t.test("a size is read as bytes", async (t) => {
  const written: readonly (readonly [string, number])[] = [
    ["0", 0],
    ["0B", 0],
    ["512", 512],
    ["512B", 512],
    ["8KiB", 8192],
    ["1MiB", 1_048_576],
    ["3GiB", 3_221_225_472],
    ["007KiB", 7168],
  ];
  for (const [text, bytes] of written) t.equal(parseSize(text), bytes, text);
});

t.test("decimal units, fractions, signs and spaces are refused", async (t) => {
  const refused = [
    "",
    "K",
    "64K",
    "64KB",
    "64kib",
    "64kB",
    "1.5MiB",
    "-1B",
    "+1B",
    "1 KiB",
    "1TiB",
  ];
  for (const text of [...refused, "KiB", "1KiB ", "1e3"]) t.equal(parseSize(text), undefined, text);
});

t.test("more bytes than a number can count are refused", async (t) => {
  t.equal(parseSize("8388608GiB"), undefined);
  t.equal(parseSize("8388607GiB"), 8_388_607 * 2 ** 30);
});

t.test("a number with a unit is that many units", async (t) => {
  const unit = fc.constantFrom(
    ["B", 1] as const,
    ["KiB", 2 ** 10] as const,
    ["GiB", 2 ** 30] as const,
  );
  holds(
    t,
    fc.property(
      fc.integer({ min: 0, max: 2 ** 22 }),
      unit,
      (count, [name, bytes]) => parseSize(`${count}${name}`) === count * bytes,
    ),
  );
});

t.test("the parser accepts nothing that the pattern for editors does not", async (t) => {
  const pieces = fc.constantFrom("1", "64", "K", "Ki", "B", "MiB", "GiB", " ", ".");
  holds(
    t,
    fc.property(fc.array(pieces, { maxLength: 5 }), (parts) => {
      const text = parts.join("");
      return SIZE.test(text) === (parseSize(text) !== undefined);
    }),
  );
});
