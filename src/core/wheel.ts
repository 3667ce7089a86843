// One coarse timer wheel for every timeout of the process.
//
//   slot = floor(deadline / tick) mod slots;   each tick, everything due in the current slot fires.
//
// Filing and removing are O(1) and allocate nothing (the links are in the timer itself). A timer that is
// put off stays where it is filed, and one that rests too: it is looked at when its slot comes, and filed
// anew only then. So a request arms and rests its timeouts for the price of writing down a number.
// A timer fires at most one tick late, never early. Hashed timing wheel: Varghese and Lauck, SOSP 1987,
// scheme 6.
import type { Clock } from "./clock.ts";
import { Lag } from "./lag.ts";

/** Something that can be filed in a wheel, once at a time. */
export class Timer {
  /** When it fires, in `Clock.now()` milliseconds; Infinity while it is not armed. */
  deadline = Number.POSITIVE_INFINITY;
  /** How long this process had stood still when it was armed, where that is not to count; the wheel's alone. */
  stood: number | undefined;
  /** The tick at which it is looked at, and links of the slot's ring; the wheel's alone to touch. */
  tick = 0;
  previous: Timer | undefined;
  next: Timer | undefined;
  readonly fire: () => void;
  /** Hears what `fire` has thrown, in the wheel's place. */
  readonly owner: { onBug(error: unknown): void } | undefined;

  constructor(fire: () => void, owner?: { onBug(error: unknown): void }) {
    this.fire = fire;
    this.owner = owner;
  }
}

const SLOTS = 1024;

/** Holds timers; `advance()` fires those that are due. */
export class Wheel {
  readonly tickMs: number;
  /** How late the ticks are. */
  readonly lag: Lag;
  readonly #clock: Clock;
  readonly #slots: Timer[] = Array.from({ length: SLOTS }, ring);
  #tick: number;
  /** How many timers are filed, with those that rest. */
  size = 0;
  /** `Clock.now()` of the last tick: costs nothing to read, where some ticks more or less do not matter. */
  time: number;
  /** Hears what a timer has thrown, or something else that nobody waits for: a bug. */
  onBug: (error: unknown) => void = (error) => {
    throw error;
  };

  constructor(clock: Clock, tickMs = 10) {
    this.#clock = clock;
    this.tickMs = tickMs;
    this.time = clock.now();
    this.#tick = Math.floor(this.time / tickMs);
    this.lag = new Lag(tickMs, this.time);
  }

  /** Files `timer` to fire `delayMs` from now, wherever it was filed before. */
  arm(timer: Timer, delayMs: number): void {
    this.armAt(timer, this.#clock.now() + delayMs);
  }

  /**
   * The same for who waits for somebody else: time in which this process stands still does not count, because
   * what happened meanwhile has not been looked at when timers fire.
   */
  armAwake(timer: Timer, delayMs: number): void {
    const now = this.#clock.now();
    this.armAt(timer, now + delayMs);
    timer.stood = this.lag.stood(now);
  }

  /** Files `timer` to fire at `deadline`, in `Clock.now()` milliseconds. */
  armAt(timer: Timer, deadline: number): void {
    // A deadline in the past belongs to the next tick that is looked at.
    const tick = Math.max(Math.ceil(deadline / this.tickMs), this.#tick + 1);
    const filed = timer.next !== undefined;
    timer.deadline = deadline;
    timer.stood = undefined;
    if (filed && timer.tick <= tick) return;
    if (filed) this.#unlink(timer);
    this.#file(timer, tick);
  }

  /**
   * Disarms `timer`, which will be armed again soon. It stays filed, and is held, with whatever its `fire`
   * holds, until its old deadline at the latest: who gives a timer up, as a connection that closes, disarms it.
   */
  rest(timer: Timer): void {
    timer.deadline = Number.POSITIVE_INFINITY;
  }

  /** Resolves `delayMs` from now. */
  after(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.arm(new Timer(resolve), delayMs));
  }

  /** Takes `timer` out; nothing happens when it is not filed. */
  disarm(timer: Timer): void {
    timer.deadline = Number.POSITIVE_INFINITY;
    if (timer.next !== undefined) this.#unlink(timer);
  }

  /** Fires what is due. To be called about every `tickMs`; being late only makes timers late. */
  advance(): void {
    const now = this.#clock.now();
    this.lag.beat(now);
    const target = Math.floor(now / this.tickMs);
    // After a long pause one turn of the wheel visits every slot; more would visit them again.
    let tick = Math.max(this.#tick, target - SLOTS);
    this.#tick = target;
    this.time = now;
    while (tick < target) this.#sweep(++tick % SLOTS, now);
  }

  #sweep(slot: number, now: number): void {
    const head = this.#slots[slot] as Timer;
    const due: Timer[] = [];
    for (let timer = head.next as Timer; timer !== head; ) {
      const { next, deadline } = timer;
      if (deadline <= now) due.push(timer);
      else this.#look(timer, slot);
      timer = next as Timer;
    }
    // A timer that fires may disarm another one that is due, or put it off.
    for (const each of due) {
      if (each.deadline > now) this.#look(each, slot);
      else {
        this.disarm(each);
        if (!this.#putOff(each, now)) this.#fire(each);
      }
    }
  }

  /** Was there a stall that its time is to be longer for? Then it is. */
  #putOff(timer: Timer, now: number): boolean {
    if (timer.stood === undefined) return false;
    const stood = this.lag.stood(now);
    const slept = stood - timer.stood;
    if (slept <= 0) return false;
    this.armAt(timer, now + slept);
    timer.stood = stood;
    return true;
  }

  #fire(timer: Timer): void {
    try {
      timer.fire();
    } catch (error) {
      (timer.owner ?? this).onBug(error);
    }
  }

  /** Where does a timer belong that is not due yet? */
  #look(timer: Timer, slot: number): void {
    if (timer.deadline === Number.POSITIVE_INFINITY) return this.#unlink(timer);
    const tick = Math.ceil(timer.deadline / this.tickMs);
    timer.tick = tick;
    if (tick % SLOTS === slot) return;
    this.#unlink(timer);
    this.#file(timer, tick);
  }

  #file(timer: Timer, tick: number): void {
    const head = this.#slots[tick % SLOTS] as Timer;
    const last = head.previous as Timer;
    timer.tick = tick;
    timer.previous = last;
    timer.next = head;
    last.next = timer;
    head.previous = timer;
    this.size++;
  }

  #unlink(timer: Timer): void {
    const { previous, next } = timer;
    if (previous === undefined || next === undefined) return;
    previous.next = next;
    next.previous = previous;
    timer.previous = undefined;
    timer.next = undefined;
    this.size--;
  }
}

function ring(): Timer {
  const head = new Timer(() => {});
  head.previous = head;
  head.next = head;
  return head;
}
