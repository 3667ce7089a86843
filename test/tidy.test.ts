// The habits of the repository: the design's layout, import table and style, as tests.
import { join } from "node:path";
import t from "tap";
import * as families from "../src/core/families.ts";
import * as ownFamilies from "../src/core/ownfamilies.ts";
import { REFUSALS } from "../src/core/refusal.ts";
import { deadExports, deadFiles, strayPackages } from "./tidy/dead.ts";
import { cycles, wrongImports } from "./tidy/imports.ts";
import { idleTests, tooLong, wrongForms, wrongPlaces } from "./tidy/shape.ts";
import { familiesOf, metricDifferences, reasonDifferences } from "./tidy/tables.ts";
import { readTree } from "./tidy/tree.ts";
import { bannedWords } from "./tidy/words.ts";

const tree = readTree(join(import.meta.dirname, ".."));
const readme = tree.texts.get("README.md") ?? "";

const HABITS: Readonly<Record<string, () => string[]>> = {
  "imports go one way, as the design's table says": () => wrongImports(tree),
  "no file imports itself through others": () => cycles(tree),
  "every file of src is reached from main.ts": () => deadFiles(tree),
  "every export of src is used by another file": () => deadExports(tree),
  "package.json declares what is imported, and nothing more": () => strayPackages(tree),
  "no room says a word that is banned there": () => bannedWords(tree),
  "no file and no function is too long": () => tooLong(tree),
  "no default exports, no barrels, no files named after nothing": () => wrongForms(tree),
  "everything stands where the design puts it": () => wrongPlaces(tree),
  "every test is among those that are run": () => idleTests(tree),
  "the README's reasons are those of the code": () => reasonDifferences(readme, REFUSALS),
  "the README's metrics are those of the code": () =>
    metricDifferences(readme, familiesOf({ ...families, ...ownFamilies })),
};

for (const [habit, breaches] of Object.entries(HABITS)) {
  t.test(habit, async (t) => {
    t.strictSame(breaches(), []);
  });
}
