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
  readonly #lack: (cluster: string) => string | undefined;

  /** `lack` says why a cluster may have no endpoint at all, if it is known. */
  constructor(
    clusters: Iterable<Usable>,
    now: () => number,
    lack: (cluster: string) => string | undefined,
  ) {
    this.#clusters = clusters;
    this.#now = now;
    this.#lack = lack;
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
      if (cluster.usable(now)) continue;
      const lack = this.#lack(cluster.name);
      const because = lack === undefined ? "" : ` (${lack})`;
      return { ok: false, why: `no endpoint: ${cluster.name}${because}` };
    }
    return { ok: true, why: "" };
  }
}
