// Sizes in bytes, with binary units only: `64KiB` says what it means, `64K` does not.

const UNITS = [
  ["GiB", 2 ** 30],
  ["MiB", 2 ** 20],
  ["KiB", 2 ** 10],
  ["B", 1],
] as const;

/** What a size with a unit looks like; a plain whole number is read as bytes. */
export const SIZE = /^([0-9]{1,15})(B|KiB|MiB|GiB)?$/;

/** `64KiB` as bytes; undefined when `text` is no size or has more bytes than a number can count. */
export function parseSize(text: string): number | undefined {
  const match = SIZE.exec(text);
  if (match === null) return undefined;
  const unit = UNITS.find(([name]) => name === match[2])?.[1] ?? 1;
  const bytes = Number(match[1]) * unit;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}
