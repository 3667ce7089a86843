// A client that refuses its own requests when too many of late have failed.
//
//   P = max(0, (n - 2 ok) / (n + 1)),   over the last two minutes
//
// Beyer et al., "Site Reliability Engineering", chapter 21, client-side throttling; Envoy's admission control
// is the same. The service itself refuses nothing: what fails is what takes longer than the client waits.
import type { Sample } from "../../../src/policy/slots.ts";
import type { Ticket } from "../../../src/policy/ticket.ts";
import { Stream } from "../../../test/sim/chance.ts";
import type { Gate } from "../../../test/sim/crowd/crowd.ts";
import type { Contender } from "../contender.ts";
import { patienceMs } from "../scene.ts";

const [K, SECONDS] = [2, 120];

class Throttle implements Gate {
  readonly #patienceMs: number;
  readonly #chance = new Stream(1, "throttle");
  readonly #asked = new Float64Array(SECONDS);
  readonly #well = new Float64Array(SECONDS);
  #n = 0;
  #ok = 0;
  #second = 0;

  constructor(patience: number) {
    this.#patienceMs = patience;
  }

  enter(_ticket: Ticket, now: number): ReturnType<Gate["enter"]> {
    this.#turn(now);
    const refused = this.#chance.next() < (this.#n - K * this.#ok) / (this.#n + 1);
    this.#add(this.#asked);
    this.#n++;
    return refused ? "self_overload" : "granted";
  }

  settle(_ticket: Ticket, { latencyMs }: Sample, now: number): void {
    this.#turn(now);
    if (latencyMs > this.#patienceMs) return;
    this.#add(this.#well);
    this.#ok++;
  }

  tick(): void {}

  #add(counts: Float64Array): void {
    const place = this.#second % SECONDS;
    counts[place] = (counts[place] as number) + 1;
  }

  #turn(now: number): void {
    const second = Math.floor(now / 1000);
    while (this.#second < second) {
      const place = ++this.#second % SECONDS;
      this.#n -= this.#asked[place] as number;
      this.#ok -= this.#well[place] as number;
      this.#asked[place] = 0;
      this.#well[place] = 0;
    }
  }
}

export const throttle: Contender = {
  name: "throttle",
  source: "Google SRE, client-side throttling",
  make: (cell) => new Throttle(patienceMs(cell)),
};
