// Which parts of a stream must move, and how fast: the limits are those of a connection of HTTP/1.1.
import { Timer } from "../core/wheel.ts";
import type { ServerSettings } from "../http1/settings.ts";
import { BODY_WINDOW_MS, LUMPS } from "../http1/stalls.ts";
import { type Pace, paceOf, Watch } from "../http1/watch.ts";

/** Whose stream stalls. */
interface Sufferer {
  /** How many bytes of bodies have come, and have been taken. */
  readonly moved: { readonly read: number; readonly written: number };
  /** The body of the request is too slow. */
  onSlowBody(): void;
  /** It has waited for long, and nobody takes it. */
  onBodyBlocked(): void;
  /** The client does not take the response, or nothing moves in a tunnel. */
  onStalledClient(): void;
  onBug(error: unknown): void;
}

export class StreamStalls {
  readonly #settings: Pick<ServerSettings, "wheel" | "limits">;
  readonly #owner: Sufferer;
  #body: Watch | undefined;
  #blocked: Timer | undefined;
  #writes: Watch | undefined;
  #tunnel: Watch | undefined;

  constructor(settings: Pick<ServerSettings, "wheel" | "limits">, owner: Sufferer) {
    this.#settings = settings;
    this.#owner = owner;
  }

  /** A request body is arriving, and is read. */
  bodyComes(): void {
    const { wheel, limits } = this.#settings;
    if (this.#blocked !== undefined) wheel.disarm(this.#blocked);
    if (this.#tunnel !== undefined) return;
    const pace = paceOf(limits.bodyRateBytes, Math.min(limits.bodyIdle, BODY_WINDOW_MS));
    this.#body ??= this.#watch(
      pace,
      () => this.#owner.moved.read,
      () => this.#owner.onSlowBody(),
    );
    this.#body.start();
  }

  /** Nobody reads it: whoever is to take it must go on some time. */
  bodyWaits(): void {
    const { wheel, limits } = this.#settings;
    this.bodyRests();
    this.#blocked ??= new Timer(() => this.#owner.onBodyBlocked(), this.#owner);
    wheel.arm(this.#blocked, LUMPS * limits.bodyIdle);
  }

  /** It is whole. */
  bodyRests(): void {
    this.#body?.stop();
    if (this.#blocked !== undefined) this.#settings.wheel.disarm(this.#blocked);
  }

  /** The client takes no more of the response for now. */
  writesBlocked(): void {
    const pace = { windowMs: LUMPS * this.#settings.limits.bodyIdle, bytes: 1 };
    const written = (): number => this.#owner.moved.written;
    this.#writes ??= this.#watch(pace, written, () => this.#owner.onStalledClient());
    if (!this.#writes.running) this.#writes.start();
  }

  writesDrained(): void {
    this.#writes?.stop();
  }

  tunnelOpens(): void {
    const pace = { windowMs: this.#settings.limits.tunnelIdle, bytes: 1 };
    const moved = (): number => this.#owner.moved.read + this.#owner.moved.written;
    this.#tunnel = this.#watch(pace, moved, () => this.#owner.onStalledClient());
    this.#tunnel.start();
  }

  stop(): void {
    this.bodyRests();
    this.#writes?.stop();
    this.#tunnel?.stop();
  }

  #watch(pace: Pace, moved: () => number, onSlow: () => void): Watch {
    return new Watch(this.#settings.wheel, pace, moved, () => {
      try {
        onSlow();
      } catch (error) {
        this.#owner.onBug(error);
      }
    });
  }
}
