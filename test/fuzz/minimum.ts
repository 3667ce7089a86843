// The smallest text that still fails: Zeller and Hildebrandt, "Simplifying and Isolating
// Failure-Inducing Input", 2002, in its simplest form.

/** Removes ranges of halving size as long as `fails` stays true for what is left. */
export async function minimum(
  text: string,
  fails: (text: string) => Promise<boolean>,
): Promise<string> {
  let smallest = text;
  for (let size = Math.ceil(text.length / 2); size >= 1; ) {
    const before = smallest.length;
    for (let at = 0; at < smallest.length; ) {
      const shorter = smallest.slice(0, at) + smallest.slice(at + size);
      if (await fails(shorter)) smallest = shorter;
      else at += size;
    }
    // Single bytes are tried again until none of them can go.
    if (size > 1 || smallest.length === before) size = size > 1 ? Math.floor(size / 2) : 0;
  }
  return smallest;
}
