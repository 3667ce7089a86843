// SIGTERM and SIGINT: the first asks to drain, the second ends the process where it stands.

export class StopSignals {
  /** Resolves at the first signal. */
  readonly first: Promise<void>;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.first = promise;
    let asked = false;
    const stop = (signal: string): void => {
      if (asked) {
        process.stderr.write(`tidegate run: ${signal} again: stopped at once\n`);
        process.exit(1);
      }
      asked = true;
      process.stderr.write(`tidegate run: ${signal}: draining; once more stops at once\n`);
      resolve();
    };
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);
    // Without a listener it would end the process, which nobody who sends it wants.
    process.on("SIGHUP", () => {
      process.stderr.write("tidegate run: SIGHUP is ignored: reload is not available yet\n");
    });
  }
}
