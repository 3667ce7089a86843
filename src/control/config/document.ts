// YAML text to one document, or what is wrong with it as YAML.
import { type Document, isScalar, parseAllDocuments, type YAMLError } from "yaml";
import { tooDeepAt } from "./depth.ts";
import type { Problem, Range, Source } from "./source.ts";

export type Reading =
  | { readonly ok: true; readonly document: Document }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads one document of YAML 1.2; its problems are those of syntax only. */
export function readDocument(source: Source): Reading {
  const fail = (range: Range, message: string): Reading => ({
    ok: false,
    problems: [source.problem("error", range, message)],
  });
  const deep = tooDeepAt(source.text);
  if (deep >= 0)
    return fail(
      { start: deep, end: deep + 1 },
      "the config is nested too deeply, or has too many brackets",
    );
  const documents = parse(source.text);
  const [document, second] = documents;
  if (document === undefined || isEmpty(document)) {
    return fail(
      { start: 0, end: 0 },
      `the config is empty; "tidegate init" prints one to start from`,
    );
  }
  const problems = documents.flatMap((each) => syntaxProblems(source, each));
  if (problems.length > 0) return { ok: false, problems };
  if (second !== undefined) {
    const start = second.range?.[0] ?? 0;
    return fail(
      { start, end: start + 3 },
      "a config is one YAML document; a second one begins here",
    );
  }
  if (document.directives?.yaml.version !== "1.2") {
    return fail({ start: 0, end: 5 }, "a config is YAML 1.2; remove the %YAML line");
  }
  return { ok: true, document };
}

function isEmpty({ contents, errors }: Document): boolean {
  const nothing = contents === null || (isScalar(contents) && contents.value === null);
  return nothing && errors.length === 0;
}

function parse(text: string): readonly Document[] {
  // Duplicate keys are found by the tree, which can say where the first one is.
  const result = parseAllDocuments(text, {
    version: "1.2",
    prettyErrors: false,
    uniqueKeys: false,
  });
  return Array.isArray(result) ? result : [];
}

/** One problem a line: those after the first are mostly its echo. */
function syntaxProblems(source: Source, document: Document): readonly Problem[] {
  const byLine = new Map<number, Problem>();
  for (const error of [...document.errors, ...document.warnings]) {
    const [start, end] = error.pos;
    const line = source.line(start);
    if (byLine.has(line)) continue;
    byLine.set(line, source.problem("error", { start, end }, explain(source, error)));
  }
  return [...byLine.values()];
}

function explain(source: Source, error: YAMLError): string {
  const { code, message, pos } = error;
  const line = source.lineText(source.line(pos[0]));
  const text = `not valid YAML: ${message.charAt(0).toLowerCase()}${message.slice(1)}`;
  if (code === "TAB_AS_INDENT") return "a line must be indented with spaces, not with tabs";
  if (code === "TAG_RESOLVE_FAILED") return "tags such as !name mean nothing here; remove it";
  if (/[[{,].*\$\{/.test(line)) return `${text}; inside [ ] or { }, "\${…}" needs quotes`;
  if (/\[[0-9a-f:.]*:[0-9a-f:.]*\]/i.test(line)) return `${text}; an IPv6 address needs quotes`;
  return text;
}
