// Words that a room must not say: time and chance come from Clock and Random, policies are pure,
// and nothing is left half done.
import { lineAt, type Source } from "./source.ts";
import type { Tree } from "./tree.ts";

interface Rule {
  readonly where: (path: string) => boolean;
  /** `code` leaves out comments and strings; `text` is everything. */
  readonly look: "code" | "text";
  readonly words: RegExp;
  readonly why: string;
}

const under =
  (...folders: readonly string[]) =>
  (path: string) =>
    folders.some((folder) => path.startsWith(`${folder}/`));

// A word behind a dot belongs to somebody else: `socket.setTimeout` is not the timer.
const TIMERS = /(?<![.\w$#])(?:setTimeout|setInterval|queueMicrotask)\b/g;
const TURN_END = /(?<![.\w$#])setImmediate\b/g;
const TIME_AND_CHANCE =
  /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bhrtime\b|\bMath\.random\b|\b(?:randomUUID|randomBytes|randomInt|getRandomValues)\b/g;

/** Pauses between two looks at what another process can only be asked for. */
const LOOK = "test/support/look.ts";

const RULES: readonly Rule[] = [
  {
    where: under("src/policy"),
    look: "code",
    words:
      /(?<![.\w$#])(?:async|await|Promise|Date|performance|process|console|setTimeout|setInterval|setImmediate|queueMicrotask)\b|\bMath\.random\b/g,
    why: "a policy is pure and synchronous; time and chance are arguments",
  },
  {
    where: (path) => under("src")(path) && path !== "src/core/clock.ts",
    look: "code",
    words: TIME_AND_CHANCE,
    why: "time and chance come from Clock and Random",
  },
  {
    where: under("src/core", "src/proxy", "src/http1", "src/http2"),
    look: "code",
    words: TIMERS,
    why: "delays come from the Wheel",
  },
  {
    where: (path) =>
      under("src/core", "src/proxy", "src/http1", "src/http2")(path) &&
      path !== "src/http1/outbox.ts",
    look: "code",
    words: TURN_END,
    why: "what waits for the end of a turn waits in an Outbox",
  },
  {
    where: (path) => under("test")(path) && path !== LOOK,
    look: "code",
    words: /(?<![.\w$#])(?:setTimeout|setInterval|sleep)\b|\bAtomics\.wait\b/g,
    why: "nothing sleeps in a test; wait for the event",
  },
  {
    where: under("test"),
    look: "code",
    words: /\bt\.(?:skip|todo)\b|\b(?:skip|todo):/g,
    why: "a test is run or it is not there",
  },
  {
    where: under("src", "test", "bench"),
    look: "code",
    words: /(?<![.\w$#])any(?![\w$])|\bas unknown as\b/g,
    why: "say the type",
  },
  {
    where: under("src", "test", "bench"),
    look: "text",
    words: /\b(?:TO[D]O|FIX[M]E|XX[X]|HAC[K])\b/g,
    why: "finish it, or file it",
  },
  {
    where: under("src", "test", "bench"),
    look: "text",
    words: /@ts-(?:ignor[e]|expect-erro[r]|nochec[k])|(?:biome|eslint)-(?:ignor[e]|disabl[e])/g,
    why: "mend what the checker says",
  },
];

/** Modules that a room must not import. */
const MODULES: readonly (Pick<Rule, "where" | "why"> & { readonly names: RegExp })[] = [
  { where: under("src/policy"), names: /^node:/, why: "a policy is pure" },
  {
    where: under("src/proxy", "src/http1", "src/http2"),
    names: /^node:crypto$/,
    why: "chance comes from Random",
  },
  {
    where: under("src/core", "src/proxy", "src/http1"),
    names: /^node:http$/,
    why: "it loads undici, 7 MiB; use process.getBuiltinModule",
  },
  {
    where: (path) => under("test")(path) && path !== LOOK,
    names: /^node:timers/,
    why: "nothing sleeps in a test",
  },
  {
    where: under("src/core", "src/proxy", "src/http1", "src/http2"),
    names: /^node:timers/,
    why: "delays come from the Wheel",
  },
];

/** Every banned word and module, with its place. */
export function bannedWords(tree: Tree): string[] {
  return [...tree.sources.values()].flatMap((source) => [
    ...RULES.filter(({ where }) => where(source.path)).flatMap((rule) => said(source, rule)),
    ...MODULES.filter(({ where }) => where(source.path)).flatMap(({ names, why }) =>
      source.links
        .filter(({ specifier }) => names.test(specifier))
        .map(({ specifier, line }) => `${source.path}:${line}: imports ${specifier}: ${why}`),
    ),
  ]);
}

function said(source: Source, { look, words, why }: Rule): string[] {
  return [...source[look].matchAll(words)].map(
    (match) => `${source.path}:${lineAt(source.text, match.index)}: "${match[0]}": ${why}`,
  );
}
