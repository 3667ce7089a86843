// What an operator may order: `POST /clusters/<name>/endpoints/<address>/<verb>?for=10m`.
import type { Clock } from "../core/clock.ts";
import { OVERRIDE_TRANSITIONS } from "../core/families.ts";
import type { Meter } from "../core/meter.ts";
import { Timer, type Wheel } from "../core/wheel.ts";
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

/** What orders take from the rest of the sidecar. */
export interface OrdersWorld {
  readonly wheel: Wheel;
  readonly clock: Clock;
  readonly meter: Meter;
  readonly changes: Changes;
  readonly find: (cluster: string, endpoint: string) => Overridable | undefined;
}

type Whose = Pick<Order, "cluster" | "endpoint">;

/** Carries out orders, and keeps that they were given, and that they are over. */
export class Orders {
  readonly #world: OrdersWorld;
  /** The ends of those that end by themselves: an endpoint can be drained and have its breaker forced. */
  readonly #ends = new Map<string, Timer>();

  constructor(world: OrdersWorld) {
    this.#world = world;
  }

  /** Says why not when it cannot be carried out. */
  carryOut({ cluster, endpoint, verb, forMs }: Order): string | undefined {
    const { clock, find } = this.#world;
    const [whose, now] = [{ cluster, endpoint }, clock.now()];
    const found = find(cluster, endpoint);
    if (found === undefined)
      return `no endpoint ${endpoint} in a cluster ${cluster}; see GET /state`;
    const from = found.overridden(now) ?? "auto";
    if (!found.override(verb, now, now + forMs)) return `the breaker of ${cluster} is off`;
    if (verb === "auto") {
      this.#forget(keyOf(whose, "drain"));
      this.#forget(keyOf(whose, "open"));
    } else this.#endsAt(now + forMs, whose, verb);
    const reason = forMs === Number.POSITIVE_INFINITY ? "admin" : `admin, for ${forMs} ms`;
    this.#tell(whose, { from, to: verb, by: "admin", reason });
    return undefined;
  }

  #endsAt(end: number, whose: Whose, verb: Verb): void {
    const key = keyOf(whose, verb);
    this.#forget(key);
    if (end === Number.POSITIVE_INFINITY) return;
    const timer = new Timer(() => {
      this.#ends.delete(key);
      this.#ended(whose, verb);
    });
    this.#ends.set(key, timer);
    this.#world.wheel.armAt(timer, end);
  }

  #ended(whose: Whose, from: Verb): void {
    const { clock, find } = this.#world;
    const endpoint = find(whose.cluster, whose.endpoint);
    // One that has left the config meanwhile has taken its orders with it.
    if (endpoint === undefined) return;
    const to = endpoint.overridden(clock.now()) ?? "auto";
    this.#tell(whose, { from, to, by: "expired", reason: "its time is over" });
  }

  #tell(
    { cluster, endpoint }: Whose,
    { from, to, by, reason }: { from: Verb; to: Verb; by: "admin" | "expired"; reason: string },
  ): void {
    const { meter, changes } = this.#world;
    meter.counter(OVERRIDE_TRANSITIONS, { cluster, endpoint, to, reason: by }).add();
    changes.add({ subject: "override", cluster, endpoint, from, to, reason });
  }

  #forget(key: string): void {
    const timer = this.#ends.get(key);
    if (timer !== undefined) this.#world.wheel.disarm(timer);
    this.#ends.delete(key);
  }
}

function keyOf({ cluster, endpoint }: Whose, verb: Verb): string {
  return [cluster, endpoint, verb === "drain" ? "drain" : "breaker"].join("\0");
}
