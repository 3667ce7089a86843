// The options of a cluster's admission: how many requests it works on, and who waits or gives way.
import { z } from "zod";
import { DURATION, formatDuration, parseDuration } from "./duration.ts";
import { count } from "./field.ts";

const [LEAST_WAIT_MS, MOST_WAIT_MS] = [1, 3_600_000];
const AUTO_OR = new RegExp(`^auto$|${DURATION.source}`);
const WAIT_PROBLEM = "must be auto, or a duration such as 100ms";
const LIMIT_PROBLEM = "must be adaptive, or a whole number from 1 to 1000000";
const SIZE_PROBLEM = "must be auto, or a whole number from 0 to 1000000";

const limit = z
  .union([z.enum(["adaptive"]), z.int().min(1).max(1_000_000)], {
    error: ({ input }) => (isGiven(input) ? LIMIT_PROBLEM : undefined),
  })
  .exactOptional()
  .meta({
    description:
      "The most requests that the cluster works on at once: adaptive = as many as it turns out to be able to, " +
      "or a whole number from 1 to 1000000. Without one there is no limit.",
    example: "adaptive",
  });

const size = z
  .union([z.int().min(0).max(1_000_000), z.enum(["auto"])], {
    error: ({ input }) => (isGiven(input) ? SIZE_PROBLEM : undefined),
  })
  .prefault("auto")
  .describe(
    "The most requests that wait: a whole number from 0 to 1000000, or auto = twice the limit and 64.",
  );

const wait = z
  .string({ error: ({ input }) => (isGiven(input) ? WAIT_PROBLEM : undefined) })
  .regex(AUTO_OR, { error: WAIT_PROBLEM })
  .transform((text, context) => {
    if (text === "auto") return text;
    const ms = parseDuration(text) ?? 0;
    if (ms < LEAST_WAIT_MS) context.addIssue(`must be at least ${formatDuration(LEAST_WAIT_MS)}`);
    if (ms > MOST_WAIT_MS) context.addIssue(`must be at most ${formatDuration(MOST_WAIT_MS)}`);
    return ms;
  })
  .prefault("auto")
  .describe(
    "How long one may wait, from 1ms to 1h. auto = the shorter the more comes; 100ms after a lull, and " +
      "200ms at least for what is critical. Told to 10ms.",
  );

export const concurrency = z
  .strictObject({
    limit,
    min: count(1, [1, 100_000], "The least that an adaptive limit may become."),
    max: count(1000, [1, 100_000], "The most that an adaptive limit may become."),
    queue: z
      .strictObject({ size, wait })
      .prefault({})
      .describe("Where requests wait that find the limit reached."),
    streams: count(
      10_000,
      [0, 1_000_000],
      "The most upgraded connections, event streams and requests of routes with `stream: true` at once; they " +
        "do not count to the limit.",
    ),
    mode: z
      .enum(["enforce", "report", "off"])
      .prefault("enforce")
      .describe(
        "report = nothing is refused; would_refuse_total counts what would be. An adaptive limit is then learnt " +
          "by watching.",
      ),
  })
  .superRefine(({ min, max }, context) => {
    if (min > max) {
      context.addIssue({ code: "custom", path: ["min"], message: "must be at most max" });
    }
  })
  .prefault({})
  .describe(
    "How many requests the cluster works on at once, and which ones are refused beyond that.",
  );

export const peerThreshold = z
  .strictObject({
    heed: z
      .boolean()
      .prefault(false)
      .describe(
        "Refuses here what the endpoints would refuse, once they say so by x-tidegate-threshold in their responses. For " +
          "endpoints that are sidecars.",
      ),
  })
  .prefault({})
  .describe("On the way out: what the sidecars at the endpoints announce.");

export const fairness = z
  .strictObject({
    key: z
      .string()
      .regex(/^header:[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, {
        error: "must be header: and the name of a header, such as header:x-caller",
      })
      .transform((text) => text.slice("header:".length).toLowerCase())
      .meta({ description: "What names callers: a header of theirs.", example: "header:x-caller" }),
  })
  .exactOptional()
  .meta({
    description:
      "When not all can be served, callers that ask for more than their share are refused first.",
  });

function isGiven(input: unknown): boolean {
  return input !== undefined && input !== null;
}
