// What the requests of one route are to the admission of its cluster: how much each matters, and whose it is.
import type { Exchange, Peer, RequestHead, ResponseHead } from "../core/exchange.ts";
import { idOf } from "../core/fields.ts";
import { CriticalityRule, type CriticalitySettings, hashOf } from "../policy/criticality.ts";
import type { RouteLoad } from "../policy/routeload.ts";
import { Ticket } from "../policy/ticket.ts";

/** What the config says of a route. */
export interface EntranceSettings {
  readonly criticality: CriticalitySettings;
  /** Does every request of it stay for long, whatever the service can do? */
  readonly stream: boolean;
}

/** What there is to be read of it. */
type Asking = Pick<Exchange, "request" | "peer">;

/** What is known of a request already. */
interface Asks {
  readonly rank: number;
  readonly deadline: number;
  readonly upgrade: string | undefined;
}

const ACCEPT = idOf("accept");
const CONTENT_TYPE = idOf("content-type");
const ATTEMPT_COUNT = idOf("x-envoy-attempt-count");
const FORWARDED_FOR = idOf("x-forwarded-for");
const EVENT_STREAM = "text/event-stream";

export class Entrance {
  readonly #rule: CriticalityRule;
  readonly #stream: boolean;
  readonly #load: RouteLoad;

  constructor({ criticality, stream }: EntranceSettings, load: RouteLoad) {
    this.#rule = new CriticalityRule(criticality);
    this.#stream = stream;
    this.#load = load;
  }

  /** The rank of a request, 0 for what matters most. */
  rank({ request, peer }: Asking): number {
    const said = request.fields.named(this.#rule.header);
    return this.#rule.rank(request.method, said, peer.trusted);
  }

  /** A ticket for a request. `key` is the header that names callers, in lower case. */
  ticket({ request, peer }: Asking, asks: Asks, key: string | undefined): Ticket {
    const { rank, deadline, upgrade } = asks;
    return new Ticket({
      rank,
      caller: callerOf(request, peer, key),
      retry: isRetry(request),
      deadline,
      stream: this.#stream || upgrade !== undefined || wantsStream(request),
      route: this.#load,
    });
  }
}

/** Who asks: by the key, else whom a trusted peer had before it, else the peer. */
function callerOf(request: RequestHead, peer: Peer, key: string | undefined): number {
  const named = key === undefined ? undefined : request.fields.named(key)[0];
  if (named !== undefined) return hashOf(named);
  if (peer.trusted && request.fields.find(FORWARDED_FOR) >= 0) {
    // Its own word stands last: what stands before that came from its client, who may say anything.
    const chain = request.fields.named("x-forwarded-for").at(-1) ?? "";
    return hashOf(chain.slice(chain.lastIndexOf(",") + 1).trim());
  }
  peer.caller ??= hashOf(peer.address);
  return peer.caller;
}

/** Who asks, to the sidecar behind us that trusts us: by the key, else whom we have before us. */
export function nextCallerOf({ request, peer }: Asking, key: string | undefined): number {
  const named = key === undefined ? undefined : request.fields.named(key)[0];
  if (named !== undefined) return hashOf(named);
  if (peer.address === "") return callerOf(request, peer, key);
  peer.caller ??= hashOf(peer.address);
  return peer.caller;
}

/** Anybody may say that it is one: it is no advantage. */
export function isRetry({ fields }: RequestHead): boolean {
  if (fields.find(ATTEMPT_COUNT) < 0) return false;
  return fields.named("x-envoy-attempt-count").some((value) => Number(value) > 1);
}

/** Is an answer wanted that has no end, as browsers do by EventSource? */
function wantsStream({ fields }: RequestHead): boolean {
  return fields.get(ACCEPT)?.includes(EVENT_STREAM) === true;
}

/** Is it an answer that has no end? */
export function isStream({ fields }: ResponseHead): boolean {
  return fields.get(CONTENT_TYPE)?.startsWith(EVENT_STREAM) === true;
}
