// What an operator may order: `POST /clusters/<name>/endpoints/<address>/<verb>?for=10m`.
import type { Changes } from "./changes.ts";
import { parseDuration } from "./config/duration.ts";
import type { Denial } from "./guard.ts";

const VERBS = ["open", "close", "drain", "auto"] as const;
export type Verb = (typeof VERBS)[number];

/** An order that can be understood; whether it can be carried out is for the sidecar to say. */
export interface Order {
  readonly cluster: string;
  readonly endpoint: string;
  readonly verb: Verb;
  /** How long it holds, in milliseconds; Infinity until the next order. */
  readonly forMs: number;
}

export const ORDER_PATH = "/clusters/<name>/endpoints/<address>/<verb>";

/** The order in a request's target; what is wrong with it; undefined when it is about something else. */
export function readOrder(target: string): Order | Denial | undefined {
  const [path = "", query = ""] = target.split("?", 2);
  const [, cluster, endpoint, word] =
    /^\/clusters\/([^/]+)\/endpoints\/([^/]+)\/([^/]+)$/.exec(path)?.map(decoded) ?? [];
  if (cluster === undefined || endpoint === undefined || word === undefined) return undefined;
  const verb = VERBS.find((each) => each === word);
  if (verb === undefined) return { status: 404, message: `the verb is one of ${VERBS.join(", ")}` };
  const forMs = patience(new URLSearchParams(query));
  if (forMs !== undefined) return { cluster, endpoint, verb, forMs };
  return {
    status: 400,
    message: "`for` is a duration above 0 such as 10m, and the only parameter",
  };
}

function patience(query: URLSearchParams): number | undefined {
  if ([...query.keys()].some((key) => key !== "for")) return undefined;
  const given = query.getAll("for");
  if (given.length === 0) return Number.POSITIVE_INFINITY;
  const ms = given.length === 1 ? parseDuration(given[0] ?? "") : undefined;
  return ms !== undefined && ms > 0 ? ms : undefined;
}

/** A part of a path; one that is not well encoded names nothing that there is. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** An endpoint, as far as orders go; times in `Clock.now()` milliseconds. */
export interface Overridable {
  /** False when it has nothing that could be opened or closed. */
  override(verb: Verb, now: number, until: number): boolean;
  overridden(now: number): Verb | undefined;
}

/** Carries out an order at `now`, and keeps that it was. Says why not when that cannot be. */
export function carryOut(
  { cluster, endpoint: text, verb, forMs }: Order,
  endpoint: Overridable | undefined,
  changes: Changes,
  now: number,
): string | undefined {
  if (endpoint === undefined) return `no endpoint ${text} in a cluster ${cluster}; see GET /state`;
  const from = endpoint.overridden(now) ?? "auto";
  if (!endpoint.override(verb, now, now + forMs)) return `the breaker of ${cluster} is off`;
  const reason = forMs === Number.POSITIVE_INFINITY ? "admin" : `admin, for ${forMs} ms`;
  changes.add({ subject: "override", cluster, endpoint: text, from, to: verb, reason });
  return undefined;
}
