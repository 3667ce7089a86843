// What a service says of itself in the headers of its health answer.

/** Undefined where it said nothing, or nothing that makes sense. */
export interface Advice {
  /** Its share of the traffic in percent of the usual one, 0 to 100: `x-tidegate-weight`. */
  readonly weight: number | undefined;
  /** It wants no new requests, though it is well: `x-tidegate-drain: true`. */
  readonly drain: boolean;
  /** The most requests that it works on at once, 1 to 1000000: `x-tidegate-max-concurrency`. */
  readonly maxConcurrency: number | undefined;
}

/** Of whoever says nothing. */
export const NO_ADVICE: Advice = { weight: undefined, drain: false, maxConcurrency: undefined };

/** Reads the advice; `header` gives the value of a field by its name in lower case. */
export function readAdvice(header: (name: string) => unknown): Advice {
  return {
    weight: whole(header("x-tidegate-weight"), 0, 100),
    drain: text(header("x-tidegate-drain")).toLowerCase() === "true",
    maxConcurrency: whole(header("x-tidegate-max-concurrency"), 1, 1_000_000),
  };
}

/** A whole number within bounds; what is outside is a slip, and no reason to guess. */
function whole(value: unknown, least: number, most: number): number | undefined {
  const digits = text(value);
  if (!/^[0-9]{1,7}$/.test(digits)) return undefined;
  const number = Number(digits);
  return number >= least && number <= most ? number : undefined;
}

/** A field that is there twice contradicts itself, and counts as absent. */
function text(value: unknown): string {
  return typeof value === "string" ? value.trim() : "";
}
