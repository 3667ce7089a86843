// A process that writes an access log to where its argument says, and does as its parent tells it:
// `{ write: n }` writes n lines, a hundred in each turn of the event loop; `{ close: true }` ends it.
import { createAccessLog } from "../../src/control/accesslog.ts";
import { openWriter } from "../../src/control/writer.ts";
import type { AccessRecord } from "../../src/core/access.ts";
import { systemRandom } from "../../src/core/clock.ts";
import { Counter } from "../../src/core/meter.ts";

/** What the process says after each command. */
export interface Progress {
  readonly written: number;
  readonly dropped: number;
  /** Turns of the event loop. */
  readonly turns: number;
  /** Memory in use after a collection, in bytes. */
  readonly memory: number;
}

export type Command = { readonly write: number } | { readonly close: true };

const LINES_PER_TURN = 100;
const dropped = new Counter();
const writer = openWriter(process.argv[2] ?? "stdout", dropped);
const log = createAccessLog({ mode: "all", sample: 1, random: systemRandom, lines: writer });
let [written, turns] = [0, 0];

function record(index: number): AccessRecord {
  return {
    time: 0,
    listener: "inbound",
    route: "all",
    cluster: "app",
    endpoint: "127.0.0.1:3000",
    peer: "127.0.0.1",
    protocol: "HTTP/1.1",
    method: "GET",
    host: "example.org",
    path: `/n/${index}`,
    status: 200,
    grpcStatus: undefined,
    reason: undefined,
    tier: undefined,
    detail: undefined,
    outcome: "answered",
    ending: "complete",
    attempts: 1,
    hedge: undefined,
    admission: undefined,
    requestId: "0b1c2d3e-0000-4000-8000-0123456789ab",
    bytesIn: 0,
    bytesOut: 48,
    durationMs: 1.5,
  };
}

function progress(): Progress {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return { written, dropped: dropped.value, turns, memory: heapUsed + external };
}

async function run(command: Command): Promise<void> {
  if ("close" in command) {
    await writer.close();
    process.send?.(progress(), () => process.exit(0));
    return;
  }
  const end = written + command.write;
  while (written < end) {
    for (let count = 0; count < LINES_PER_TURN && written < end; count++) {
      log.write(record(written++));
    }
    await new Promise((resolve) => setImmediate(resolve));
    turns++;
  }
  process.send?.(progress());
}

process.on("message", (command: Command) => void run(command));
