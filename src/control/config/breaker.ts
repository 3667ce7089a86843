// The options of a cluster's circuit breakers; each endpoint has one of its own.
import { z } from "zod";
import { formatDuration } from "./duration.ts";
import { count, duration, share } from "./field.ts";

const failureRate = z
  .strictObject({
    threshold: share(0.5, "The share of calls that must have failed."),
    window: duration("10s", ["100ms", "1h"], "How far back calls count, slow ones too."),
    minimumRequests: count(
      20,
      [1, 1_000_000],
      "How many calls the window must hold before a share of them means anything.",
    ),
  })
  .prefault({})
  .describe("Trips when too many calls fail, though not in a row.");

const slowCalls = z
  .strictObject({
    threshold: share(0.8, "The share of calls that must have been slow."),
    slowerThan: duration("5s", ["1ms", "24h"], "What is slow: the time to the response head."),
  })
  .prefault({})
  .describe("Trips when too many calls are slow; window and minimum are those of failureRate.");

const open = z
  .strictObject({
    base: duration(
      "1s",
      ["1ms", "1h"],
      "After the first trip. Each round of failed trials doubles it.",
    ),
    max: duration("60s", ["1ms", "24h"], "The longest that it can become."),
    jitter: z
      .number()
      .min(0)
      .max(1)
      .prefault(0.5)
      .describe(
        "How much of the time chance may take off, so that sidecars do not come back together. " +
          "From 0 to 1.",
      ),
  })
  .superRefine(({ base, max }, context) => {
    if (base <= max) return;
    const message = `must be at most open.max, which is ${formatDuration(max)}`;
    context.addIssue({ code: "custom", message, path: ["base"] });
  })
  .prefault({})
  .describe(
    "How long nothing is sent to a tripped endpoint. One that passes its trials and trips again within " +
      "20s (or failureRate.window, ramp or twice the base, if longer) flaps, and stays away for longer " +
      "each time, so that its breaker changes six times a minute at most. Where fewer than " +
      "minimumHealthy can be asked, base will do.",
  );

const settings = z.strictObject({
  consecutiveFailures: count(
    5,
    [1, 1_000_000],
    "Trips after so many failures without a success between them.",
  ),
  failureRate,
  slowCalls,
  open,
  trials: count(
    5,
    [1, 100],
    "The calls that are let through after the open time, to judge the endpoint by together.",
  ),
  ramp: duration(
    "10s",
    ["0s", "1h"],
    "How long it takes from the trials to full traffic. 0s = at once.",
  ),
  minimumHealthy: count(
    1,
    [0, 1_000_000],
    "How many endpoints stay in use, however sick they are, unless a backup is usable. When others " +
      "go down, an open breaker makes its trials sooner.",
  ),
});

/** Without a breaker the word is `off`. */
export const breaker = z
  .union([
    // First the mapping: what is wrong inside of one must not be told of the word.
    settings,
    z.enum(["off"], {
      error: ({ input }) =>
        input === undefined || input === null ? undefined : "must be a mapping, or off",
    }),
  ])
  .prefault({})
  .describe("Keeps calls from an endpoint whose calls fail or hang. A mapping, or off.");
