// Do two readers agree? What ours accepts, the other must accept, as the same messages.
import { isDeepStrictEqual } from "node:util";
import type { Message, Transcript } from "./transcript.ts";

/** Where readers disagree, about which message of a stream, and on what. */
export interface Disagreement {
  readonly kind: Kind;
  readonly message: number;
  readonly detail: string;
}

export type Kind =
  | "refused"
  | "line"
  | "fields"
  | "body"
  | "trailers"
  | "end"
  | "keep-alive"
  | "waiting"
  | "split"
  | "crash";

/** The first disagreement; undefined where there is none. Ours may accept less. */
export function compare(ours: Transcript, theirs: Transcript): Disagreement | undefined {
  for (const [index, mine] of ours.messages.entries()) {
    const other = theirs.messages[index];
    const found =
      other === undefined
        ? ({ kind: "refused", detail: theirs.detail || "Node has no such message" } as const)
        : compareMessages(mine, other, ours, theirs);
    if (found !== undefined) return { ...found, message: index };
  }
  const behind = theirs.messages[ours.messages.length];
  if (ours.end !== "incomplete" || behind === undefined) return undefined;
  const detail = `Node has a whole head: ${behind.line.join(" ")}`;
  return { kind: "waiting", message: ours.messages.length, detail };
}

type Found = Pick<Disagreement, "kind" | "detail">;

function compareMessages(
  mine: Message,
  other: Message,
  ours: Transcript,
  theirs: Transcript,
): Found | undefined {
  if (!isDeepStrictEqual(mine.line, other.line)) {
    return { kind: "line", detail: differing(mine.line, other.line) };
  }
  if (!isDeepStrictEqual(mine.fields, other.fields)) {
    return { kind: "fields", detail: differing(mine.fields, other.fields) };
  }
  if (mine.keepAlive && !other.keepAlive) return { kind: "keep-alive", detail: "Node would close" };
  return mine.complete
    ? compareWhole(mine, other, theirs)
    : comparePart(mine, other, ours.end === "refused" || theirs.end === "refused");
}

function compareWhole(mine: Message, other: Message, theirs: Transcript): Found | undefined {
  if (!other.complete) return { kind: "end", detail: theirs.detail || "Node waits for more" };
  if (mine.body !== other.body) {
    return { kind: "body", detail: differing(mine.body, other.body) };
  }
  return isDeepStrictEqual(mine.trailers, other.trailers)
    ? undefined
    : { kind: "trailers", detail: differing(mine.trailers, other.trailers) };
}

/** A message whose end ours has not found: so far there may be less of it, but nothing else. */
function comparePart(mine: Message, other: Message, refused: boolean): Found | undefined {
  const same = refused ? other.body.startsWith(mine.body) : other.body === mine.body;
  if (!same) return { kind: "body", detail: differing(mine.body, other.body) };
  if (refused || !other.complete) return undefined;
  return { kind: "end", detail: "Node has the end, ours waits for more" };
}

function differing(mine: unknown, other: unknown): string {
  return `ours ${JSON.stringify(mine)}, Node's ${JSON.stringify(other)}`;
}
