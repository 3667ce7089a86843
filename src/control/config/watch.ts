// Notices that a file has changed, however that was done: written in place, replaced by another one, or reached
// through a symbolic link that now leads elsewhere, as Kubernetes does it for a ConfigMap.
//
// It looks at what the path leads to, once a second, for the price of one stat. Events of the file system
// would come sooner and not everywhere: not from NFS, nor from the host of a container.
import { type StatsListener, unwatchFile, watchFile } from "node:fs";

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
  readonly #listener: StatsListener;
  #settling: NodeJS.Timeout | undefined;

  /** `changed` is called after the file may have changed, at most once in each `settleMs`. */
  constructor(file: string, changed: () => void, options: WatchOptions = {}) {
    const { everyMs = EVERY_MS, settleMs = SETTLE_MS } = options;
    this.#file = file;
    this.#listener = () => {
      this.#settling ??= setTimeout(() => {
        this.#settling = undefined;
        changed();
      }, settleMs);
    };
    watchFile(file, { interval: everyMs }, this.#listener);
  }

  close(): void {
    clearTimeout(this.#settling);
    unwatchFile(this.#file, this.#listener);
  }
}
