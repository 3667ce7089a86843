// The changes of an endpoint as its operator means them: it goes out of use, and it comes back.
//
// Out of use is who is unhealthy, or whose breaker is not closed: a half-open one makes trials, and no more.

/** One change of a breaker's or of a health state, as `GET /events` has it. */
interface Step {
  readonly subject: string;
  readonly to: string;
}

/** Those of the changes of one endpoint, in their order, that took it out of use or back. */
export function turns<Change extends Step>(changes: readonly Change[]): readonly Change[] {
  const state = new Map<string, string>();
  let wasUsed = true;
  return changes.filter(({ subject, to }) => {
    state.set(subject, to);
    const isUsed =
      state.get("health") !== "unhealthy" && (state.get("breaker") ?? "closed") === "closed";
    const turned = isUsed !== wasUsed;
    wasUsed = isUsed;
    return turned;
  });
}
