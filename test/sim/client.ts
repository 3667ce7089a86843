// Clients: an open loop, that is, they come when they come, whatever became of those before.
import type { Audit } from "./audit.ts";
import { type Call, type Caller, type Host, readCall } from "./call.ts";
import type { Stream } from "./chance.ts";
import { Tally } from "./tally.ts";
import type { World } from "./world.ts";

export interface ClientSettings {
  /** Requests a second at a time; arrivals are a Poisson process. */
  readonly rate: (now: number) => number;
  readonly method?: "GET" | "POST";
  /** Further lines of the head. */
  readonly lines?: readonly string[];
  /** Milliseconds until a client goes away; Infinity by default. */
  readonly patience?: number;
  /** How often a client sends a request again that failed, and after how many milliseconds. */
  readonly retries?: { readonly times: number; readonly afterMs: number };
}

/** Without anybody coming, time goes on in steps of this. */
const LULL_MS = 50;

export class Client {
  /** Requests and, apart from them, what was sent again. */
  requests = 0;
  resent = 0;
  readonly name: string;
  readonly tally = new Tally();
  readonly #world: World;
  readonly #audit: Audit;
  readonly #host: Host;
  readonly #settings: ClientSettings;
  readonly #arrivals: Stream;
  readonly #open = new Set<string>();

  /** Asks `host` until `until`, in milliseconds. */
  constructor(
    name: string,
    host: Host,
    settings: ClientSettings,
    {
      world,
      audit,
      until,
    }: { readonly world: World; readonly audit: Audit; readonly until: number },
  ) {
    this.#world = world;
    this.#audit = audit;
    this.#host = host;
    this.name = name;
    this.#settings = settings;
    this.#arrivals = world.stream(`client ${name}`);
    this.#next(until);
  }

  /** Everybody has been answered, or has left. */
  atRest(): void {
    const rule = "every client is answered";
    this.#audit.holds(this.#open.size === 0, rule, () => [...this.#open].join(" "));
  }

  #next(until: number): void {
    const rate = this.#settings.rate(this.#world.now());
    const wait = rate > 0 ? this.#arrivals.exponential(1000 / rate) : LULL_MS;
    if (this.#world.now() + wait >= until) return;
    this.#world.after(wait, () => {
      if (rate > 0) {
        this.requests++;
        this.#send(`${this.name}-${this.requests}`, 0);
      }
      this.#next(until);
    });
  }

  #send(id: string, sent: number): void {
    const { method = "GET", patience = Number.POSITIVE_INFINITY, lines = [] } = this.#settings;
    const key = sent === 0 ? id : `${id}-${sent}`;
    this.#open.add(key);
    const began = this.#world.now();
    const visit = new Visit((ending, good) => {
      this.#open.delete(key);
      this.tally.add(this.#world.now(), ending, this.#world.now() - began);
      if (!good) this.#again(id, sent);
    });
    const body = method === "POST" ? "content-length: 2\r\n\r\nhi" : "\r\n";
    const head = [`${method} / HTTP/1.1`, "host: app", `x-request-id: ${key}`, ...lines];
    const text = `${head.join("\r\n")}\r\n${body}`;
    const read = readCall(text);
    if (read === undefined) throw new Error(`not a request: ${text}`);
    const call: Call = { ...read, from: visit, peer: "10.9.0.1", onGone: undefined };
    if (patience < Number.POSITIVE_INFINITY) {
      this.#world.after(patience, () => {
        if (visit.leaves()) call.onGone?.();
      });
    }
    visit.check = (answer) => this.#check(key, answer);
    this.#host.request(call);
  }

  #again(id: string, sent: number): void {
    const { times, afterMs } = this.#settings.retries ?? { times: 0, afterMs: 0 };
    if (sent >= times) return;
    this.resent++;
    this.#world.after(afterMs, () => this.#send(id, sent + 1));
  }

  #check(key: string, answer: string): void {
    const to = /\r\nx-answer-to: (\S+)\r\n/.exec(answer)?.[1];
    const facts = (): string => `${key} was sent ${answer}`;
    this.#audit.holds(to === undefined || to === key, "nobody gets another's answer", facts);
  }
}

/** One client with one request. */
class Visit implements Caller {
  check: (answer: string) => void = () => {};
  readonly #ended: (ending: string, good: boolean) => void;
  #answer = "";
  #over = false;

  constructor(ended: (ending: string, good: boolean) => void) {
    this.#ended = ended;
  }

  answer(text: string): void {
    this.#answer += text;
  }

  answered(): void {
    if (this.#over) return;
    this.#over = true;
    this.check(this.#answer);
    const status = this.#answer.slice(9, 12);
    const reason = /\r\nx-tidegate-reason: (\w+)\r\n/.exec(this.#answer)?.[1];
    const whole = this.#answer.endsWith("ok") || reason !== undefined;
    if (!whole) this.#ended("cut", false);
    else this.#ended(reason === undefined ? status : `${status} ${reason}`, status < "500");
  }

  cut(): void {
    if (this.#over) return;
    this.#over = true;
    this.#ended("cut", false);
  }

  /** Gives up, unless it has been answered. */
  leaves(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#ended("gone", false);
    return true;
  }
}
