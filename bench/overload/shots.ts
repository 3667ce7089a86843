// What became of each request of a run, in the order in which they were sent.

/** How a request ended; as numbers, since there are hundreds of thousands. */
export const ENDS = ["pending", "good", "refused", "gave up", "broken"] as const;
export type End = (typeof ENDS)[number];

/** A request that is due, for the first time or again. */
export interface Asked {
  readonly due: number;
  readonly kind: number;
  readonly caller: number;
  readonly attempt: number;
}

export class Shots {
  count = 0;
  /** When each was due, how late it was sent, and how long after it was due it had ended, in milliseconds. */
  readonly due: Float64Array;
  readonly late: Float32Array;
  readonly took: Float32Array;
  readonly kind: Uint8Array;
  readonly caller: Uint8Array;
  /** 1 for the first time that it is asked. */
  readonly attempt: Uint8Array;
  readonly #end: Uint8Array;
  readonly #why: Uint16Array;
  readonly #whys: string[] = [""];

  /** `most` is how many there can be. */
  constructor(most: number) {
    this.due = new Float64Array(most);
    this.late = new Float32Array(most);
    this.took = new Float32Array(most);
    this.kind = new Uint8Array(most);
    this.caller = new Uint8Array(most);
    this.attempt = new Uint8Array(most);
    this.#end = new Uint8Array(most);
    this.#why = new Uint16Array(most);
  }

  /** It was sent at `now`; returns its number. */
  add({ due, kind, caller, attempt }: Asked, now: number): number {
    const shot = this.count++;
    this.due[shot] = due;
    this.late[shot] = now - due;
    this.kind[shot] = kind;
    this.caller[shot] = caller;
    this.attempt[shot] = attempt;
    return shot;
  }

  /** `why` is the reason of a refusal, or what broke. */
  ends(shot: number, end: End, now: number, why = ""): void {
    this.took[shot] = now - this.dueOf(shot);
    this.#end[shot] = ENDS.indexOf(end);
    let index = this.#whys.indexOf(why);
    if (index < 0) index = this.#whys.push(why) - 1;
    this.#why[shot] = index;
  }

  endOf(shot: number): End {
    return ENDS[this.#end[shot] ?? 0] ?? "pending";
  }

  whyOf(shot: number): string {
    return this.#whys[this.#why[shot] ?? 0] ?? "";
  }

  dueOf(shot: number): number {
    return this.due[shot] ?? Number.NaN;
  }

  sentOf(shot: number): number {
    return this.dueOf(shot) + (this.late[shot] ?? Number.NaN);
  }
}
