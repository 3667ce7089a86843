// The wire cases: their form, and how they are read.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

interface Case {
  readonly id: string;
  readonly rfc: string;
  readonly level: string;
  /** The bytes, as latin1, with every `{{rep:S:N}}` written out. */
  readonly raw: string;
  /** What we do by default, and what else would be right. */
  readonly expect: string;
  readonly accept: readonly string[];
  readonly note: string;
}

export interface RequestCase extends Case {
  readonly category: string;
  /** Must the connection be closed afterwards? null: it does not matter. */
  readonly close: boolean | null;
  /** How many complete requests the upstream may see. */
  readonly upstream_requests: number | string;
  /** What must hold of them, in words that `checks.ts` knows. */
  readonly upstream_assert: string;
}

export interface ResponseCase extends Case {
  /** The request to send, by a name that `response-cases.ts` knows. */
  readonly request: string;
  /** What the upstream does after `raw`. */
  readonly then: string;
  /** Must the upstream's connection carry the next request, or be closed? null: either. */
  readonly reuse_upstream: boolean | null;
}

const here = join(import.meta.dirname, "cases");
const shared = join(import.meta.dirname, "..", "..", "..", "shared", "cases");

export function requestCases(): readonly RequestCase[] {
  const given = load<RequestCase>("http1-requests.json");
  return [...given, ...load<RequestCase>("own-requests.json"), ...load<RequestCase>("found.json")];
}

export function responseCases(): readonly ResponseCase[] {
  const given = load<ResponseCase>("http1-responses.json");
  const own = load<ResponseCase>("own-responses.json");
  return [...given, ...own, ...load<ResponseCase>("found-responses.json")];
}

/** What `reuse_upstream` asks of the way in which the case is played here. */
export function reuseOf(wire: ResponseCase): boolean | null {
  // A drip that is waited for to its end is a good response, and its connection is good too.
  return wire.id === "r-slow-drip" ? null : wire.reuse_upstream;
}

/** Both texts of a given file where the original is at hand, otherwise the copy twice. */
export function copyAndOriginal(name: string): readonly [string, string] {
  const copy = readFileSync(join(here, name), "utf8");
  const original = join(shared, name);
  return [copy, existsSync(original) ? readFileSync(original, "utf8") : copy];
}

function load<T extends Case>(name: string): readonly T[] {
  const cases: readonly T[] = JSON.parse(readFileSync(join(here, name), "utf8"));
  return cases.map((each) => ({ ...each, raw: expand(each.raw) }));
}

function expand(raw: string): string {
  return raw.replace(/\{\{rep:([\s\S]*?):([0-9]+)\}\}/g, (_all, text: string, count: string) =>
    text.repeat(Number(count)),
  );
}
