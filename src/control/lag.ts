// How long the event loop was held up: the worst of the last one to two windows.
//
//   lag = longest gap between two ticks of a timer - the gap that was asked for
//
// A percentile hides the one long stall that matters, and a value that starts again at each scrape
// is seen by only one of two scrapers. Two histograms take turns at starting again, because a
// histogram that has just started again misses a stall that is under way.
import { monitorEventLoopDelay } from "node:perf_hooks";

/** Tells how late the event loop has been. */
export interface Lag {
  /** Seconds; 0 while nothing was measured. */
  seconds(): number;
  /** Begins a new window; called by a timer of its own. */
  rotate(): void;
  close(): void;
}

/** The part of `node:perf_hooks`' histogram that is needed; `max` is in nanoseconds. */
export interface DelayHistogram {
  readonly max: number;
  reset(): void;
  enable(): boolean;
  disable(): boolean;
}

const RESOLUTION_MS = 20;
const WINDOW_MS = 60_000;

/** Measures from now on. `histogram` makes one that ticks every so many milliseconds. */
export function watchLag(histogram: (resolutionMs: number) => DelayHistogram = monitor): Lag {
  const turns = [histogram(RESOLUTION_MS), histogram(RESOLUTION_MS)] as const;
  for (const each of turns) each.enable();
  let turn = 0;
  const rotate = (): void => {
    turn = 1 - turn;
    turns[turn === 0 ? 0 : 1].reset();
  };
  const timer = setInterval(rotate, WINDOW_MS).unref();
  return {
    seconds: () => Math.max(0, Math.max(turns[0].max, turns[1].max) / 1e9 - RESOLUTION_MS / 1000),
    rotate,
    close: () => {
      clearInterval(timer);
      for (const each of turns) each.disable();
    },
  };
}

function monitor(resolution: number): DelayHistogram {
  return monitorEventLoopDelay({ resolution });
}
