// Real processes that log to real files and pipes; writer.test.ts has the same with a sink that is
// told what to do.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, mkdirSync, openSync, readFileSync, statSync } from "node:fs";
import { Socket } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import t, { type Test } from "tap";
import { openSink } from "../../src/control/sink.ts";
import { LineWriter } from "../../src/control/writer.ts";
import { Counter } from "../../src/core/meter.ts";
import type { Command, Progress } from "../support/logwriter.ts";

const SCRIPT = join(import.meta.dirname, "../support/logwriter.ts");
const { O_RDONLY, O_WRONLY, O_NONBLOCK } = constants;

/** Starts a process that logs to `target`, with `stdout` as its descriptor 1. */
function start(t: Test, target: string, stdout: number | "pipe" | "ignore" = "ignore") {
  const child = spawn(process.execPath, ["--expose-gc", SCRIPT, target], {
    stdio: ["ignore", stdout, "inherit", "ipc"],
  });
  const exited = once(child, "exit");
  t.teardown(async () => {
    child.kill("SIGKILL");
    await exited;
  });
  const tell = async (command: Command): Promise<Progress> => {
    const answered = once(child, "message");
    child.send(command);
    const [progress] = await answered;
    return progress;
  };
  return { child, tell, exited: exited.then(([code, signal]) => code ?? signal) };
}

/** A named pipe and a descriptor for reading from it, from which nobody reads yet. */
function pipe(t: Test): { path: string; reader: number; writer: number } {
  const path = join(t.testdir(), "pipe");
  execFileSync("mkfifo", [path]);
  const reader = openSync(path, O_RDONLY | O_NONBLOCK);
  return { path, reader, writer: openSync(path, O_WRONLY) };
}

/** The numbers of the lines, each of which must be whole. */
function numbers(log: string): number[] {
  if (log !== "" && !log.endsWith("\n")) throw new Error(`a line is torn: ${log.slice(-100)}`);
  return log
    .split("\n")
    .slice(0, -1)
    .map((line) => Number(JSON.parse(line).path.slice("/n/".length)));
}

function isAscending(list: readonly number[]): boolean {
  return list.every((each, index) => index === 0 || each > (list[index - 1] ?? each));
}

t.test("a disk that is full loses lines and counts them, and nothing else", async (t) => {
  for (const how of ["path", "stdout"] as const) {
    const full = openSync("/dev/full", O_WRONLY);
    const { tell, exited } = how === "path" ? start(t, "/dev/full") : start(t, "stdout", full);
    closeSync(full);
    const first = await tell({ write: 20_000 });
    const second = await tell({ write: 100_000 });
    t.ok(first.dropped > 0);
    t.equal(second.turns, 1200, "the event loop turned");
    t.ok(second.memory - first.memory < 1 << 20, `${second.memory - first.memory} bytes more`);
    const last = await tell({ close: true });
    t.equal(last.dropped, 120_000, "not one was written, and each is counted");
    t.equal(await exited, 0);
  }
});

t.test("a pipe that nobody reads loses lines, and the process can end", async (t) => {
  const { reader, writer } = pipe(t);
  const { tell, exited } = start(t, "stdout", writer);
  closeSync(writer);
  const first = await tell({ write: 20_000 });
  const second = await tell({ write: 100_000 });
  t.ok(first.dropped > 0);
  t.equal(second.turns, 1200, "the event loop turned");
  t.ok(second.memory - first.memory < 1 << 20, `${second.memory - first.memory} bytes more`);
  const last = await tell({ close: true });
  t.equal(await exited, 0, "although a write is under way");
  const got = numbers(await text(new Socket({ fd: reader })));
  t.ok(got.length > 100);
  t.equal(got.length + last.dropped, 120_000, "each line was written whole or is counted");
  t.ok(isAscending(got));
});

t.test("a reader that stops and goes on again gets whole lines", async (t) => {
  const { reader, writer } = pipe(t);
  const { tell, exited } = start(t, "stdout", writer);
  closeSync(writer);
  const stalled = await tell({ write: 20_000 });
  t.ok(stalled.dropped > 0);
  const socket = new Socket({ fd: reader });
  let log = "";
  const roomy = Promise.withResolvers<void>();
  socket.setEncoding("latin1").on("data", (chunk: string) => {
    log += chunk;
    if (log.length > 200_000) roomy.resolve();
  });
  await roomy.promise;
  await tell({ write: 10 });
  const last = await tell({ close: true });
  t.equal(await exited, 0);
  if (!socket.readableEnded) await once(socket, "end");
  const got = numbers(log);
  t.strictSame(
    got.slice(-10),
    [...Array(10).keys()].map((index) => 20_000 + index),
  );
  t.equal(got.length + last.dropped, 20_010);
  t.equal(last.dropped, stalled.dropped, "once there is room nothing is lost");
  t.ok(isAscending(got));
});

t.test("a reader that leaves loses lines, and nothing else", async (t) => {
  const { reader, writer } = pipe(t);
  const { tell, exited } = start(t, "stdout", writer);
  closeSync(writer);
  const before = await tell({ write: 100 });
  t.equal(before.dropped, 0);
  closeSync(reader);
  const after = await tell({ write: 20_000 });
  t.ok(after.dropped > 0);
  t.equal(after.turns, 201);
  const last = await tell({ close: true });
  t.equal(await exited, 0);
  t.ok(last.dropped >= 20_000);
});

t.test("stdout that is a socket, as a supervisor may have it, works like a pipe", async (t) => {
  const { child, tell, exited } = start(t, "stdout", "pipe");
  const log = text(outputOf(child));
  await tell({ write: 2000 });
  const last = await tell({ close: true });
  t.equal(await exited, 0);
  const got = numbers(await log);
  t.equal(got.length + last.dropped, 2000);
  t.ok(isAscending(got));
});

t.test("a file is appended to, and made for its owner and group alone", async (t) => {
  const path = join(t.testdir({ "access.log": "before\n" }), "access.log");
  const { tell, exited } = start(t, path);
  await tell({ write: 2000 });
  const last = await tell({ close: true });
  t.equal(await exited, 0);
  const [before, ...lines] = readFileSync(path, "utf8").split(/(?<=\n)/);
  t.equal(before, "before\n");
  t.equal(last.dropped, 0);
  t.strictSame(numbers(lines.join("")), [...Array(2000).keys()]);
  const made = join(t.testdir(), "new.log");
  openSink(made).close();
  t.equal(statSync(made).mode & 0o137, 0);
});

t.test("a named pipe may be given as the file", async (t) => {
  const { path, reader, writer } = pipe(t);
  const dropped = new Counter();
  const lines = new LineWriter({ sink: openSink(path), dropped });
  closeSync(writer);
  lines.write("one\n");
  lines.write("two\n");
  await lines.close();
  t.equal(await text(new Socket({ fd: reader })), "one\ntwo\n");
  t.equal(dropped.value, 0);
});

t.test("a file that cannot be written is refused at once, with what to do", async (t) => {
  const dir = t.testdir();
  mkdirSync(join(dir, "folder"));
  const unread = join(dir, "pipe");
  execFileSync("mkfifo", [unread]);
  for (const path of [join(dir, "missing/access.log"), join(dir, "folder"), unread]) {
    t.throws(
      () => openSink(path),
      { name: "StartError", message: /log\.file: cannot open .*use stdout/ },
      path,
    );
  }
});

function outputOf(child: ChildProcess): NodeJS.ReadableStream {
  if (child.stdout === null) throw new Error("the process was started without a pipe");
  return child.stdout;
}
