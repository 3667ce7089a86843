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
  /** Who answered, where the answer says so: `backup`. */
  readonly tier: string | undefined;
}

/** The figures of many shots. */
interface Tally {
  readonly requests: number;
  readonly ok: number;
  readonly failed: number;
  /** Good answers that came from the backup. */
  readonly backed: number;
  /** Percentile of the latency of the good answers, in milliseconds; NaN where there are none. */
  readonly p99: number;
  /** How often each reason was given, most frequent first. */
  readonly reasons: readonly (readonly [reason: string, count: number])[];
}

export function tally(shots: readonly Shot[]): Tally {
  const good = shots.filter(isGood);
  const latencies = good.map(({ latencyMs }) => latencyMs).sort((a, b) => a - b);
  const bad = Map.groupBy(
    shots.filter((shot) => !isGood(shot)),
    ({ status, reason }) => reason ?? `status ${status}`,
  );
  return {
    requests: shots.length,
    ok: good.length,
    failed: shots.length - good.length,
    backed: good.filter(isBacked).length,
    p99: percentile(latencies, 0.99),
    reasons: [...bad]
      .map(([reason, list]) => [reason, list.length] as const)
      .sort((a, b) => b[1] - a[1]),
  };
}

export function isGood({ status }: Shot): boolean {
  return status >= 200 && status < 300;
}

export function isBacked({ tier }: Shot): boolean {
  return tier === "backup";
}

/** The nearest-rank percentile of ascending values, `share` in (0, 1]; NaN of none. */
export function percentile(ascending: readonly number[], share: number): number {
  return ascending[Math.ceil(share * ascending.length) - 1] ?? Number.NaN;
}

/** One row of figures under a name; the load went on for `seconds`. */
export function tallyRow(name: string, shots: readonly Shot[], seconds: number): string[] {
  const { requests, ok, failed, backed, p99, reasons } = tally(shots);
  const told = reasons.map(([reason, count]) => `${count} ${reason}`).join(", ");
  const goodput = (ok / seconds).toFixed(0);
  return [name, `${requests}`, `${failed}`, goodput, millis(p99), `${backed}`, told || "-"];
}

export const TALLY_HEAD = [
  "",
  "requests",
  "failed",
  "goodput/s",
  "p99 ms",
  "by the backup",
  "why they failed",
];

function millis(value: number): string {
  return Number.isNaN(value) ? "-" : value.toFixed(1);
}
