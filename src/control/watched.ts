// One name under watch: asks, keeps the last good answer, waits, and asks again.
import { isDeepStrictEqual } from "node:util";
import type { Place } from "../core/address.ts";
import type { Clock, Random } from "../core/clock.ts";
import { Timer, type Wheel } from "../core/wheel.ts";
import { type RefreshSettings, refreshDelay, retryDelay } from "../policy/refresh.ts";
import type { Name } from "./name.ts";

/** What a name stands for, and how long that holds, where that is known. */
export interface Resolution {
  readonly places: readonly Place[];
  readonly ttlMs: number | undefined;
}

/** How names are asked for, and who wants to know. */
export interface WatchWorld {
  readonly wheel: Wheel;
  readonly clock: Clock;
  readonly random: Random;
  readonly refresh: () => RefreshSettings;
  /** Rejects with an Error that says why when there is no answer. */
  readonly resolve: (name: Name) => Promise<Resolution>;
  /** It was answered, or was not; before that it knew `before`. Called synchronously; must not throw. */
  readonly asked: (watched: Watched, before: Before) => void;
}

/** What was known before the last question. */
export type Before = Pick<Watched, "places" | "problem">;

export class Watched {
  readonly name: Name;
  /** Of the last good answer; another array only when they are others. */
  places: readonly Place[] = [];
  /** Why there was no answer to the last question; undefined when there was one. */
  problem: string | undefined;
  /** When there was a good answer last, in milliseconds since 1970. */
  at: number | undefined;
  readonly #world: WatchWorld;
  readonly #next = new Timer(() => void this.ask());
  /** How many times in a row there was no answer. */
  #failures = 0;
  #asking: Promise<void> | undefined;
  #closed = false;

  constructor(name: Name, world: WatchWorld) {
    this.name = name;
    this.#world = world;
  }

  /** Asks now, unless that is under way. Resolves when it is known what came of it; never rejects. */
  ask(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  /** Resolves when nothing is under way. */
  get asking(): Promise<void> {
    return this.#asking ?? Promise.resolve();
  }

  /** Nothing is asked any more, and nothing is told. */
  close(): void {
    this.#closed = true;
    this.#world.wheel.disarm(this.#next);
  }

  async #ask(): Promise<void> {
    const { wheel, clock, random, refresh, resolve, asked } = this.#world;
    const { places: known, problem } = this;
    let delay: number;
    try {
      const { places, ttlMs } = await resolve(this.name);
      const found = inOrder(places);
      this.places = isDeepStrictEqual(found, known) ? known : found;
      this.at = clock.wall();
      this.#failures = 0;
      this.problem = undefined;
      delay = refreshDelay(refresh(), ttlMs, random.next());
    } catch (error) {
      this.#failures++;
      this.problem = error instanceof Error ? error.message : String(error);
      delay = retryDelay(this.#failures, random.next());
    }
    if (this.#closed) return;
    wheel.arm(this.#next, delay);
    asked(this, { places: known, problem });
  }
}

/** Servers turn their answers round and round: the order means nothing. */
function inOrder(places: readonly Place[]): readonly Place[] {
  return places.toSorted((a, b) => (a.address.text < b.address.text ? -1 : 1));
}
