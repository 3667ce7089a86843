// One coarse timer wheel for every timeout of the process.
//
//   slot = floor(deadline / tick) mod slots;   each tick, everything due in the current slot fires.
//
// Filing and removing are O(1) and allocate nothing (the links are in the timer itself), so that a
// request can arm and disarm several timeouts for nanoseconds. A timer fires at most one tick late,
// never early. Hashed timing wheel: Varghese and Lauck, SOSP 1987, scheme 6.
import type { Clock } from "./clock.ts";

/** Something that can be filed in a wheel, once at a time. */
export class Timer {
  /** When it fires, in `Clock.now()` milliseconds; Infinity while it is not filed. */
  deadline = Number.POSITIVE_INFINITY;
  /** Links of the slot's ring; the wheel's alone to touch. */
  previous: Timer | undefined;
  next: Timer | undefined;
  readonly fire: () => void;

  constructor(fire: () => void) {
    this.fire = fire;
  }
}

const SLOTS = 1024;

/** Holds timers; `advance()` fires those that are due. */
export class Wheel {
  readonly tickMs: number;
  readonly #clock: Clock;
  readonly #slots: Timer[] = Array.from({ length: SLOTS }, ring);
  #tick: number;
  /** How many timers are filed. */
  size = 0;

  constructor(clock: Clock, tickMs = 10) {
    this.#clock = clock;
    this.tickMs = tickMs;
    this.#tick = Math.floor(clock.now() / tickMs);
  }

  /** Files `timer` to fire `delayMs` from now, wherever it was filed before. */
  arm(timer: Timer, delayMs: number): void {
    this.armAt(timer, this.#clock.now() + delayMs);
  }

  /** Files `timer` to fire at `deadline`, in `Clock.now()` milliseconds. */
  armAt(timer: Timer, deadline: number): void {
    this.disarm(timer);
    timer.deadline = deadline;
    // A deadline in the past belongs to the next tick that is looked at.
    const tick = Math.max(Math.ceil(deadline / this.tickMs), this.#tick + 1);
    const head = this.#slots[tick % SLOTS] as Timer;
    const last = head.previous as Timer;
    timer.previous = last;
    timer.next = head;
    last.next = timer;
    head.previous = timer;
    this.size++;
  }

  /** Resolves `delayMs` from now. */
  after(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.arm(new Timer(resolve), delayMs));
  }

  /** Takes `timer` out; nothing happens when it is not filed. */
  disarm(timer: Timer): void {
    const { previous, next } = timer;
    if (previous === undefined || next === undefined) return;
    previous.next = next;
    next.previous = previous;
    timer.previous = undefined;
    timer.next = undefined;
    timer.deadline = Number.POSITIVE_INFINITY;
    this.size--;
  }

  /** Fires what is due. To be called about every `tickMs`; being late only makes timers late. */
  advance(): void {
    const now = this.#clock.now();
    const target = Math.floor(now / this.tickMs);
    // After a long pause one turn of the wheel visits every slot; more would visit them again.
    let tick = Math.max(this.#tick, target - SLOTS);
    this.#tick = target;
    while (tick < target) this.#sweep(++tick % SLOTS, now);
  }

  #sweep(slot: number, now: number): void {
    const head = this.#slots[slot] as Timer;
    let timer = head.next as Timer;
    const due: Timer[] = [];
    for (; timer !== head; timer = timer.next as Timer) if (timer.deadline <= now) due.push(timer);
    // A timer that fires may disarm another one of this slot.
    for (const each of due) {
      if (each.next === undefined || each.deadline > now) continue;
      this.disarm(each);
      each.fire();
    }
  }
}

function ring(): Timer {
  const head = new Timer(() => {});
  head.previous = head;
  head.next = head;
  return head;
}
