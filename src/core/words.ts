// Errors in words for people.

const MOST = 200;

/** What an error says, as one short line. */
export function wordsOf(error: unknown): string {
  // Where a name has several addresses, what the first one said will do.
  if (error instanceof AggregateError && error.errors.length > 0) return wordsOf(error.errors[0]);
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.replace(/[\0-\x1f\x7f]+/g, " ").slice(0, MOST);
}
