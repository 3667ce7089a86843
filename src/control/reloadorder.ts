// `POST /reload`: what may be asked, and what is answered.
import { type Difference, printDifference } from "./config/diff.ts";
import type { Denial } from "./guard.ts";
import type { Reloaded } from "./reload.ts";
import { type Answer, JSON_TYPE } from "./server.ts";

export interface ReloadOrder {
  /** Only say what would change. */
  readonly dryRun: boolean;
  /** The text of a config to compare with the one in force, in place of the file; for a dry run only. */
  readonly config: string | undefined;
}

/** A config is at most 256 KiB; as a JSON string it may be longer. */
export const RELOAD_BODY_BYTES = 1 << 20;

const YES: Readonly<Record<string, boolean>> = { "1": true, true: true, "0": false, false: false };

/** The order in a request's target and body, which is empty or a JSON object; or what is wrong with it. */
export function readReload(target: string, body: string): ReloadOrder | Denial {
  const query = new URLSearchParams(target.split("?", 2)[1]);
  const given = query.getAll("dryRun");
  const dryRun = given.length === 0 ? false : given.length === 1 ? YES[given[0] ?? ""] : undefined;
  if (dryRun === undefined || query.size > given.length) {
    return { status: 400, message: "`dryRun` is 1 or 0, and the only parameter" };
  }
  const fields = Object.entries(body.trim() === "" ? {} : JSON.parse(body));
  if (fields.length === 0) return { dryRun, config: undefined };
  const [[key, config] = []] = fields;
  if (!dryRun || fields.length > 1 || key !== "config" || typeof config !== "string") {
    const message =
      "send no body: the file that the sidecar was started with is read; " +
      'with dryRun=1, {"config": "<text>"} compares another one with it';
    return { status: 400, message };
  }
  return { dryRun, config };
}

export function reloadAnswer(result: Reloaded): Answer {
  if (result.kind === "refused") {
    const { errors } = result;
    const error =
      result.by === "config"
        ? "the config is bad; the one in force stays"
        : "the config cannot be put into force; the one before stays";
    return answer(result.by === "config" ? 422 : 409, { status: "refused", error, errors });
  }
  const { kind, changes, warnings } = result;
  return answer(200, { status: kind, changes, diff: changes.map(printDifference), warnings });
}

interface Said {
  readonly status: string;
  readonly error?: string;
  readonly errors?: readonly string[];
  readonly changes?: readonly Difference[];
  readonly diff?: readonly string[];
  readonly warnings?: readonly string[];
}

function answer(status: number, said: Said): Answer {
  return { status, type: JSON_TYPE, body: `${JSON.stringify(said, undefined, 2)}\n` };
}
