import fc from "fast-check";
import t from "tap";
import { didYouMean, editDistance, suggest } from "../../../src/control/config/suggest.ts";
import { holds } from "./sample.ts";

const KNOWN = ["timeout", "cluster", "connectTimeout", "match", "name", "upgrades"];

t.test("the nearest known word is suggested", async (t) => {
  const meant: readonly (readonly [string, string])[] = [
    ["timout", "timeout"],
    ["tiemout", "timeout"],
    ["Timeout", "timeout"],
    ["connect_timeout", "connectTimeout"],
    ["connect-timeout", "connectTimeout"],
    ["clusters", "cluster"],
    ["nmae", "name"],
    ["upgrade", "upgrades"],
  ];
  for (const [word, known] of meant) t.equal(suggest(word, KNOWN), known, word);
});

t.test("nothing is suggested when nothing is near", async (t) => {
  for (const word of ["", "retry", "x", "xyz", "backend", "t".repeat(100_000)]) {
    t.equal(suggest(word, KNOWN), undefined, word.slice(0, 10));
  }
  t.equal(didYouMean("retry", KNOWN), "");
  t.equal(didYouMean("nam", KNOWN), '; did you mean "name"?');
});

t.test("two letters that changed places are one slip", async (t) => {
  t.equal(editDistance("ab", "ba"), 1);
  t.equal(editDistance("kitten", "sitting"), 3);
  t.equal(editDistance("", "abc"), 3);
  t.equal(editDistance("abc", "abc"), 0);
});

t.test("the distance is symmetric, and never more than the longer word", async (t) => {
  const word = fc.string({ maxLength: 12 });
  holds(
    t,
    fc.property(word, word, (a, b) => {
      const distance = editDistance(a, b);
      const bounded = distance <= Math.max(a.length, b.length);
      return distance === editDistance(b, a) && bounded && (distance === 0) === (a === b);
    }),
  );
});
