// The guard's arithmetic: measured ratios against recorded ones.

/** How far a ratio may be above the recorded one: 10 %. */
export const TOLERANCE = 1.1;

export interface Verdict {
  readonly scenario: string;
  readonly measured: number;
  readonly recorded: number | undefined;
  /** The greatest ratio that passes; undefined when none is recorded. */
  readonly allowed: number | undefined;
  readonly ok: boolean;
}

/**
 * One verdict per measured scenario. A ratio passes up to and including the recorded one times
 * TOLERANCE; better is always well; a scenario without a recorded ratio does not pass.
 */
export function judge(
  recorded: Readonly<Record<string, number>>,
  measured: Readonly<Record<string, number>>,
): Verdict[] {
  return Object.entries(measured).map(([scenario, ratio]) => {
    const before = recorded[scenario];
    const allowed = before === undefined ? undefined : before * TOLERANCE;
    const ok = allowed !== undefined && ratio <= allowed;
    return { scenario, measured: ratio, recorded: before, allowed, ok };
  });
}
