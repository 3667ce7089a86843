// What `upstream_assert` means: each phrase of each case becomes a check, or the suite fails.
import { type Field, values } from "../support/message.ts";
import type { RequestCase } from "./cases.ts";
import type { Observation } from "./exchange.ts";

/** Returns what is wrong, or undefined. */
type Check = (seen: Observation) => string | undefined;
type Phrase = readonly [RegExp, (...words: string[]) => Check];

/** The checks of a case that is forwarded; undefined when a phrase of it is not understood. */
export function checksOf({ id, upstream_assert: text }: RequestCase): readonly Check[] | undefined {
  if (text === "") return [];
  const own = GIVEN[id];
  if (own !== undefined) return [own];
  const checks: Check[] = [];
  for (const phrase of text.split("; ")) {
    const check = understand(phrase);
    if (check === undefined) return undefined;
    checks.push(check);
  }
  return checks;
}

function understand(phrase: string): Check | undefined {
  for (const [pattern, make] of PHRASES) {
    const match = pattern.exec(phrase);
    if (match !== null) return make(...match.slice(1));
  }
  return undefined;
}

const PHRASES: readonly Phrase[] = [
  [/^body=(.*)$/s, (body = "") => is("body", body, (seen) => bodyOf(seen))],
  [/^body empty$/, () => is("body", "", (seen) => bodyOf(seen))],
  [/^body is ([0-9]+) bytes$/, (n = "") => is("body", n, (seen) => `${bodyOf(seen)?.length}`)],
  [/^exactly ([0-9]+) requests?$/, (n = "") => is("requests", n, (s) => `${s.requests.length}`)],
  [/^method is (\S+)$/, (word = "") => is("method", word, (seen) => first(seen)?.method)],
  [/^target is (\S+)$/, (word = "") => is("target", word, (seen) => first(seen)?.target)],
  [/^targets are (.+)$/, (words = "") => is("targets", words, targets)],
  [/^answers are ([0-9 ]+)$/, (words = "") => is("answers", words, answers)],
  [/^interim (.+)$/, (words = "") => is("interim", words, interim)],
  [/^answer (\S+)=(.*)$/, (name = "", value = "") => is(name, value, (s) => answered(s, name))],
  [/^answer (\S+) absent$/, (name = "") => is(name, undefined, (seen) => answered(seen, name))],
  [/^trailer (\S+) absent$/, (name = "") => is(name, undefined, (seen) => trailer(seen, name))],
  [/^(\S+) not in headers$/, (name = "") => is(name, undefined, (seen) => field(seen, name))],
  [
    /^(\S+) present$/,
    (name = "") =>
      (seen) =>
        anywhere(seen, name) ? undefined : `no ${name}`,
  ],
  [/^(\S+) absent$/, (name = "") => is(name, undefined, (seen) => anywhere(seen, name))],
  [
    /^(.+) never seen$/s,
    (text = "") =>
      (seen) =>
        has(seen.raw, text) ? `${text} was sent` : undefined,
  ],
  [
    /^(.+) seen$/s,
    (text = "") =>
      (seen) =>
        has(seen.raw, text) ? undefined : `${text} is lost`,
  ],
  [
    /^([^= ]+) ends with (.+)$/,
    (name = "", end = "") =>
      (seen) =>
        endsWith(seen, name, end),
  ],
  [/^([^= ]+)=(.*)$/s, (name = "", value = "") => is(name, value, (seen) => field(seen, name))],
];

/** The given cases whose words are not phrases of ours. */
const GIVEN: Readonly<Record<string, Check>> = {
  "base-obs-text": (seen) => (has(seen.raw, "caf\xe9\xff") ? undefined : "bytes were changed"),
  "base-multi-value-order": is("lines", "x-l: 1,x-l: 2", (seen) =>
    lines(seen)
      .filter((line) => line.startsWith("x-l:"))
      .join(),
  ),
  "rl-version-1.2": is("version", "HTTP/1.1", (seen) => first(seen)?.version),
  "rl-method-lower": is("method", "get", (seen) => first(seen)?.method),
  "rl-pct-bad": is("target", "/%zz", (seen) => first(seen)?.target),
  "rl-pct-crlf": (seen) =>
    field(seen, "x") !== undefined || first(seen)?.target !== "/%0d%0aX:%201"
      ? "the target was decoded"
      : undefined,
  "f-bare-lf-value": (seen) => (/[^\r]\n/.test(seen.raw) ? "a bare LF went upstream" : undefined),
  "cl-extra-bytes": (seen) =>
    bodyOf(seen) === "hello" && /^200 (400|501)$/.test(answers(seen))
      ? undefined
      : `body ${bodyOf(seen)}, answers ${answers(seen)}`,
  "te-cl-both": (seen) => {
    if (seen.verdict !== "forward") return undefined;
    return field(seen, "content-length") !== undefined || !seen.closed
      ? "forwarded with both, or kept open"
      : undefined;
  },
  "te-cl-smuggle": (seen) => (has(seen.raw, "/smuggled") ? "smuggled" : undefined),
  "ck-final-missing-crlf": (seen) => (has(seen.raw, "/x") ? "/x was sent" : undefined),
  "tr-host": is("host", "a.test", (seen) => field(seen, "host")),
  "tr-auth": is("authorization", undefined, (seen) => field(seen, "authorization")),
  "hop-keepalive": is("keep-alive", undefined, (seen) => field(seen, "keep-alive")),
  "hop-named-xff": is("x-forwarded-for", "127.0.0.1", (seen) => field(seen, "x-forwarded-for")),
  "hop-xff-spoof": (seen) => endsWith(seen, "x-forwarded-for", "127.0.0.1"),
  "hop-priority-spoof": is("x-shed-priority", undefined, (s) => field(s, "x-shed-priority")),
  "ex-100": (seen) =>
    answers(seen) === "200" && interim(seen) === "100" && bodyOf(seen) === "hello"
      ? undefined
      : `interim ${interim(seen)}, answers ${answers(seen)}, body ${bodyOf(seen)}`,
  // Both requests go through the whole path, which adds an id of its own to each.
  "up-early-data": is("requests with an id of ours", "/ws /smuggled", (seen) => {
    const ids = new Set(seen.requests.map((each) => values(each.fields, "x-request-id").join()));
    return ids.size === 2 && field(seen, "upgrade") === undefined ? targets(seen) : "not both";
  }),
};

function is(
  what: string,
  wanted: string | undefined,
  get: (seen: Observation) => string | undefined,
): Check {
  return (seen) => {
    const got = get(seen);
    return got === wanted ? undefined : `${what}: wanted ${wanted}, got ${got}`;
  };
}

function first(seen: Observation): Observation["requests"][number] | undefined {
  return seen.requests[0];
}

function bodyOf(seen: Observation): string | undefined {
  return first(seen)?.body.toString("latin1");
}

function targets(seen: Observation): string {
  return seen.requests.map((request) => request.target).join(" ");
}

function answers(seen: Observation): string {
  return seen.responses.map((response) => response.status).join(" ");
}

/** The informational responses before the first final one, or `none`. */
function interim(seen: Observation): string {
  return seen.responses[0]?.interim.map((each) => each.status).join(" ") || "none";
}

function answered(seen: Observation, name: string): string | undefined {
  return joined(seen.responses[0]?.fields, name);
}

function field(seen: Observation, name: string): string | undefined {
  return joined(first(seen)?.fields, name);
}

function trailer(seen: Observation, name: string): string | undefined {
  return joined(first(seen)?.trailers, name);
}

function anywhere(seen: Observation, name: string): string | undefined {
  return field(seen, name) ?? trailer(seen, name);
}

/** Every value of the field called `name`, joined as a receiver would; undefined if there is none. */
function joined(fields: readonly Field[] | undefined, name: string): string | undefined {
  const all = values(fields ?? [], name);
  return all.length === 0 ? undefined : all.join(", ");
}

function endsWith(seen: Observation, name: string, end: string): string | undefined {
  const value = field(seen, name);
  return value?.endsWith(end) === true ? undefined : `${name}: got ${value}`;
}

function lines(seen: Observation): readonly string[] {
  const fields = first(seen)?.fields ?? [];
  return fields.map(({ name, value }) => `${name.toLowerCase()}: ${value}`);
}

function has(text: string, part: string): boolean {
  return text.includes(part);
}
