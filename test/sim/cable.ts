// One simulated connection. What is sent arrives in order, later; what is lost never does.
//
//   dialler (a real ClientConnection, or a probe)  <-- Line --  cable  -- Call -->  host
import type { Line, SocketEvents } from "../../src/http1/socket.ts";
import { type Call, type Caller, type Host, readCall } from "./call.ts";
import type { Link } from "./link.ts";
import type { World } from "./world.ts";

export class Cable implements Line, Caller {
  /** The dialler has let go of it, or knows that it is broken. */
  finished = false;
  readonly writeError = undefined;
  readonly #world: World;
  readonly #link: Link;
  readonly #host: Host;
  readonly #events: SocketEvents;
  /** Below the share of the link that is lost it carries nothing. */
  readonly #luck: number;
  #connected = false;
  /** Sent before there was a connection. */
  #early = "";
  /** Arrived, and no whole request yet. */
  #arrived = "";
  #call: Call | undefined;
  /** Has the host's end been closed? */
  #closed = false;
  #calls = 0;
  /** When what was sent last arrives, there and back. */
  #thereAt = 0;
  #backAt = 0;

  constructor(world: World, link: Link, host: Host, events: SocketEvents) {
    this.#world = world;
    this.#link = link;
    this.#host = host;
    this.#events = events;
    this.#luck = link.chance.next();
    const refused = link.chance.next() < link.refused;
    this.#there(() => this.#knocks(refused));
  }

  // The dialler's end.

  sendText(text: string): void {
    if (this.finished) return;
    if (!this.#connected) this.#early += text;
    else this.#there(() => this.#receives(text));
  }

  send(view: Buffer, chunked: boolean): boolean {
    if (chunked) throw new Error("no chunked requests in this world");
    this.sendText(view.toString("latin1"));
    return true;
  }

  endTunnel(): void {
    throw new Error("no tunnels in this world");
  }

  /** Nobody in this world reads slowly. */
  pause(): void {}

  resume(): void {}

  destroy(): void {
    if (this.finished) return;
    this.finished = true;
    this.#world.after(0, () => this.#events.onClose(undefined));
    this.#there(() => this.#hangUp());
  }

  // The host's end.

  answer(text: string): void {
    this.#back(() => this.#events.onBytes(Buffer.from(text, "latin1")));
  }

  answered(close: boolean): void {
    this.#call = undefined;
    if (close) return this.#end();
    if (this.#host.idle === Number.POSITIVE_INFINITY) return;
    const calls = this.#calls;
    this.#world.after(this.#host.idle, () => {
      if (this.#calls === calls) this.#end();
    });
  }

  cut(): void {
    if (this.#closed) return;
    this.#hangUp();
    this.#back(() => this.#breaks(new Error("read ECONNRESET")));
  }

  #knocks(refused: boolean): void {
    if (this.finished) return;
    if (refused || this.#host.reach === "refuses") {
      this.#closed = true;
      this.#back(() => this.#breaks(new Error("connect ECONNREFUSED")));
    } else {
      this.#host.callers.add(this);
      this.#back(() => this.#connects());
    }
  }

  #connects(): void {
    this.#connected = true;
    this.#events.onConnect();
    const early = this.#early;
    this.#early = "";
    if (early !== "") this.sendText(early);
  }

  #receives(text: string): void {
    if (this.#closed) return;
    this.#arrived += text;
    const read = readCall(this.#arrived);
    if (read === undefined) return;
    this.#arrived = "";
    this.#calls++;
    this.#call = { ...read, from: this, peer: this.#link.peer, onGone: undefined };
    this.#host.request(this.#call);
  }

  /** The dialler has gone, or the host is about to. */
  #hangUp(): void {
    this.#closed = true;
    this.#host.callers.delete(this);
    this.#call?.onGone?.();
    this.#call = undefined;
  }

  #end(): void {
    if (this.#closed) return;
    this.#hangUp();
    this.#back(() => {
      this.#events.onEnd();
      this.#breaks(undefined);
    });
  }

  #breaks(error: Error | undefined): void {
    if (this.finished) return;
    this.finished = true;
    this.#events.onClose(error);
  }

  // The way between them.

  #there(happen: () => void): void {
    this.#thereAt = Math.max(this.#thereAt, this.#world.now() + this.#link.delay());
    this.#world.at(this.#thereAt, () => {
      if (this.#carries) happen();
    });
  }

  #back(happen: () => void): void {
    if (!this.#carries) return;
    this.#backAt = Math.max(this.#backAt, this.#world.now() + this.#link.delay());
    this.#world.at(this.#backAt, () => {
      if (!this.finished && this.#luck >= this.#link.lost) happen();
    });
  }

  get #carries(): boolean {
    return this.#luck >= this.#link.lost && this.#host.reach !== "silent";
  }
}
