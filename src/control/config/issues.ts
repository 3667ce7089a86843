// What the schema objects to, as problems with a place and a "did you mean".
import type { z } from "zod";
import { keysAt, placesOf } from "./options.ts";
import { quote } from "./source.ts";
import { didYouMean } from "./suggest.ts";
import type { Path, Tree } from "./tree.ts";

type Issue = z.core.$ZodIssue;

/** Adds a problem to the tree for each thing that `issues` object to. */
export function reportIssues(tree: Tree, issues: readonly Issue[], base: Path = []): void {
  for (const issue of issues) {
    const path = [...base, ...issue.path];
    if (tree.isBroken(path)) continue;
    if (issue.code === "unrecognized_keys") reportKeys(tree, path, issue.keys);
    else if (issue.code === "invalid_union") reportUnion(tree, issue, path);
    else if (issue.code === "invalid_key") reportKey(tree, path, issue.issues);
    else tree.error(tree.rangeAt(path), sentence(tree, path, issue));
  }
}

/** The text for what the schema has no words of its own for; a predicate, to follow the option. */
export const wording: z.core.$ZodErrorMap = (issue) => {
  if (issue.input === undefined) return "is missing";
  if (issue.input === null) return "has no value; give it one, or remove it";
  switch (issue.code) {
    case "invalid_type":
      // Infinity and NaN are numbers to YAML.
      if (typeof issue.input === "number" && issue.expected === "number")
        return "must be a finite number";
      return `must be ${KINDS[issue.expected] ?? issue.expected}${quoteHint(issue)}`;
    case "invalid_value":
      return `must be one of ${issue.values.join(", ")}${nearest(issue.input, issue.values)}`;
    case "too_small":
      return `must be ${issue.inclusive === false ? "above" : "at least"} ${issue.minimum}`;
    case "too_big":
      return `must be at most ${issue.maximum}${issue.origin === "string" ? " characters" : ""}`;
    default:
      return "is not valid";
  }
};

const KINDS: Readonly<Record<string, string>> = {
  string: "text",
  int: "a whole number",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
  record: "a mapping",
};

/** `x-tenant: 7` is a number to YAML, and a slip to the reader. */
function quoteHint({ expected, input }: { expected?: string; input?: unknown }): string {
  if (expected === "string" && typeof input !== "object") return "; put it in quotes";
  const numeric = expected === "int" || expected === "number" || expected === "boolean";
  return numeric && typeof input === "string" ? ", without quotes" : "";
}

function nearest(input: unknown, values: readonly unknown[]): string {
  return typeof input === "string" ? didYouMean(input, values.map(String)) : "";
}

function sentence(tree: Tree, path: Path, issue: Issue): string {
  const hint = issue.code === "custom" ? issue.params?.hint : undefined;
  const safe = typeof hint === "string" && !tree.place(path).fromEnvironment;
  return `${label(path)} ${issue.message}${safe ? `; ${hint}` : ""}`;
}

/** The option as a reader of the line would call it: `timeout`, `methods[0]`. */
function label(path: Path): string {
  const at = path.findLastIndex((step) => typeof step !== "number");
  if (at < 0) return "the config";
  const items = path.slice(at + 1).map((step) => `[${String(step)}]`);
  return `${String(path[at])}${items.join("")}`;
}

function reportKeys(tree: Tree, path: Path, keys: readonly string[]): void {
  const options = keysAt(path);
  for (const key of keys) {
    const range = tree.place([...path, key]).key ?? tree.rangeAt(path);
    const known = didYouMean(key, options);
    const elsewhere = placesOf(key);
    const hint =
      known === "" && elsewhere.length > 0 ? `; it belongs in ${elsewhere.join(" or ")}` : known;
    tree.error(range, `unknown option ${quote(key)}${hint}`);
  }
}

function reportKey(tree: Tree, path: Path, issues: readonly Issue[]): void {
  const range = tree.place(path).key ?? tree.rangeAt(path);
  for (const issue of issues) tree.error(range, `${label(path)} ${issue.message}`);
}

/** A union tells what each of its forms objects to; only the form that was meant matters. */
function reportUnion(
  tree: Tree,
  issue: Extract<Issue, { code: "invalid_union" }>,
  path: Path,
): void {
  const meant = issue.errors.find(
    (branch) => !branch.some(({ code, path }) => code === "invalid_type" && path.length === 0),
  );
  if (meant !== undefined) reportIssues(tree, meant, path);
  else tree.error(tree.rangeAt(path), sentence(tree, path, issue));
}
