// The kinds of value that options take. Each gives a parser, a default, a pattern for editors and
// one line of documentation at once.
//
// Messages are predicates ("must be a size such as 64KiB"): the loader puts the option before them.
// They never repeat a value, which may be a secret that came from the environment.
import { z } from "zod";
import { type Address, parseAddress } from "../../core/address.ts";
import { parseTarget, type Target } from "../name.ts";
import { ADDRESS, addressProblem, TARGET, targetProblem } from "./address.ts";
import { parseCidr } from "./cidr.ts";
import { DURATION, formatDuration, parseDuration } from "./duration.ts";
import { HOST, hostProblem } from "./host.ts";
import { parseSize, SIZE } from "./size.ts";

type Bounds = readonly [least: string, most: string];

/** A time, in milliseconds when loaded. */
export function duration(fallback: string, [least, most]: Bounds, doc: string) {
  const [min = 0, max = 0] = [parseDuration(least), parseDuration(most)];
  return z
    .string({ error: (issue) => (given(issue) ? unitless(issue.input) : undefined) })
    .regex(DURATION, { error: "must be a duration such as 250ms, 15s or 1m30s" })
    .transform((text, context) => {
      const ms = parseDuration(text) ?? 0;
      if (ms < min) context.addIssue(`must be at least ${formatDuration(min)}`);
      if (ms > max) context.addIssue(`must be at most ${formatDuration(max)}`);
      return ms;
    })
    .prefault(fallback)
    .describe(`${doc} From ${least} to ${most}.`);
}

function unitless(input: unknown): string {
  const hint = input === 0 ? "write 0s" : "a number has no unit";
  const problem = "must be a duration such as 250ms, 15s or 1m30s";
  return typeof input === "number" ? `${problem}; ${hint}` : problem;
}

const SIZE_SHAPE = "must be a size such as 512B, 64KiB or 1MiB, or a whole number of bytes";

/** A number of bytes. */
export function size(fallback: string, [least, most]: Bounds, doc: string) {
  const [min = 0, max = 0] = [parseSize(least), parseSize(most)];
  const bounds = { min: `must be at least ${least}`, max: `must be at most ${most}` };
  const bytes = z.int().min(min, { error: bounds.min }).max(max, { error: bounds.max });
  const text = z
    .string()
    .regex(SIZE, { error: sizeShape })
    .transform((text, context) => {
      const value = parseSize(text) ?? Number.POSITIVE_INFINITY;
      if (value < min) context.addIssue(bounds.min);
      if (value > max) context.addIssue(bounds.max);
      return value;
    });
  return z
    .union([bytes, text], { error: (issue) => (given(issue) ? SIZE_SHAPE : undefined) })
    .prefault(fallback === "0B" ? 0 : fallback)
    .describe(`${doc} From ${least} to ${most}.`);
}

function sizeShape(issue: { readonly input?: unknown }): string {
  const decimal = typeof issue.input === "string" && /^[0-9]+ ?[KMG]i?b?$/i.test(issue.input);
  return decimal ? "must have its unit as B, KiB, MiB or GiB" : SIZE_SHAPE;
}

/** A whole number of things. */
export function count(fallback: number, [least, most]: readonly [number, number], doc: string) {
  return z
    .int()
    .min(least)
    .max(most)
    .prefault(fallback)
    .describe(`${doc} From ${least} to ${most}.`);
}

/** A part of a whole: above 0, so that it is never met by nothing at all. */
export function share(fallback: number, doc: string) {
  return z.number().positive().max(1).prefault(fallback).describe(`${doc} Above 0, up to 1.`);
}

/** Where to listen. */
export function address() {
  return z
    .string({ error: (issue) => (given(issue) ? ADDRESS_SHAPE : undefined) })
    .regex(ADDRESS, {
      error: (issue) => addressProblem(String(issue.input), "bind") ?? ADDRESS_SHAPE,
    })
    .transform((text, context): Address => {
      const problem = addressProblem(text, "bind");
      if (problem !== undefined) context.addIssue(problem);
      return parseAddress(text) ?? z.NEVER;
    });
}

/** Whom to reach: an address, or a name. */
export function target() {
  return z
    .string({ error: (issue) => (given(issue) ? TARGET_SHAPE : undefined) })
    .regex(TARGET, { error: (issue) => targetProblem(String(issue.input)) ?? TARGET_SHAPE })
    .transform((text, context): Target => {
      const problem = targetProblem(text);
      if (problem !== undefined) context.addIssue(problem);
      return parseTarget(text) ?? z.NEVER;
    });
}

const ADDRESS_SHAPE = "must be host:port, [v6]:port or unix:/path";
const TARGET_SHAPE = "must be host:port, [v6]:port, unix:/path or srv:name";

/** The name of a listener or cluster, which is also a metric label and a part of admin paths. */
export function name(doc: string, example: string) {
  return z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$/, {
      error:
        "must be 1 to 63 letters, digits, dots, dashes or underscores, and start with one of the first two",
    })
    .meta({ description: doc, example });
}

/** A host pattern, in lower case when loaded. */
export function hostPattern() {
  return z
    .string()
    .regex(HOST, { error: (issue) => hostProblem(String(issue.input)) ?? "must be a host name" })
    .transform((text, context) => {
      const problem = hostProblem(text);
      if (problem !== undefined) context.addIssue(problem);
      return text.toLowerCase();
    });
}

/** One host, in lower case when loaded. */
export function hostName() {
  return hostPattern().refine((host) => !host.startsWith("*."), {
    error: "must be one host, without a wildcard",
  });
}

/** A pattern of names in certificates: no comma, which stands between names. */
export const SAN = /^[\x21-\x2b\x2d-\x7e]{1,512}$/;
const SAN_TRUST = "san:";

/** Who is trusted: a block of addresses, always with its prefix length when loaded, or `san:` and a pattern. */
export function trusted() {
  return z.string().transform((text, context) => {
    if (text.startsWith(SAN_TRUST)) {
      if (SAN.test(text.slice(SAN_TRUST.length))) return text;
      context.addIssue("must have a pattern of printable ASCII characters, no comma, after san:");
      return z.NEVER;
    }
    const result = parseCidr(text);
    if (result.ok) return result.text;
    const { problem: message, hint } = result;
    context.addIssue({ code: "custom", message, input: text, params: { hint } });
    return z.NEVER;
  });
}

/** RFC 9110, 5.6.2: what methods and field names are made of. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

export function token(what: string) {
  return z
    .string()
    .regex(TOKEN, { error: `must be ${what}: letters, digits and !#$%&'*+.^_\`|~-` });
}

/** Fields that frame a message or belong to a connection: not for a config to set. */
export const FRAMING = [
  "connection",
  "content-length",
  "expect",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** Field names, in lower case when loaded, each with a value. */
export function headerValues() {
  return z
    .record(
      token("a header name"),
      z.string().regex(/^[^\0-\x08\x0a-\x1f\x7f]*$/, { error: "must hold no control characters" }),
    )
    .transform((headers, context) => {
      const entries = Object.entries(headers).map(([key, value]) => [key.toLowerCase(), value]);
      const lower: Record<string, string> = Object.fromEntries(entries);
      if (Object.keys(lower).length < entries.length) {
        context.addIssue("names the same header twice: case makes no difference");
      }
      return lower;
    });
}

/** Was there a value at all? A missing one has a message of its own. */
function given(issue: { readonly input?: unknown }): boolean {
  return issue.input !== undefined && issue.input !== null;
}
