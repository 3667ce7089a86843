// Which requests are logged. How a line looks is line.ts; how it gets out is writer.ts.
import type { AccessLog } from "../core/access.ts";
import type { Random } from "../core/clock.ts";
import { accessLine } from "./line.ts";
import type { Lines } from "./writer.ts";

export interface AccessLogOptions {
  readonly mode: "off" | "errors" | "all" | "sampled";
  /** The share of the requests without an error that `sampled` logs, in (0, 1]. */
  readonly sample: number;
  readonly random: Random;
  readonly lines: Lines;
}

/**
 * `wants` decides, chance included, and is to be asked once for each request; `write` logs whatever it
 * is given. An error is a status of 400 and above, or 0: a response that did not end well.
 */
export function createAccessLog({ mode, sample, random, lines }: AccessLogOptions): AccessLog {
  const isError = (status: number): boolean => status >= 400 || status === 0;
  const wants = {
    off: () => false,
    errors: isError,
    all: () => true,
    sampled: (status: number) => isError(status) || random.next() < sample,
  };
  return { wants: wants[mode], write: (record) => lines.write(accessLine(record)) };
}
