// Durations as Kubernetes' Gateway API writes them (GEP-2257), narrowed: hours, minutes, seconds
// and milliseconds, each at most once and in that order, up to five digits each.

const UNITS = [
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
] as const;

/** What a duration looks like, for the parser, the JSON Schema and editors alike. */
export const DURATION = /^(?=[0-9])([0-9]{1,5}h)?([0-9]{1,5}m)?([0-9]{1,5}s)?([0-9]{1,5}ms)?$/;

/** `1m30s` as milliseconds, 0 to 366,066,038,399 or so; undefined when `text` is no duration. */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text);
  if (match === null) return undefined;
  return UNITS.reduce((sum, [, ms], unit) => sum + ms * count(match[unit + 1]), 0);
}

/** The shortest text that `parseDuration` reads as `ms`, a whole number from 0 to 99999 hours. */
export function formatDuration(ms: number): string {
  let rest = ms;
  let text = "";
  for (const [unit, size] of UNITS) {
    const whole = Math.floor(rest / size);
    rest -= whole * size;
    if (whole > 0) text += `${whole}${unit}`;
  }
  return text === "" ? "0s" : text;
}

function count(part: string | undefined): number {
  return part === undefined ? 0 : Number.parseInt(part, 10);
}
