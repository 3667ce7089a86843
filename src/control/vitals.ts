// What this process has left of itself: time and memory.
import { performance } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";

/** Shares from 0 to 1. */
interface Use {
  /** Of the time since it was asked last: not idle. */
  readonly utilisation: number;
  /** Of the heap that V8 may have, or of the memory that the container may have, whichever is scarcer. */
  readonly memory: number;
}

/** Tells the use of time and memory at each call. */
export function useOfProcess(): () => Use {
  // 0, or more than there is, where nothing limits this process.
  const container = process.constrainedMemory() || Number.POSITIVE_INFINITY;
  let before = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    const { used_heap_size, heap_size_limit } = getHeapStatistics();
    const heap = used_heap_size / heap_size_limit;
    return {
      utilisation: utilization,
      memory: Math.max(heap, process.memoryUsage.rss() / container),
    };
  };
}
