// The options of what gives way when the sidecar itself cannot keep up.
import { z } from "zod";
import { duration } from "./field.ts";

export const selfProtection = z
  .strictObject({
    mode: z
      .enum(["enforce", "off"])
      .prefault("enforce")
      .describe(
        "enforce = what is SHEDDABLE is refused by and by as self_overload, then SHEDDABLE_PLUS; at last nothing " +
          "is read from a share of the connections.",
      ),
    delay: duration(
      "50ms",
      ["1ms", "10s"],
      "How late timers may usually be while the event loop is never idle, before requests are refused. " +
        "From four times that on connections are paused.",
    ),
  })
  .prefault({})
  .describe(
    "When the sidecar is short of CPU, memory or connections. Health and admin are never refused.",
  );
