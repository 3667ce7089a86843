// Reload: reads the config again and puts it into force whole, or not at all.
//
//   asked -> read and checked by another process -> compared -> prepared (binds) -> swapped
//                 | errors                                        | cannot be
//                 +-------------- the old one stays --------------+
//
// One at a time. Whoever asks while one is under way gets the one after it: it reads what is there then, so
// one is enough for all who ask meanwhile.
import { statSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import pLimit from "p-limit";
import type { Logger } from "pino";
import { type Difference, differences, printDifference } from "./config/diff.ts";
import { digestOf, readBytes } from "./config/file.ts";
import type { Loaded } from "./config/load.ts";
import type { Config } from "./config/schema.ts";
import type { Problem } from "./config/source.ts";
import { FileWatch } from "./config/watch.ts";

/** Where the config in force comes from. */
export interface Origin {
  /** The file; undefined when there is none to be read again, as after `--upstream`. */
  readonly file: string | undefined;
  /** What it said, and the digest of that, as `Loaded` has them. */
  readonly written: unknown;
  readonly digest: string;
  /** Reads the file again or, for a dry run, `text` in its place. */
  readonly load: (text?: string) => Promise<Loaded>;
}

/** Who asks: a signal, the admin listener, or the file itself. */
export type Cause = "SIGHUP" | "POST /reload" | "file changed";

export type Reloaded =
  | {
      readonly kind: "reloaded" | "unchanged" | "dry_run";
      readonly changes: readonly Difference[];
      readonly warnings: readonly string[];
    }
  /** `config`: it is bad. `state`: it is good and cannot be put into force as things are. */
  | {
      readonly kind: "refused";
      readonly by: "config" | "state";
      readonly errors: readonly string[];
    };

export interface ReloadWorld {
  readonly log: Logger;
  /** A config was read, and is now in use, or refused; `digest` is that of its file. */
  readonly reloaded: (cause: Cause, result: Reloaded, digest: string) => void;
  /** Puts a config into force whole; rejects with a message for people when it cannot, and then nothing has changed. */
  readonly apply: (config: Config) => Promise<void>;
}

/** As many lines of a reload stand in the log. */
const LOGGED = 20;
const NO_FILE =
  "this sidecar has no config file that could be read again; " +
  "write one with `tidegate init` and start with `run --config FILE`";
const ELSEWHERE: Difference = {
  kind: "changed",
  path: "a file that the config names",
  from: "as it was",
  to: "as it is now",
};

export class Reloader {
  readonly #origin: Origin | undefined;
  readonly #world: ReloadWorld;
  readonly #one = pLimit(1);
  #config: Config;
  #written: unknown;
  /** Of the file as it was read last. */
  #digest: string;
  #waiting: Promise<Reloaded> | undefined;
  #watch: FileWatch | undefined;

  constructor(config: Config, origin: Origin | undefined, world: ReloadWorld) {
    this.#config = config;
    this.#origin = origin;
    this.#written = origin?.written;
    this.#digest = origin?.digest ?? "";
    this.#world = world;
  }

  /** Reloads from now on whenever the file changes; it may have done so since it was read. */
  watch(): void {
    const { file } = this.#origin ?? {};
    // A pipe is read but once.
    if (file === undefined || !statSync(file, { throwIfNoEntry: false })?.isFile()) return;
    this.#watch = new FileWatch(file, () => void this.#changed());
  }

  close(): void {
    this.#watch?.close();
  }

  /** Reads the file, and puts it into force. Never rejects. */
  reload(cause: Cause): Promise<Reloaded> {
    this.#waiting ??= this.#one(() => {
      this.#waiting = undefined;
      return this.#reload(cause);
    });
    return this.#waiting;
  }

  /** The file may have changed: reloads it if what is in it has. */
  async #changed(): Promise<void> {
    const { file } = this.#origin ?? {};
    if (file === undefined) return;
    const read = await readBytes(file);
    const digest = digestOf(read.ok ? read.bytes : "");
    if (digest !== this.#digest) await this.reload("file changed");
  }

  /** What a reload would change or, where it is given, `text` in place of the file. Never rejects. */
  dryRun(text?: string): Promise<Reloaded> {
    return this.#one(async () => {
      if (this.#origin?.file === undefined && text === undefined)
        return refusedBy("state", [NO_FILE]);
      const loaded = await this.#load(text);
      return loaded.ok ? this.#difference("dry_run", loaded) : refusedBy("config", loaded.errors);
    });
  }

  async #reload(cause: Cause): Promise<Reloaded> {
    const { log, reloaded } = this.#world;
    const { file } = this.#origin ?? {};
    const result = await this.#renew();
    if (file !== undefined) reloaded(cause, result, this.#digest);
    if (result.kind === "refused") {
      const errors = result.errors.slice(0, LOGGED);
      log.error({ cause, file, errors }, "config refused; the old one stays in force");
    } else {
      const changes = result.changes.slice(0, LOGGED).map(printDifference);
      const more = Math.max(0, result.changes.length - LOGGED) || undefined;
      const { warnings } = result;
      log.info({ cause, file, changes, more, warnings }, `config ${result.kind}`);
    }
    return result;
  }

  async #renew(): Promise<Reloaded> {
    if (this.#origin?.file === undefined) return refusedBy("state", [NO_FILE]);
    const loaded = await this.#load();
    if (loaded.digest !== undefined) this.#digest = loaded.digest;
    if (!loaded.ok) return refusedBy("config", loaded.errors);
    const { config, written } = loaded;
    const result = this.#difference("reloaded", loaded);
    if (result.kind === "unchanged") return result;
    try {
      await this.#world.apply(config);
    } catch (error) {
      return refusedBy("state", [messageOf(error)]);
    }
    this.#config = config;
    this.#written = written;
    return result;
  }

  #difference(kind: "reloaded" | "dry_run", { config, written, warnings }: Good): Reloaded {
    const same = isDeepStrictEqual(this.#config, config);
    const changes = differences(this.#written, written);
    return {
      kind: kind === "reloaded" && same ? "unchanged" : kind,
      changes: same || changes.length > 0 ? changes : [ELSEWHERE],
      warnings: warnings.map(lineOf),
    };
  }

  async #load(text?: string): Promise<Read> {
    try {
      const loaded = await this.#origin?.load(text);
      if (loaded === undefined) return { ok: false, digest: undefined, errors: [NO_FILE] };
      return loaded.ok ? loaded : { ...loaded, errors: loaded.errors.map(lineOf) };
    } catch (error) {
      return { ok: false, digest: undefined, errors: [messageOf(error)] };
    }
  }
}

type Good = Extract<Loaded, { ok: true }>;
type Read =
  | Good
  | { readonly ok: false; readonly digest: string | undefined; readonly errors: readonly string[] };

function refusedBy(by: "config" | "state", errors: readonly string[]): Reloaded {
  return { kind: "refused", by, errors };
}

/** `file:line:col: message`. */
function lineOf({ file, line, column, message }: Problem): string {
  return `${file}:${line}:${column}: ${message}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
