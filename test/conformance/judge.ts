// Was what happened what the case wants?
import type { RequestCase } from "./cases.ts";
import { checksOf } from "./checks.ts";
import type { Observation } from "./exchange.ts";

/** Everything that is wrong; empty when the case passes. */
export function judge(wire: RequestCase, seen: Observation): readonly string[] {
  const allowed = [wire.expect, ...wire.accept].map(plain);
  const complaints = [...seen.complaints];
  if (!allowed.includes(seen.verdict)) {
    complaints.push(`wanted ${allowed.join(" or ")}, got ${seen.verdict}`);
  }
  complaints.push(...miscounted(wire, seen), ...misclosed(wire, seen), ...unmet(wire, seen));
  return complaints;
}

/** Forwarding in another form is forwarding, and an abort is a close without a response. */
export function plain(expectation: string): string {
  if (expectation === "forward-normalised") return "forward";
  return expectation === "abort" ? "close" : expectation;
}

function miscounted(wire: RequestCase, seen: Observation): string[] {
  const count = seen.requests.length;
  const expected = plain(wire.expect) === seen.verdict;
  const wanted = expected ? wire.upstream_requests : seen.verdict === "forward" ? 1 : 0;
  const wrong = typeof wanted === "number" && count !== wanted;
  return wrong ? [`the upstream saw ${count} complete requests, not ${wanted}`] : [];
}

function misclosed(wire: RequestCase, seen: Observation): string[] {
  const refused = seen.verdict.startsWith("reject-") || seen.verdict === "close";
  const answers = seen.responses.length;
  if (refused && answers > 1) return [`${answers} responses to a message that cannot be framed`];
  if (refused && !seen.closed) return ["refused, but the connection was not closed"];
  if (wire.close === false && seen.closed && !refused) return ["the connection was closed"];
  return wire.close === true && !seen.closed ? ["the connection was not closed"] : [];
}

function unmet(wire: RequestCase, seen: Observation): string[] {
  const checks = checksOf(wire);
  if (checks === undefined) return [`nothing checks "${wire.upstream_assert}"`];
  const meant = plain(wire.expect) === seen.verdict || seen.verdict === "forward";
  if (!meant) return [];
  return checks.flatMap((check) => check(seen) ?? []);
}
