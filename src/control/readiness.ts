// Whether traffic should come here: what /readyz and /startupz ask.

/** A cluster, as far as readiness goes. */
interface Usable {
  readonly name: string;
  /** Is there anybody to ask? */
  usable(now: number): boolean;
}

export class Readiness {
  /** Does everything listen? */
  listening = false;
  /** Is the first round of probes over? */
  checked = false;
  draining = false;
  readonly #clusters: Iterable<Usable>;
  readonly #now: () => number;

  constructor(clusters: Iterable<Usable>, now: () => number) {
    this.#clusters = clusters;
    this.#now = now;
  }

  get started(): boolean {
    return this.listening && this.checked;
  }

  /** `ok` when started, not draining, and every cluster has somebody to ask; otherwise `why` not. */
  ready(): { readonly ok: boolean; readonly why: string } {
    if (this.draining) return { ok: false, why: "draining" };
    if (!this.started) return { ok: false, why: "starting" };
    const now = this.#now();
    for (const cluster of this.#clusters) {
      if (!cluster.usable(now)) return { ok: false, why: `no endpoint: ${cluster.name}` };
    }
    return { ok: true, why: "" };
  }
}
