// Where log lines leave the process, without the event loop or the exit ever waiting for them.
//
// Pipes and sockets go through a Node stream: it writes when the kernel has room. `fs.write` will not do
// there: it holds a thread of the pool until the reader reads, and `process.exit` waits for that
// thread for ever. Files and terminals go through `fs.write`, since Node's own stdout is synchronous for them.
import { closeSync, constants, fstatSync, openSync, type Stats, write } from "node:fs";
import { Socket } from "node:net";
import { isatty } from "node:tty";
import { StartError } from "./starterror.ts";

/** Takes one chunk at a time. */
export interface Sink {
  /** The most bytes that should be given at once. */
  readonly chunkBytes: number;
  /** Calls `done` once, later: with an error, or with how many bytes were taken, perhaps fewer. */
  write(bytes: Buffer, done: (error: Error | null, taken: number) => void): void;
  /** Gives the descriptor back, where it is the sink's own. No write may be under way. */
  close(): void;
}

/** What a pipe takes whole or not at all (PIPE_BUF on Linux), so that no line is ever torn. */
const PIPE_CHUNK = 4096;
const FILE_CHUNK = 65536;

/**
 * Opens `stdout`, `stderr`, or a path to append to (made with mode 0640 when it is not there).
 * Throws when the path cannot be opened, saying which and what to do.
 */
export function openSink(target: string): Sink {
  if (target === "stdout") return standard(1, () => process.stdout);
  if (target === "stderr") return standard(2, () => process.stderr);
  const fd = openPath(target);
  return fd.stats.isFIFO()
    ? streamSink(new Socket({ fd: fd.fd, readable: false, writable: true }), true)
    : fileSink(fd.fd, true);
}

/** `stream` is asked for only when it is needed: Node makes it when it is first touched. */
function standard(fd: number, stream: () => Writer): Sink {
  const stats = fstatSync(fd);
  if (stats.isFIFO() || stats.isSocket()) return streamSink(stream(), false);
  const own = isatty(fd) ? reopened(fd) : undefined;
  return own === undefined ? fileSink(fd, false) : fileSink(own, true);
}

type Writer = Pick<Socket, "write" | "on" | "listeners" | "destroy">;

const ignore = (): void => {};

function streamSink(stream: Writer, own: boolean): Sink {
  // Each failed write hears of it in its callback; without a listener the process would end.
  // The process's own streams outlive their sinks, and keep one for all.
  if (!stream.listeners("error").includes(ignore)) stream.on("error", ignore);
  return {
    chunkBytes: PIPE_CHUNK,
    write: (bytes, done) => {
      stream.write(bytes, (error) => done(error ?? null, error ? 0 : bytes.length));
    },
    close: () => {
      if (own) stream.destroy();
    },
  };
}

function fileSink(fd: number, own: boolean): Sink {
  return {
    chunkBytes: FILE_CHUNK,
    write: (bytes, done) => write(fd, bytes, 0, bytes.length, null, done),
    close: () => {
      if (own) closeSync(fd);
    },
  };
}

/** A FIFO that nobody reads is an error, and never a wait: that is what O_NONBLOCK is for. */
function openPath(path: string): { fd: number; stats: Stats } {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK, O_NOCTTY } = constants;
  try {
    const fd = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY, 0o640);
    return { fd, stats: fstatSync(fd) };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new StartError(
      `log.file: cannot open ${path} for writing (${why}): ` +
        "make its directory and let this user write there, or use stdout",
      { cause: error },
    );
  }
}

/**
 * The same terminal again, but one that answers "not now" when it is stopped, for us alone;
 * undefined where the system will not have it.
 */
function reopened(fd: number): number | undefined {
  const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = constants;
  try {
    return openSync(`/proc/self/fd/${fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  } catch {
    return undefined;
  }
}
