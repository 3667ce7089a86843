// When a route's requests go out a second time while they wait for an answer.
import { z } from "zod";
import { DURATION, formatDuration, parseDuration } from "./duration.ts";

const SHAPE = new RegExp(`^p[5-9][0-9]$|${DURATION.source}`);
const PROBLEM = "must be a percentile from p50 to p99, or a duration such as 30ms";
const [LEAST_MS, MOST_MS] = [1, 60_000];

const delay = z
  .string({ error: ({ input }) => (input === undefined || input === null ? undefined : PROBLEM) })
  .regex(SHAPE, { error: PROBLEM })
  .transform((text, context) => {
    if (text.startsWith("p")) return { share: Number(text.slice(1)) / 100 };
    const ms = parseDuration(text) ?? 0;
    if (ms < LEAST_MS) context.addIssue(`must be at least ${formatDuration(LEAST_MS)}`);
    if (ms > MOST_MS) context.addIssue(`must be at most ${formatDuration(MOST_MS)}`);
    return { ms };
  })
  .prefault("p95")
  .describe(
    "For how long the first try may stay without a response head: as long as so many percent of the " +
      "route's answers took of late (p50 to p99; nothing is hedged before there were a hundred), or a " +
      "duration from 1ms to 1m. Told to 10ms.",
  );

export const hedge = z
  .strictObject({ delay })
  .exactOptional()
  .meta({
    description:
      "Sends a request that is late a second time, to another endpoint, and takes the first good " +
      "answer; the other try is cancelled. Only what may be repeated (GET, HEAD, OPTIONS, PUT and " +
      "DELETE, no upgrade), once, as one of its attempts, and within the retryBudget.",
  });
