// A config file to a Config, or to everything that is wrong with it.
import { checkCertificates } from "./certificates.ts";
import { readDocument } from "./document.ts";
import type { Environment } from "./environment.ts";
import { digestOf, readBytes } from "./file.ts";
import { freeze } from "./freeze.ts";
import { reportIssues, wording } from "./issues.ts";
import { checkReferences } from "./references.ts";
import { type Config, configSchema } from "./schema.ts";
import { type Problem, Source } from "./source.ts";
import { type Path, Tree } from "./tree.ts";
import { lint } from "./warnings.ts";

export type Loaded =
  | {
      readonly ok: true;
      readonly config: Config;
      readonly warnings: readonly Problem[];
      /** What the file says, as plain values with references to the environment as they are written. */
      readonly written: unknown;
      readonly digest: string;
    }
  | { readonly ok: false; readonly errors: readonly Problem[]; readonly digest: string };

/** Loads a file; `-` is standard input. Never throws for what the file, or its lack, can cause. */
export async function loadConfig(file: string, environment: Environment): Promise<Loaded> {
  const name = file === "-" ? "<stdin>" : file;
  const read = await readBytes(file);
  if (!read.ok) return refuse(new Source(name, ""), digestOf(""), read.problem);
  return parseConfig(name, read.bytes, environment);
}

/** The config that `input` holds; `file` is what problems call it. */
export function parseConfig(
  file: string,
  input: Uint8Array | string,
  environment: Environment,
): Loaded {
  const digest = digestOf(input);
  const text = typeof input === "string" ? input : decode(input);
  if (text === undefined) {
    return refuse(new Source(file, ""), digest, "the config is not UTF-8 text; save it as UTF-8");
  }
  const source = new Source(file, text);
  const reading = readDocument(source);
  if (!reading.ok) return { ok: false, digest, errors: reading.problems };
  const tree = new Tree(source, reading.document, environment);
  const result = configSchema.safeParse(tree.value, { error: wording });
  if (!result.success) reportIssues(tree, result.error.issues);
  checkReferences(tree);
  const doubts: Problem[] = [];
  if (result.success) {
    const warn = (path: Path, message: string): void => {
      doubts.push(source.problem("warning", tree.rangeAt(path), message));
    };
    checkCertificates(result.data, tree, warn);
  }
  if (result.success && tree.problems.length === 0) {
    const config = freeze(result.data);
    const written: unknown = reading.document.toJS();
    const warnings = inOrder([...doubts, ...lint(config, tree)]);
    return { ok: true, config, written, digest, warnings };
  }
  return { ok: false, digest, errors: inOrder(tree.problems) };
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function refuse(source: Source, digest: string, message: string): Loaded {
  return { ok: false, digest, errors: [source.problem("error", { start: 0, end: 0 }, message)] };
}

function inOrder(problems: readonly Problem[]): readonly Problem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
}
