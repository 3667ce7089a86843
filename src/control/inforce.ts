// The config in force: which it is, since when, and why the last one that was read is not.
import type { Clock } from "../core/clock.ts";
import type { Changes } from "./changes.ts";
import { printDifference } from "./config/diff.ts";
import type { Metrics } from "./metrics.ts";
import type { Cause, Reloaded } from "./reload.ts";
import type { ConfigState } from "./state.ts";

/** Of a change or an error list so many are told, and so many characters of all of them. */
const TOLD = 5;
const CHARACTERS = 1000;
/** Characters of a digest that tell configs apart. */
const SHORT = 12;

interface InForceWorld {
  readonly clock: Clock;
  readonly changes: Changes;
  /** Whether the config read last is in use. */
  readonly metrics: Pick<Metrics, "reloaded">;
}

export class InForce {
  readonly #world: InForceWorld;
  #digest: string;
  #loaded = "";
  #refused: ConfigState["refused"];

  /** `digest` is that of the file; empty where there is none. */
  constructor(digest: string, world: InForceWorld) {
    this.#digest = digest.slice(0, SHORT);
    this.#world = world;
  }

  get state(): ConfigState {
    return { digest: this.#digest, loaded: this.#loaded, refused: this.#refused };
  }

  /** The first config is in force. */
  started(): void {
    this.#loaded = this.#read(true);
  }

  /** A config was read; `digest` is that of the file. What has changed nothing is no event. */
  reloaded(cause: Cause, result: Reloaded, digest: string): void {
    const from = this.#digest;
    if (result.kind === "refused") {
      const errors = result.errors.slice(0, TOLD).map((each) => each.slice(0, CHARACTERS));
      this.#refused = { at: this.#read(false), cause, errors };
      return this.#tell(from, "refused", `${cause}: ${brief(result.errors)}`);
    }
    this.#digest = digest.slice(0, SHORT);
    this.#loaded = this.#read(true);
    this.#refused = undefined;
    if (result.kind === "unchanged") return;
    const reason = `${cause}: ${brief(result.changes.map(printDifference))}`;
    this.#tell(from, this.#digest, reason);
  }

  /** The log has it already, and at length. */
  #tell(from: string, to: string, reason: string): void {
    this.#world.changes.keep({ subject: "config", cluster: "", endpoint: "", from, to, reason });
  }

  /** When that was: now. */
  #read(isInUse: boolean): string {
    const now = this.#world.clock.wall();
    this.#world.metrics.reloaded(isInUse, now);
    return new Date(now).toISOString();
  }
}

function brief(lines: readonly string[]): string {
  const more = lines.length - TOLD;
  const text = lines.slice(0, TOLD).join("; ").slice(0, CHARACTERS);
  return more > 0 ? `${text}; and ${more} more` : text;
}
