// Answers an exchange, exactly once: with an endpoint's response, or with a refusal of ours.
import type { Clock, Random } from "../core/clock.ts";
import type { Exchange, Malformed, ReplyHead } from "../core/exchange.ts";
import { idOf } from "../core/fields.ts";
import { GRPC_TYPE, OK, RESOURCE_EXHAUSTED, UNKNOWN } from "../core/grpc.ts";
import { OUTCOMES, type Outcome } from "../core/outcome.ts";
import { REFUSALS, type Reason } from "../core/refusal.ts";
import type { Attempt } from "./attempt.ts";
import type { Fallback, Said } from "./fallback.ts";
import { responseFields } from "./headers.ts";
import type { Ending } from "./plan.ts";

/** The cluster that is asked. */
interface Asked {
  readonly fallback: Fallback | undefined;
  readonly gate: {
    readonly threshold: string | undefined;
    /** Callers that are refused are to come back over so many seconds. */
    readonly spreadS: number;
  };
}

/** What replies share with the rest of the sidecar. */
export interface ReplyWorld {
  readonly clock: Clock;
  readonly random: Random;
  /** Should those that are refused for want of ourselves give up their connections? */
  readonly protection?: { readonly closes: boolean };
}

// An import would make a module of node:http, and with it load what this process never uses.
const { STATUS_CODES } = process.getBuiltinModule("node:http");
const DATE = idOf("date");
const ALLOW = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";
/** `retry-after` is spread over so many seconds, so that the callers do not come back together. */
const RETRY_SPREAD_S = 3;

export class Reply {
  /** What the client was sent; 0 as long as it was sent nothing. */
  status = 0;
  reason: Reason | undefined;
  detail: string | undefined;
  ending: Ending = "complete";
  /** How the call of gRPC ended, as far as that is known; undefined where it is none. */
  grpcStatus: number | undefined;
  /** Who answered, where that is no primary. */
  tier: "backup" | "fallback" | undefined;
  readonly #exchange: Exchange;
  readonly #world: ReplyWorld;
  readonly #asked: Asked | undefined;
  readonly #grpc: boolean;

  /** `grpc`: is it a call of gRPC, and to be answered as one? */
  constructor(exchange: Exchange, world: ReplyWorld, asked: Asked | undefined, grpc: boolean) {
    this.#exchange = exchange;
    this.#world = world;
    this.#asked = asked;
    this.#grpc = grpc;
  }

  /** Says no, and why: by `status`, or by `grpcStatus` to a call. A client that is gone is told nothing. */
  refuse(
    reason: Reason,
    detail?: string,
    status: number = REFUSALS[reason].status,
    grpcStatus: number | undefined = REFUSALS[reason].grpc,
  ): void {
    this.reason = reason;
    this.detail = detail;
    if (this.#exchange.gone) {
      this.ending = "client_aborted";
      return;
    }
    const said =
      this.#instead(reason) ??
      (this.#grpc ? trailersOnly(reason, grpcStatus) : plain(reason, status));
    this.status = said.status;
    this.grpcStatus = this.#grpc ? said.grpcStatus : undefined;
    const head = refusalHead(reason, said, this.#world, this.#asked?.gate);
    const body = this.#exchange.request.method === "HEAD" ? "" : said.body;
    this.#exchange.respond(head, body, said.trailers ?? "");
  }

  /** What the cluster has to say in the refusal's place; to a call only another answer of gRPC. */
  #instead(reason: Reason): Said | undefined {
    const fallback = REFUSALS[reason].fallback ? this.#asked?.fallback : undefined;
    if (fallback === undefined || (this.#grpc && !fallback.grpc)) return undefined;
    this.tier = "fallback";
    return fallback.instead(reason);
  }

  /** Answers OPTIONS in the endpoint's place. */
  options(): void {
    this.status = 200;
    const fields = `allow: ${ALLOW}\r\ncontent-length: 0\r\ndate: ${httpDate(this.#world.clock)}\r\n`;
    this.#exchange.respond(
      { status: 200, phrase: "OK", fields, framing: NONE, close: false },
      "",
      "",
    );
  }

  /** No attempt brought an answer: says so, unless there is nobody to tell. */
  fail(outcome: Outcome, detail: string | undefined, grpcStatus?: number): void {
    const reason = OUTCOMES[outcome].refusal;
    if (reason === undefined || this.#exchange.wrong !== undefined) this.giveUp();
    else this.refuse(reason, detail, undefined, grpcStatus);
  }

  /** It is not admitted, and why; undefined where nobody waits for an answer any more. */
  turnAway(reason: Reason | undefined): void {
    if (reason === undefined) this.giveUp();
    else this.refuse(reason);
  }

  /** There is nobody to answer any more, or what he has sent is wrong, which he is told. */
  giveUp(): void {
    const { wrong } = this.#exchange;
    if (wrong === undefined) this.ending = "client_aborted";
    else this.refuse(wrong.reason, wrong.detail, wrong.status);
  }

  /** The last attempt has ended: carries its answer to the client, or says why there is none. */
  end(outcome: Outcome, attempt: Attempt, bodyIdle: number): Promise<void> | undefined {
    if (outcome === "answered") return this.#relay(attempt, bodyIdle);
    this.fail(outcome, attempt.detail, outcome === "timed_out" ? undefined : attempt.resetStatus);
    return undefined;
  }

  /** Carries the endpoint's response to the client, to its end. */
  #relay(attempt: Attempt, bodyIdle: number): Promise<void> | undefined {
    const { head } = attempt;
    if (head === undefined) throw new Error("an attempt without a head cannot be relayed");
    const backup = attempt.endpoint.tier === "backup";
    let fields = responseFields(head, this.#exchange.request, backup);
    if (head.fields.find(DATE) < 0) fields += `date: ${httpDate(this.#world.clock)}\r\n`;
    if (backup) {
      this.tier = "backup";
      fields += "x-tidegate-tier: backup\r\n";
    }
    fields += thresholdText(this.#asked?.gate);
    const { status, phrase, framing } = head;
    const relayed = attempt.relay({ status, phrase, fields, framing, close: false }, bodyIdle);
    // Most responses are here as a whole: they cost no turn of the loop.
    if (typeof relayed !== "string")
      return relayed.then((ending) => this.#relayed(attempt, ending));
    this.#relayed(attempt, relayed);
    return undefined;
  }

  #relayed(attempt: Attempt, ending: Ending): void {
    this.ending = ending;
    this.grpcStatus = attempt.grpcStatus;
    if (attempt.overdue) {
      this.detail = attempt.detail;
      if (ending === "complete") this.reason = "upstream_timeout";
    }
    if (this.#exchange.answered) this.status = attempt.head?.status ?? 0;
    else this.#spoilt(attempt);
  }

  /** Before the first byte of a response has gone out, trouble can still be told in full. */
  #spoilt(attempt: Attempt): void {
    const { wrong } = this.#exchange;
    if (this.ending === "upstream_truncated" && wrong === undefined) {
      this.ending = "complete";
      this.refuse("upstream_protocol", attempt.detail);
    } else this.giveUp();
  }
}

const NONE = { kind: "none" } as const;

function plain(reason: Reason, status: number): Said {
  const fields = `content-type: text/plain\r\ncontent-length: ${reason.length}\r\n`;
  return { status, fields, body: reason };
}

/**
 * The same to a call of gRPC: all of it in one head. The words of reasons need no percent-encoding. Of a reason
 * that no call can meet this is UNKNOWN.
 */
function trailersOnly(reason: Reason, grpcStatus: number = UNKNOWN): Said {
  const status = `grpc-status: ${grpcStatus}\r\ngrpc-message: ${reason}\r\n`;
  const fields = `content-type: ${GRPC_TYPE}\r\ncontent-length: 0\r\n${status}`;
  return { status: 200, fields, body: "", grpcStatus };
}

/**
 * When to come again, in the words of either protocol: whole seconds, or milliseconds. A caller of gRPC that has
 * asked for more than its share is told not to: https://github.com/grpc/proposal/blob/master/A6-client-retries.md
 */
function retryText(reason: Reason, said: Said, world: ReplyWorld, gate?: Asked["gate"]): string {
  const { grpcStatus } = said;
  const status = grpcStatus === undefined ? said.status : REFUSALS[reason].status;
  if ((status !== 503 && status !== 429) || grpcStatus === OK) return "";
  const spread = world.random.next() * (gate?.spreadS ?? RETRY_SPREAD_S);
  if (grpcStatus === undefined) return `retry-after: ${1 + Math.floor(spread)}\r\n`;
  const ms = grpcStatus === RESOURCE_EXHAUSTED ? -1 : Math.floor(1000 * (1 + spread));
  return `grpc-retry-pushback-ms: ${ms}\r\n`;
}

/** The head of a refusal. */
function refusalHead(
  reason: Reason,
  said: Said,
  world: ReplyWorld,
  gate?: Asked["gate"],
): ReplyHead {
  const { overloaded } = REFUSALS[reason];
  const { status } = said;
  const crowded = reason === "self_overload" && world.protection?.closes === true;
  const close = crowded || REFUSALS[reason].close;
  let fields = `${said.fields}x-tidegate-reason: ${reason}\r\n`;
  fields += retryText(reason, said, world, gate);
  if (status === 405) fields += `allow: ${ALLOW}\r\n`;
  if (overloaded) fields += "x-envoy-overloaded: true\r\n";
  fields += thresholdText(gate);
  fields += `date: ${httpDate(world.clock)}\r\n`;
  const elsewhere = close && REFUSALS[reason].status === 503;
  return { status, phrase: STATUS_CODES[status] ?? "", fields, framing: NONE, close, elsewhere };
}

/** Callers that are sidecars, too, need not send what would be refused. */
function thresholdText(gate: Asked["gate"] | undefined): string {
  const threshold = gate?.threshold;
  return threshold === undefined ? "" : `x-tidegate-threshold: ${threshold}\r\n`;
}

/** A refusal where no exchange exists. */
export function refusal(wrong: Malformed, world: ReplyWorld): { reply: ReplyHead; body: string } {
  const { reason, status, of } = wrong;
  const said =
    of?.grpc === true ? trailersOnly(reason, REFUSALS[reason].grpc) : plain(reason, status);
  const reply = refusalHead(reason, said, world);
  return { reply, body: of?.method === "HEAD" ? "" : said.body };
}

/** The same as it goes to a connection of HTTP/1.1. */
export function refusalText(wrong: Malformed, world: ReplyWorld): string {
  const { reply, body } = refusal(wrong, world);
  const { status, phrase, fields } = reply;
  return `HTTP/1.1 ${status} ${phrase}\r\n${fields}connection: close\r\n\r\n${body}`;
}

let dateSecond = -1;
let dateText = "";

/** The wall clock as IMF-fixdate, made once a second. */
function httpDate(clock: Clock): string {
  const second = Math.floor(clock.wall() / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(second * 1000).toUTCString();
  }
  return dateText;
}
