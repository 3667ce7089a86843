// A change in two steps, as two-phase commit has it: everybody gets ready, which may fail or take time; only
// when all are, everybody makes the change, which does neither.

/** Something is ready to be changed. Exactly one of the two is called. */
export interface Prepared {
  /** Makes the change, at once and whole. */
  commit(): void;
  /** Gives back what was taken for it; nothing has changed. */
  undo(): void;
}

/** Takes the steps one after the other; when one rejects, gives back what the others took, and rejects. */
export async function prepareAll(
  steps: readonly (() => Prepared | Promise<Prepared>)[],
): Promise<Prepared> {
  const ready: Prepared[] = [];
  const undo = (): void => {
    for (const each of ready.toReversed()) each.undo();
  };
  try {
    for (const step of steps) ready.push(await step());
  } catch (error) {
    undo();
    throw error;
  }
  const commit = (): void => {
    for (const each of ready) each.commit();
  };
  return { commit, undo };
}
