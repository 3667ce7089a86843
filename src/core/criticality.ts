// How much it matters that a request is answered, what matters most first. The words are those of Google's
// "Site Reliability Engineering", chapter 21, and of its load shedding.

export const CRITICALITIES = ["CRITICAL_PLUS", "CRITICAL", "SHEDDABLE_PLUS", "SHEDDABLE"] as const;

export type Criticality = (typeof CRITICALITIES)[number];

/** Where it stands in the list: 0 is what matters most. Undefined for anything else than one of the words. */
export function rankOf(word: string): number | undefined {
  const rank = (CRITICALITIES as readonly string[]).indexOf(word.trim().toUpperCase());
  return rank < 0 ? undefined : rank;
}
