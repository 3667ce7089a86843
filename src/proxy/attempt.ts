// One try at one endpoint: sends the request, waits for the head, names the outcome; then it carries
// the body of the response to the client. Outcomes are made here and nowhere else.
import type {
  AttemptFailure,
  Carrier,
  Exchange,
  ExchangeListener,
  ReplyHead,
  ResponseHead,
  ResponseReceiver,
} from "../core/exchange.ts";
import type { Fields } from "../core/fields.ts";
import { DEADLINE_EXCEEDED, statusIn } from "../core/grpc.ts";
import type { Outcome } from "../core/outcome.ts";
import { safeTrailers } from "../http1/trailers.ts";
import type { Endpoint } from "./endpoint.ts";
import { responseFields, switchesTo } from "./headers.ts";
import { type Ending, endOverdue, type Plan } from "./plan.ts";

type State =
  /** Nothing of a final response has come. */
  | "waiting"
  /** The head is here; the body is kept until somebody relays it. */
  | "answered"
  | "relaying"
  | "over";

/** An endpoint that does not know `100 Continue` would wait for a body for which nobody asks. */
const ASK_AFTER_MS = 300;

export class Attempt implements ResponseReceiver, ExchangeListener {
  readonly endpoint: Endpoint;
  /** Settled once: when the head is here, or when there will be none. */
  readonly outcome: Promise<Outcome>;
  head: ResponseHead | undefined;
  /** What happened, for people. */
  detail: string | undefined;
  /** Did it go out on a connection that the endpoint may have been closing already? */
  reused: boolean;
  /** Did its time end while it waited for the client's own body, and not for the endpoint? */
  clientLate = false;
  /** Did its time end, by what a client had said that is not trusted? It may say anything. */
  hasty = false;
  /** Did the endpoint break off its response? */
  truncated = false;
  readonly grpc: boolean;
  /** How the call of gRPC ended, once the endpoint has said so. */
  grpcStatus: number | undefined;
  /** What a call is told that the endpoint reset; undefined where there was no such word. */
  resetStatus: number | undefined;
  /** Has the client been told in the response's place that its call took too long? */
  overdue = false;
  /** When it wants to hear of the time next; Infinity for never. */
  due = Number.POSITIVE_INFINITY;
  #bodySentAt = Number.NEGATIVE_INFINITY;
  readonly #exchange: Exchange;
  /** Given up once the response is whole: then it may carry another request. */
  #connection: Carrier | undefined;
  #resolve: ((outcome: Outcome) => void) | undefined;
  #finish: ((ending: Ending) => void) | undefined;
  #state: State = "waiting";
  /** The body as far as it has come and not gone on, one character per byte. */
  #held = "";
  #trailers: string | undefined;
  #asksAtDeadline = false;
  readonly #plan: Plan;

  constructor(exchange: Exchange, endpoint: Endpoint, plan: Plan) {
    this.#exchange = exchange;
    this.endpoint = endpoint;
    this.#plan = plan;
    this.grpc = plan.grpc;
    this.outcome = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    const connection = endpoint.connections.take(exchange.request, plan.fresh);
    this.#connection = connection;
    this.reused = connection?.reused ?? false;
    if (connection === undefined)
      this.#over("saturated", "every connection to the endpoint is in use");
    else this.#send(connection, plan);
  }

  #send(connection: Carrier, { text, now, deadline }: Plan): void {
    const exchange = this.#exchange;
    const { method, framing, expectContinue } = exchange.request;
    exchange.listener = this;
    this.#asksAtDeadline = expectContinue;
    this.#wake(expectContinue ? Math.min(deadline, now + ASK_AFTER_MS) : deadline);
    const empty = framing.kind === "none" || (framing.kind === "length" && framing.bytes === 0);
    connection.send(text, method, empty ? undefined : framing.kind === "chunked", this);
    if (!empty) exchange.sendBody(connection);
  }

  /** Is there nothing of a final response, and may it still come? */
  get waits(): boolean {
    return this.#state === "waiting";
  }

  #wake(at: number): void {
    this.due = at;
    this.#exchange.deadline(at);
  }

  /** When the endpoint could begin to answer, if that was after the attempt had begun; to the tick. */
  get bodySentAt(): number {
    return this.#connection?.bodySentAt ?? this.#bodySentAt;
  }

  // What the endpoint says.

  onInterim(head: ResponseHead): void {
    this.#exchange.interim(head.status, head.phrase, responseFields(head, this.#exchange.request));
  }

  onHead(head: ResponseHead): void {
    if (this.#state !== "waiting") return;
    if (head.status === 101 && !switchesTo(head, this.#plan.upgrade)) {
      this.#over("malformed", "101 without an upgrade that was asked for");
    } else if (this.reused && head.status === 408 && !head.keepAlive) {
      // The server had given up the idle connection before it saw this request: RFC 9110 15.5.9.
      this.#over("reset", "the endpoint timed out the idle connection");
    } else {
      this.head = head;
      if (this.grpc) this.grpcStatus = statusIn(head.fields);
      this.#bodySentAt = this.bodySentAt;
      this.#held = head.body ?? "";
      this.#state = "answered";
      this.#settle("answered");
    }
  }

  onBody(view: Buffer): void {
    if (this.#state === "relaying") {
      if (!this.#exchange.write(view)) this.#connection?.pause();
    } else if (this.#state === "answered") {
      this.#held += view.toString("latin1");
    }
  }

  onBodyEnd(trailers: Fields | undefined): void {
    const wanted = this.#exchange.request.trailers;
    this.#trailers = wanted ? safeTrailers(trailers, this.head?.nominated) : "";
    if (this.grpc) this.grpcStatus = statusIn(trailers) ?? this.grpcStatus;
    this.#exchange.dropBody();
    this.#connection = undefined;
    if (this.#state !== "relaying") return;
    this.#exchange.end(this.#trailers);
    this.#done("complete");
  }

  onRequestDrain(): void {
    this.#exchange.resumeBody();
  }

  onFailed(how: AttemptFailure, detail: string, grpcStatus?: number): void {
    this.detail = detail;
    this.resetStatus = grpcStatus;
    this.reused = this.#connection?.reused ?? this.reused;
    if (how !== "truncated") return this.#over(how, detail);
    this.truncated = true;
    this.endpoint.meter.truncated.add();
    if (this.#state !== "relaying") return;
    this.#exchange.truncate();
    this.#done("upstream_truncated");
  }

  // What the client's side says.

  onGone(): void {
    this.#connection?.destroy();
    if (this.#state === "relaying") {
      this.#exchange.truncate();
      this.#done("client_aborted");
    } else this.#over("cancelled", "the client went away");
  }

  onDeadline(now: number): void {
    if (this.#state === "relaying") this.#callOver(now);
    if (this.#state !== "waiting") return;
    // To ask for a body that nobody could answer in time any more would be work for nothing.
    if (this.#asksAtDeadline && now < this.#plan.deadline) {
      this.#asksAtDeadline = false;
      this.#exchange.askForBody();
      return this.#wake(this.#plan.deadline);
    }
    this.clientLate = !this.#exchange.bodyWhole && this.#connection?.waits === false;
    this.hasty = this.#plan.hasty;
    const why = this.clientLate ? "; the request body had not arrived" : "";
    this.#over("timed_out", `no response head in time${why}`);
  }

  onResponseDrain(): void {
    this.#connection?.resume();
  }

  onBodyBlocked(): void {
    // A response that has begun has a limit of its own.
    if (this.#state !== "waiting") return;
    this.#over("timed_out", "the endpoint took no more of the request body in time");
  }

  /**
   * Sends the response to the client, unless it fell apart before. `bodyIdle`, in milliseconds,
   * bounds the wait for more of it; 0 for any.
   */
  relay(reply: ReplyHead, bodyIdle: number): Ending | Promise<Ending> {
    const exchange = this.#exchange;
    const { status } = reply;
    if (this.#state !== "answered" || exchange.gone) return "client_aborted";
    if (status === 101) return this.#tunnel(reply);
    if (this.truncated) return "upstream_truncated";
    if (this.#trailers !== undefined) {
      this.#state = "over";
      exchange.respond(reply, this.#held, this.#trailers);
      return "complete";
    }
    this.#state = "relaying";
    const flows = exchange.begin(reply, this.#held);
    this.#held = "";
    return this.#follow(flows, bodyIdle);
  }

  /** The client has said that it waits no longer for the rest. It is told by the trailers, where there are any. */
  #callOver(now: number): void {
    if (now < this.#plan.callDeadline) return;
    const exchange = this.#exchange;
    // A stream may well go on until then. One that has brought nothing is late.
    this.hasty = this.#plan.hasty || exchange.bytesOut > 0;
    this.overdue = true;
    this.grpcStatus = DEADLINE_EXCEEDED;
    this.detail = "the call took longer than grpc-timeout";
    this.#connection?.destroy();
    this.#done(endOverdue(exchange, this.head));
  }

  /** Is nothing more of the response to come? What follows a 101 is none. */
  get whole(): boolean {
    return this.#trailers !== undefined || this.head?.status === 101;
  }

  /** Gives up what was answered, and the connection with it unless the answer was whole. */
  drop(): void {
    this.#state = "over";
    this.#exchange.dropBody();
    this.#connection?.destroy();
  }

  /** Another attempt was answered first: nobody waits for this one any more. */
  cancel(): void {
    this.#over("cancelled", "another attempt was answered first");
  }

  #tunnel(reply: ReplyHead): Ending | Promise<Ending> {
    const connection = this.#connection;
    const protocol = this.#plan.upgrade;
    this.#state = "relaying";
    if (connection !== undefined && protocol !== undefined) {
      this.#exchange.tunnel(reply, protocol, connection);
    }
    if (this.#held !== "") this.#exchange.write(Buffer.from(this.#held, "latin1"));
    this.#held = "";
    return this.#trailers === undefined ? this.#follow(true, 0) : this.#end(this.#trailers);
  }

  #end(trailers: string): Ending {
    this.#state = "over";
    this.#exchange.end(trailers);
    return "complete";
  }

  #follow(flows: boolean, bodyIdle: number): Promise<Ending> {
    if (!flows) this.#connection?.pause();
    this.#connection?.limitIdle(bodyIdle);
    const { callDeadline } = this.#plan;
    if (callDeadline < Number.POSITIVE_INFINITY) this.#wake(callDeadline);
    return new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  #over(outcome: Outcome, detail: string): void {
    if (this.#state !== "waiting" && this.#state !== "answered") return;
    this.#state = "over";
    this.detail ??= detail;
    this.#exchange.dropBody();
    this.#connection?.destroy();
    this.#settle(outcome);
  }

  #settle(outcome: Outcome): void {
    this.#wake(Number.POSITIVE_INFINITY);
    this.#resolve?.(outcome);
  }

  #done(ending: Ending): void {
    this.#state = "over";
    this.#finish?.(ending);
  }
}
