// What processes have used of the machine, read from /proc.
import { readdirSync, readFileSync } from "node:fs";

/** Used by some processes, with all their threads and children, since they began. */
export interface Usage {
  readonly userMicros: number;
  readonly systemMicros: number;
  /** Resident now, and at the highest since the process began: summed over the processes. */
  readonly rssBytes: number;
  readonly peakBytes: number;
}

/** One line of /proc/PID/stat, as far as it matters here. */
export interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly userMicros: number;
  readonly systemMicros: number;
}

// USER_HZ is 100 on every Linux platform that Node runs on: one tick is 10 ms.
const MICROS_PER_TICK = 10_000;

/** The usage of the processes `roots` and of everything below them. */
export function usageOf(roots: readonly number[]): Usage {
  let total: Usage = { userMicros: 0, systemMicros: 0, rssBytes: 0, peakBytes: 0 };
  for (const pid of descendants(allStats(), roots)) {
    const stat = readStat(pid);
    const memory = readMemory(pid);
    if (stat === undefined || memory === undefined) continue;
    total = {
      userMicros: total.userMicros + stat.userMicros,
      systemMicros: total.systemMicros + stat.systemMicros,
      rssBytes: total.rssBytes + memory.rssBytes,
      peakBytes: total.peakBytes + memory.peakBytes,
    };
  }
  return total;
}

/**
 * Reads a line of /proc/PID/stat, proc(5). The times are those of all threads, ended ones too,
 * and of the children that were waited for. Throws when the line is not of that shape.
 */
export function parseStat(line: string): Stat {
  // The name stands in parentheses and may itself hold blanks and parentheses.
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  const number = (field: number) => Number(fields[field - 3] ?? Number.NaN);
  const stat = {
    pid: Number.parseInt(line, 10),
    parent: number(4),
    userMicros: (number(14) + number(16)) * MICROS_PER_TICK,
    systemMicros: (number(15) + number(17)) * MICROS_PER_TICK,
  };
  if (Object.values(stat).some((value) => !Number.isFinite(value))) {
    throw new Error(`usage: not a line of /proc/PID/stat: ${line.slice(0, 80)}`);
  }
  return stat;
}

/** VmRSS and VmHWM of the text of /proc/PID/status; undefined for a process without memory. */
export function parseMemory(
  text: string,
): { readonly rssBytes: number; readonly peakBytes: number } | undefined {
  const rss = /^VmRSS:\s*(\d+) kB$/m.exec(text)?.[1];
  const peak = /^VmHWM:\s*(\d+) kB$/m.exec(text)?.[1];
  if (rss === undefined || peak === undefined) return undefined;
  return { rssBytes: Number(rss) * 1024, peakBytes: Number(peak) * 1024 };
}

/** `roots` and all processes whose chain of parents leads to one of them. */
export function descendants(stats: readonly Stat[], roots: readonly number[]): number[] {
  const found = new Set(roots);
  // A set visits what is added to it while it is walked.
  for (const parent of found) {
    for (const stat of stats) if (stat.parent === parent) found.add(stat.pid);
  }
  return [...found];
}

function allStats(): Stat[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat) => stat !== undefined);
}

// A process may end between being listed and being read.
function readStat(pid: number): Stat | undefined {
  const text = readProc(pid, "stat");
  return text === undefined ? undefined : parseStat(text);
}

function readMemory(pid: number): ReturnType<typeof parseMemory> {
  const text = readProc(pid, "status");
  return text === undefined ? undefined : parseMemory(text);
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return undefined;
  }
}
