// `GET /events` as people read it: one line for each change, the newest last.
import type { Change } from "../../control/changes.ts";
import { columns } from "../table.ts";
import { localTime } from "./times.ts";

/** Are these changes that a sidecar tells of? Newer and older ones may say more, or less. */
export function areChanges(value: unknown): value is readonly Change[] {
  return Array.isArray(value) && value.every(isChange);
}

function isChange(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  return [fields.get("time"), fields.get("subject")].every((each) => typeof each === "string");
}

/** Which changes are wanted. */
export interface Wanted {
  /** Not older than this, in milliseconds since 1970. */
  readonly since: number;
  readonly cluster: string | undefined;
}

export function chosen(changes: readonly Change[], { since, cluster }: Wanted): readonly Change[] {
  const wanted = (change: Change) => cluster === undefined || change.cluster === cluster;
  return changes.filter((change) => Date.parse(change.time) >= since && wanted(change));
}

/** `TIME  SUBJECT  CLUSTER ENDPOINT  FROM -> TO  REASON`, in columns. */
export function eventLines(changes: readonly Change[]): string {
  const rows = changes.map(({ time, subject, cluster, endpoint, from, to, reason }) => [
    localTime(time),
    subject,
    [cluster, endpoint].filter(Boolean).join(" "),
    `${from} -> ${to}`,
    reason,
  ]);
  return columns(rows);
}
