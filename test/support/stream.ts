// Bodies that are too large to be kept: made up as they are written, checked as they are read.

const PERIOD = 65_521;
const PATTERN = Buffer.from(Array.from({ length: 2 * PERIOD }, (_, at) => (at % PERIOD) % 251));

/** Bytes `from` to `to` of the endless pattern, at most 64 kB of them. */
export function pattern(from: number, to: number): Buffer {
  const start = from % PERIOD;
  return PATTERN.subarray(start, start + Math.min(to - from, PERIOD));
}

/** Checks bytes against the pattern, in whatever pieces they come. */
export class Checker {
  length = 0;
  /** Where the first wrong byte was. */
  wrong: number | undefined;

  take(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      const wanted = pattern(this.length, this.length + chunk.length - at);
      const piece = chunk.subarray(at, at + wanted.length);
      if (!piece.equals(wanted)) this.wrong ??= this.length;
      at += wanted.length;
      this.length += wanted.length;
    }
  }
}

/** Something that takes bytes and says when the kernel has them. */
interface Sink {
  write(bytes: Buffer, done: (error?: Error | null) => void): boolean;
}

/** Bytes `from` to `to` of the pattern, written as fast as they are taken. */
export class Pour {
  /** How far the kernel has taken it. */
  at: number;
  readonly to: number;
  readonly done: Promise<void>;

  constructor(sink: Sink, from: number, to: number) {
    this.at = from;
    this.to = to;
    this.done = new Promise((resolve, reject) => {
      const next = (error?: Error | null): void => {
        if (error) return reject(error);
        if (this.at === to) return resolve();
        const bytes = pattern(this.at, to);
        sink.write(bytes, (failed) => {
          this.at += bytes.length;
          next(failed);
        });
      };
      next();
    });
  }
}
