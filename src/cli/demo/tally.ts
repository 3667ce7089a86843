// What a load came to, as one line of a table for people.

/** One request of a load and how it ended. */
export interface Shot {
  /** When it was due, in `Clock.now()` milliseconds. */
  readonly at: number;
  /** From when it was due to the end of its answer; a late sender is the sender's fault, and counts. */
  readonly latencyMs: number;
  /** 0 when no answer came. */
  readonly status: number;
  /** The refusal's reason, or why no answer came. */
  readonly reason: string | undefined;
}

/** The figures of many shots. */
export interface Tally {
  readonly requests: number;
  readonly ok: number;
  readonly failed: number;
  /** Percentiles of the latency of the good answers, in milliseconds; NaN where there are none. */
  readonly p50: number;
  readonly p99: number;
  /** How often each reason was given, most frequent first. */
  readonly reasons: readonly (readonly [reason: string, count: number])[];
}

export function tally(shots: readonly Shot[]): Tally {
  const good = shots.filter(isGood);
  const latencies = good.map(({ latencyMs }) => latencyMs).sort((a, b) => a - b);
  const bad = Map.groupBy(
    shots.filter((shot) => !isGood(shot)),
    ({ status, reason }) => reason ?? `unexplained ${status}`,
  );
  return {
    requests: shots.length,
    ok: good.length,
    failed: shots.length - good.length,
    p50: percentile(latencies, 0.5),
    p99: percentile(latencies, 0.99),
    reasons: [...bad]
      .map(([reason, list]) => [reason, list.length] as const)
      .sort((a, b) => b[1] - a[1]),
  };
}

export function isGood({ status }: Shot): boolean {
  return status >= 200 && status < 300;
}

/** The nearest-rank percentile of ascending values, `share` in (0, 1]; NaN of none. */
export function percentile(ascending: readonly number[], share: number): number {
  return ascending[Math.ceil(share * ascending.length) - 1] ?? Number.NaN;
}

/** One row of figures under a name. */
export function tallyRow(name: string, figures: Tally): string[] {
  const { requests, ok, failed, p50, p99, reasons } = figures;
  const told = reasons.map(([reason, count]) => `${count} ${reason}`).join(", ");
  return [name, `${requests}`, `${ok}`, `${failed}`, millis(p50), millis(p99), told || "-"];
}

export const TALLY_HEAD = ["", "requests", "ok", "failed", "p50 ms", "p99 ms", "why they failed"];

function millis(value: number): string {
  return Number.isNaN(value) ? "-" : value.toFixed(1);
}
