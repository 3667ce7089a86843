import t from "tap";
import { descendants, parseMemory, parseStat, usageOf } from "../../bench/harness/usage.ts";

// proc(5): pid (comm) state ppid pgrp session tty tpgid flags minflt cminflt majflt cmajflt
// utime stime cutime cstime priority ...
const line = (comm: string) =>
  `4711 (${comm}) S 42 4711 4711 0 -1 4194560 900 11 7 3 150 250 30 40 20 0 12 0 123456 0 0`;

t.test("a stat line gives own and waited-for time, in microseconds", async (t) => {
  t.same(parseStat(line("haproxy")), {
    pid: 4711,
    parent: 42,
    userMicros: 1_800_000,
    systemMicros: 2_900_000,
  });
});

t.test("a process name with blanks and parentheses does not shift the fields", async (t) => {
  t.same(parseStat(line("nginx: worker (1) x) S 9")), parseStat(line("haproxy")));
});

t.test("what is not a stat line is an error, not a 0", async (t) => {
  t.throws(() => parseStat("4711 (node) S 42"), /not a line of \/proc\/PID\/stat/);
  t.throws(() => parseStat(""), /not a line of \/proc\/PID\/stat/);
});

t.test("resident memory and its peak are read from status, in bytes", async (t) => {
  const status = "Name:\tnode\nVmPeak:\t  9999 kB\nVmHWM:\t   3000 kB\nVmRSS:\t   2000 kB\n";
  t.same(parseMemory(status), { rssBytes: 2_048_000, peakBytes: 3_072_000 });
  t.equal(parseMemory("Name:\tkthreadd\nThreads:\t1\n"), undefined);
});

t.test("children of children belong to a process, its siblings do not", async (t) => {
  const stat = (pid: number, parent: number) => ({ pid, parent, userMicros: 0, systemMicros: 0 });
  const stats = [stat(4, 3), stat(2, 1), stat(3, 2), stat(5, 1), stat(1, 0)];
  t.same(descendants(stats, [2]), [2, 3, 4]);
});

t.test("this process has used CPU and holds memory", async (t) => {
  const usage = usageOf([process.pid]);
  t.ok(usage.userMicros + usage.systemMicros > 0);
  t.ok(usage.peakBytes >= usage.rssBytes && usage.rssBytes > 1024 * 1024);
});
