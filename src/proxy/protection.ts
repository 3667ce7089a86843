// The self-protection of a sidecar at work: looks after this process four times a second, and has
// listeners and requests give way.

import type { Meter } from "../core/meter.ts";
import { SELF_PRESSURE } from "../core/ownfamilies.ts";
import { Timer, type Wheel } from "../core/wheel.ts";
import {
  SelfProtection,
  SIGNALS,
  type StageChange,
  type Vitals,
} from "../policy/selfprotection.ts";

/** What the config says of it. */
export interface ProtectionSettings {
  readonly mode: "enforce" | "off";
  /** The lateness of timers from which on it sheds, in milliseconds. */
  readonly delay: number;
}

/** What it shares with the rest of the sidecar. */
export interface ProtectionWorld {
  readonly wheel: Wheel;
  readonly meter: Meter;
  /** What this process uses of its time and memory since it was asked last. */
  readonly use?: () => Pick<Vitals, "utilisation" | "memory">;
  readonly protectionChanged?: (change: StageChange) => void;
}

/** Who takes connections. */
interface Doors {
  /** What the fullest of them has of the connections that it may have, from 0 to 1. */
  readonly fullness: number;
  /** Reads nothing from a share of the connections until it is called again. */
  rest(share: number): void;
}

const EVERY_MS = 250;
const NOTHING: Vitals = { delayMs: 0, utilisation: 0, memory: 0, connections: 0 };

export class Protection {
  readonly #world: ProtectionWorld;
  readonly #doors: Doors;
  readonly #timer = new Timer(() => this.#look());
  /** Undefined while it is off. */
  #policy: SelfProtection | undefined;
  #settings: ProtectionSettings | undefined;
  #vitals = NOTHING;
  #resting = 0;

  constructor(world: ProtectionWorld, doors: Doors) {
    this.#world = world;
    this.#doors = doors;
  }

  /** Goes on with new settings; does nothing where nobody tells of this process. */
  configure(settings: ProtectionSettings): void {
    const { mode, delay } = settings;
    const same = mode === this.#settings?.mode && delay === this.#settings.delay;
    if (same || this.#world.use === undefined) return;
    this.#settings = settings;
    this.#policy = mode === "off" ? undefined : new SelfProtection(delay);
    this.#show();
    this.#rest(0);
    this.#world.wheel.lag.late = false;
    if (mode === "off") this.stop();
    else this.#world.wheel.arm(this.#timer, EVERY_MS);
  }

  stop(): void {
    this.#world.wheel.disarm(this.#timer);
  }

  /** Is a request of this rank to be refused? */
  refuses(rank: number): boolean {
    return this.#policy?.refuses(rank) === true;
  }

  /** Should those who are refused give up their connections? */
  get closes(): boolean {
    return this.#policy?.closes === true;
  }

  /** What `GET /state` tells of it; undefined while it is off. */
  get state() {
    if (this.#policy === undefined) return undefined;
    const { stage, level } = this.#policy;
    return { stage, level, resting: this.#resting, ...this.#vitals };
  }

  #look(): void {
    const { wheel, use, protectionChanged } = this.#world;
    const policy = this.#policy;
    if (policy === undefined || use === undefined) return;
    wheel.arm(this.#timer, EVERY_MS);
    const { fullness: connections } = this.#doors;
    const vitals = { delayMs: wheel.lag.usual, ...use(), connections };
    this.#vitals = vitals;
    const change = policy.sense(vitals);
    wheel.lag.late = policy.isLate(vitals);
    if (change !== undefined) protectionChanged?.(change);
    this.#rest(policy.resting);
  }

  #rest(share: number): void {
    if (share > 0 || this.#resting > 0) this.#doors.rest(share);
    this.#resting = share;
  }

  #show(): void {
    const { meter } = this.#world;
    const policy = this.#policy;
    for (const signal of SIGNALS) {
      if (policy === undefined) meter.drop({ signal }, SELF_PRESSURE);
      else meter.gauge(SELF_PRESSURE, { signal }).read = () => policy.pressure[signal];
    }
  }
}
