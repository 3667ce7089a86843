// The sessions with one endpoint: few, each with as many requests as it may have. The first that has room is
// used, so that those which the load does not need grow old and are closed.
//
// A request for which there is no room waits for a session that is being connected. How many are worth
// connecting is known once one endpoint has said how much it takes at once: a cold burst makes one session.
import { Timer } from "../core/wheel.ts";
import {
  ClientSession,
  MOST_STREAMS,
  type SessionOwner,
  type SessionSettings,
} from "./clientsession.ts";
import { ClientStream, type StreamPool } from "./clientstream.ts";

/** Limits of a pool; times in milliseconds. */
export interface SessionLimits
  extends Pick<SessionSettings, "connectTimeout" | "responseHeaderBytes"> {
  /** Most sessions at once, those left out that take no more requests. */
  readonly max: number;
  /** How long a session without requests is kept. */
  readonly idle: number;
}

export interface SessionPoolSettings extends SessionSettings, SessionLimits {
  readonly now: () => number;
}

export class SessionPool implements SessionOwner, StreamPool {
  readonly wheel: SessionSettings["wheel"];
  #settings: SessionPoolSettings;
  readonly #sessions: ClientSession[] = [];
  /** Requests without a session, in the order in which they came. */
  readonly #waiting = new Set<ClientStream>();
  readonly #sweep: Timer;
  /** How many requests the next session is likely to take. */
  #expected = Number.MAX_SAFE_INTEGER;
  #closed = false;

  constructor(settings: SessionPoolSettings) {
    this.#settings = settings;
    this.wheel = settings.wheel;
    this.#sweep = new Timer(() => this.#expire());
  }

  /** How many sessions there are, those that close included. */
  get size(): number {
    return this.#sessions.length;
  }

  /** Requests on sessions, and those that wait for one. */
  get streams(): { readonly open: number; readonly waiting: number } {
    let open = 0;
    for (const session of this.#sessions) open += session.streams;
    return { open, waiting: this.#waiting.size };
  }

  /** Would one more request find no room, nor any soon? */
  get full(): boolean {
    let sessions = 0;
    let room = -this.#waiting.size;
    for (const session of this.#sessions) {
      if (!session.open) continue;
      sessions++;
      room += session.pending ? Math.min(this.#expected, MOST_STREAMS) : session.room;
    }
    return room <= 0 && !(sessions < this.#settings.max && this.#mayGrow);
  }

  /** Who takes no request at all now need not be asked for another session. */
  get #mayGrow(): boolean {
    return !this.#sessions.some((each) => each.open && !each.pending && each.limit === 0);
  }

  /** A request to be sent; undefined when there is room for no more. */
  take(): ClientStream | undefined {
    for (const session of this.#sessions) session.doubt();
    if (this.full) return undefined;
    return new ClientStream(this, this.#roomy()?.resting ?? false);
  }

  begin(stream: ClientStream): void {
    const session = this.#waiting.size === 0 ? this.#roomy() : undefined;
    if (session !== undefined) return session.begin(stream);
    this.#waiting.add(stream);
    this.#grow();
  }

  left(stream: ClientStream): void {
    this.#waiting.delete(stream);
  }

  /** Sees to it that there is a session; one takes what many connections would. */
  warm(): void {
    if (!this.#closed && !this.#sessions.some(({ open }) => open)) this.#connect();
  }

  /** Takes new limits. A session that they do not allow closes as soon as it has no requests. */
  configure(limits: SessionLimits & Partial<Pick<SessionSettings, "way">>): void {
    this.#closed = false;
    this.#settings = { ...this.#settings, ...limits };
    const kept = this.#sessions.filter((session) => session.open && this.#fits(session));
    for (const session of this.#sessions.slice()) {
      const fits = kept.indexOf(session) >= 0 && kept.indexOf(session) < limits.max;
      if (!fits) session.retire("the config has changed");
    }
    this.#grow();
    this.#expire();
  }

  /** Closes what has no requests now, and the rest once it has none. */
  close(): void {
    this.#closed = true;
    this.wheel.disarm(this.#sweep);
    for (const session of this.#sessions.slice()) session.retire("not in use any more");
  }

  /** Ends every session at once. */
  destroy(): void {
    this.close();
    for (const session of this.#sessions.slice()) session.kill("the sidecar ends");
  }

  ready(session: ClientSession): void {
    this.#expected = session.limit;
    this.#place();
    this.#rests(session);
  }

  freed(session: ClientSession): void {
    this.#place();
    this.#rests(session);
  }

  lost(_: ClientSession, wasReady: boolean, detail: string): void {
    if (this.#waiting.size === 0) return;
    // Whoever cannot be connected to says so to all that wait for it; a session that closes is replaced.
    if (wasReady) this.#place();
    else if (!this.#sessions.some(({ pending }) => pending)) this.#failAll("unreachable", detail);
  }

  gone(session: ClientSession): void {
    const at = this.#sessions.indexOf(session);
    if (at >= 0) this.#sessions.splice(at, 1);
  }

  #roomy(): ClientSession | undefined {
    return this.#sessions.find(({ room }) => room > 0);
  }

  /** Opens what waits as far as there is room, and sees to it that there will be more. */
  #place(): void {
    for (const stream of this.#waiting) {
      const session = this.#roomy();
      if (session === undefined) break;
      this.#waiting.delete(stream);
      session.begin(stream);
    }
    this.#grow();
  }

  #grow(): void {
    if (this.#waiting.size === 0) return;
    let pending = 0;
    let open = 0;
    for (const session of this.#sessions) {
      if (session.open) open++;
      if (session.pending) pending++;
    }
    for (; open < this.#settings.max && this.#mayGrow; open++, pending++) {
      if (pending > 0 && pending * this.#expected >= this.#waiting.size) return;
      this.#connect();
    }
    if (pending === 0) this.#failAll("refused", "the endpoint takes no more streams");
  }

  #connect(): void {
    this.#sessions.push(new ClientSession(this.#settings, this));
  }

  #failAll(how: "unreachable" | "refused", detail: string): void {
    for (const stream of [...this.#waiting]) stream.fail(how, detail);
  }

  /** It has no requests: it may be closed after a while, or at once. */
  #rests(session: ClientSession): void {
    if (session.streams > 0 || !session.open) return;
    if (this.#closed || !this.#fits(session)) return session.retire("not in use any more");
    const { idle } = this.#settings;
    if (this.#sweep.deadline === Number.POSITIVE_INFINITY) {
      this.wheel.armAt(this.#sweep, this.wheel.time + idle);
    }
  }

  /** Does it take heads as large as it has to, and was it made as sessions are made now? */
  #fits({ limits, way }: ClientSession): boolean {
    return limits.headerBytes === this.#settings.responseHeaderBytes && way === this.#settings.way;
  }

  #expire(): void {
    const { idle, now } = this.#settings;
    const oldest = now() - idle;
    let next = Number.POSITIVE_INFINITY;
    for (const session of this.#sessions.slice()) {
      if (session.streams > 0 || session.pending || !session.open) continue;
      if (session.idleSince <= oldest) session.retire("idle");
      else next = Math.min(next, session.idleSince + idle);
    }
    if (next < Number.POSITIVE_INFINITY) this.wheel.armAt(this.#sweep, next);
  }
}
