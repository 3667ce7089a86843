// SIGTERM and SIGINT: the first asks to drain, the second ends the process where it stands. SIGHUP: reload.

/** Under npm each Ctrl-C comes twice: from the terminal, and again from npm, so soon after. */
const ECHO_MS = 1000;

export class Signals {
  /** Resolves at the first signal to stop. */
  readonly stop: Promise<void>;
  /** Called at each SIGHUP. */
  onReload: () => void = () => {};

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.stop = promise;
    let asked = false;
    let echo: string | undefined;
    const stop = (signal: string): void => {
      if (asked && signal === echo) {
        echo = undefined;
        return;
      }
      if (asked) {
        process.stderr.write(`tidegate run: ${signal} again: stopped at once\n`);
        process.exit(1);
      }
      asked = true;
      if (signal === "SIGINT" && process.env.npm_lifecycle_event === "tidegate") {
        echo = signal;
        setTimeout(() => {
          echo = undefined;
        }, ECHO_MS).unref();
      }
      process.stderr.write(`tidegate run: ${signal}: draining; once more stops at once\n`);
      resolve();
    };
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
    // Without a listener it would end the process, which nobody who sends it wants.
    process.on("SIGHUP", () => this.onReload());
  }
}
