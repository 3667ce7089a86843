// Notices that a file has changed, however that was done: written in place, replaced by another one, or reached
// through a symbolic link that now leads elsewhere, as Kubernetes does it for a ConfigMap.
//
// It looks at what the path leads to, once a second, for the price of one stat. Events of the file system
// would come sooner and not everywhere: not from NFS, nor from the host of a container.
import { stat } from "node:fs/promises";

const EVERY_MS = 1000;
/** Whoever writes a file in several steps gets so long to finish. */
const SETTLE_MS = 200;

export interface WatchOptions {
  readonly everyMs?: number;
  readonly settleMs?: number;
}

/** Watches from now on. */
export class FileWatch {
  readonly #file: string;
  readonly #changed: () => void;
  readonly #settleMs: number;
  readonly #looks: NodeJS.Timeout;
  #settling: NodeJS.Timeout | undefined;
  /** What the file looked like last. */
  #mark: string | undefined;
  #looking = false;
  #closed = false;

  /**
   * `changed` is called after the file may have changed, at most once in each `settleMs`; for the first time
   * after the first look, so that nothing is missed that happened before.
   */
  constructor(file: string, changed: () => void, options: WatchOptions = {}) {
    const { everyMs = EVERY_MS, settleMs = SETTLE_MS } = options;
    this.#file = file;
    this.#changed = changed;
    this.#settleMs = settleMs;
    this.#looks = setInterval(() => void this.#look(), everyMs);
    void this.#look();
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#looks);
    clearTimeout(this.#settling);
  }

  async #look(): Promise<void> {
    // A file system that does not answer must not make the looks pile up.
    if (this.#looking) return;
    this.#looking = true;
    const mark = await markOf(this.#file);
    this.#looking = false;
    if (mark === this.#mark || this.#closed) return;
    this.#mark = mark;
    this.#settling ??= setTimeout(() => {
      this.#settling = undefined;
      this.#changed();
    }, this.#settleMs);
  }
}

/** What is another one after every change; empty when there is nothing. */
async function markOf(file: string): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
    return [dev, ino, size, mtimeNs, ctimeNs].join();
  } catch {
    return "";
  }
}
