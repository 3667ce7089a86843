// Reloads one after the other: what is read, what is put into force, and what is said.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pino } from "pino";
import t, { type Test } from "tap";
import { digestOf } from "../../src/control/config/file.ts";
import { parseConfig } from "../../src/control/config/load.ts";
import type { Config } from "../../src/control/config/schema.ts";
import { type Reloaded, Reloader } from "../../src/control/reload.ts";
import { Bell } from "../support/bell.ts";

function config(delay: string, more = ""): string {
  return `drain: { delay: ${delay}, timeout: 1m }
listeners: [{ name: in, bind: "127.0.0.1:0", routes: [{ cluster: app }] }]
clusters: [{ name: app, endpoints: ["127.0.0.1:1"] }]
${more}`;
}

/** A reloader, its file, and everything that it did. */
class Scene {
  readonly bell = new Bell();
  readonly file: string;
  text: string;
  /** In force, the newest last. */
  readonly applied: Config[] = [];
  /** Whether what was read is in use. */
  readonly told: boolean[] = [];
  readonly logged: Readonly<Record<string, unknown>>[] = [];
  /** Why the next config cannot be put into force. */
  obstacle: Error | undefined;
  /** How often the file was read, and what the reading waits for. */
  reads = 0;
  gate: Promise<void> = Promise.resolve();
  readonly reloader: Reloader;

  constructor(t: Test, text: string, file = join(t.testdir({}), "tidegate.yaml")) {
    this.file = file;
    this.text = text;
    const first = parseConfig(file, text, {});
    if (!first.ok) throw new Error(first.errors[0]?.message);
    const load = async (given?: string) => {
      this.reads++;
      this.bell.ring();
      await this.gate;
      return parseConfig(file, given ?? this.text, {});
    };
    const { written, digest } = first;
    const log = pino({ base: null }, { write: (line) => this.#note(JSON.parse(line)) });
    this.reloader = new Reloader(
      first.config,
      { file, written, digest, load },
      {
        log,
        reloaded: (_, { kind }) => void this.told.push(kind !== "refused"),
        apply: async (next) => {
          if (this.obstacle !== undefined) throw this.obstacle;
          this.applied.push(next);
        },
      },
    );
    t.teardown(() => this.reloader.close());
  }

  get delay(): number | undefined {
    return this.applied.at(-1)?.drain.delay;
  }

  #note(line: Readonly<Record<string, unknown>>): void {
    this.logged.push(line);
    this.bell.ring();
  }
}

function diffOf(result: Reloaded): readonly string[] {
  return result.kind === "refused" ? result.errors : result.changes.map(({ path }) => path);
}

t.test("a good config is put into force, and one line says what changed", async (t) => {
  const scene = new Scene(t, config("1s"));
  scene.text = config("2s");
  const result = await scene.reloader.reload("SIGHUP");
  t.match(result, { kind: "reloaded", changes: [{ path: "drain.delay", from: "1s", to: "2s" }] });
  t.equal(scene.delay, 2000);
  t.strictSame(scene.told, [true]);
  t.match(scene.logged, [
    { msg: "config reloaded", cause: "SIGHUP", changes: ["~ drain.delay: 1s -> 2s"], level: 30 },
  ]);
  t.equal(scene.logged.length, 1);
});

t.test("a bad config is refused with every error and its line; the old one stays", async (t) => {
  const scene = new Scene(t, config("1s"));
  scene.text = config("2", "bogus: 1");
  const result = await scene.reloader.reload("POST /reload");
  t.match(result, { kind: "refused", by: "config" });
  t.match(
    diffOf(result),
    [
      `${scene.file}:1:17: delay must be a duration`,
      `${scene.file}:4:1: unknown option "bogus"`,
    ].map((text) => new RegExp(text.replace(/[.[\]()/]/g, "\\$&"))),
  );
  t.strictSame([scene.applied, scene.told], [[], [false]]);
  t.match(scene.logged, [{ msg: "config refused; the old one stays in force", level: 50 }]);
  t.strictSame(scene.logged[0]?.errors, diffOf(result));
  scene.text = config("3s");
  await scene.reloader.reload("SIGHUP");
  t.equal(scene.delay, 3000, "and the next good one is taken");
  t.strictSame(scene.told, [false, true]);
});

t.test("one that cannot be put into force is compared with the one that stays", async (t) => {
  const scene = new Scene(t, config("1s"));
  scene.text = config("2s");
  scene.obstacle = new Error("cannot listen on 127.0.0.1:80: this user may not");
  const result = await scene.reloader.reload("SIGHUP");
  t.match(result, { kind: "refused", by: "state", errors: [scene.obstacle.message] });
  t.strictSame(scene.told, [false]);
  scene.obstacle = undefined;
  t.match(await scene.reloader.reload("SIGHUP"), { kind: "reloaded", changes: [{ from: "1s" }] });
});

t.test("what says the same in other words is not put into force again", async (t) => {
  const scene = new Scene(t, config("1s"));
  scene.text = `# the same\n${config("1s")}`;
  t.match(await scene.reloader.reload("SIGHUP"), { kind: "unchanged", changes: [] });
  scene.text = config("1000ms");
  t.match(await scene.reloader.reload("SIGHUP"), {
    kind: "unchanged",
    changes: [{ to: "1000ms" }],
  });
  t.strictSame([scene.applied, scene.told], [[], [true, true]]);
});

t.test("all who ask while one is under way get the one after it", async (t) => {
  const scene = new Scene(t, config("1s"));
  const { promise, resolve } = Promise.withResolvers<void>();
  scene.gate = promise;
  scene.text = config("2s");
  const first = scene.reloader.reload("SIGHUP");
  await scene.bell.until(() => scene.reads === 1);
  scene.text = config("3s");
  const others = Array.from({ length: 20 }, () => scene.reloader.reload("POST /reload"));
  resolve();
  await first;
  const results = await Promise.all(others);
  t.equal(new Set(results).size, 1, "one for all of them");
  t.equal(scene.reads, 2);
  t.equal(scene.delay, 3000, "the last wish is in force");
});

t.test("a dry run changes nothing, of the file or of another text", async (t) => {
  const scene = new Scene(t, config("1s"));
  scene.text = config("2s");
  t.match(await scene.reloader.dryRun(), { kind: "dry_run", changes: [{ to: "2s" }] });
  t.match(await scene.reloader.dryRun(config("3s")), { kind: "dry_run", changes: [{ to: "3s" }] });
  t.match(await scene.reloader.dryRun(config("1s")), { kind: "dry_run", changes: [] });
  t.match(await scene.reloader.dryRun("x: 1"), { kind: "refused", by: "config" });
  t.strictSame([scene.applied, scene.told, scene.logged], [[], [], []]);
});

t.test("what a named file says may change while the config does not", async (t) => {
  const sorry = join(t.testdir({ "sorry.html": "one" }), "sorry.html");
  const text = config("1s").replace(
    '["127.0.0.1:1"]',
    `["127.0.0.1:1"], fallback: { file: ${sorry} }`,
  );
  const scene = new Scene(t, text, "/no/such/tidegate.yaml");
  writeFileSync(sorry, "two");
  const result = await scene.reloader.reload("SIGHUP");
  t.match(result, { kind: "reloaded", changes: [{ path: "a file that the config names" }] });
  t.equal(scene.applied.at(-1)?.clusters[0]?.fallback?.body, "two");
});

t.test("a file that cannot be read is an error like any other", async (t) => {
  const scene = new Scene(t, config("1s"));
  scene.gate = Promise.reject(new Error("the config was not read within 10 s"));
  scene.gate.catch(() => {});
  const result = await scene.reloader.reload("SIGHUP");
  t.match(result, { kind: "refused", errors: ["the config was not read within 10 s"] });
});

t.test("the file is reloaded when what is in it has changed, and not otherwise", async (t) => {
  const file = join(t.testdir({ "tidegate.yaml": config("1s") }), "tidegate.yaml");
  const scene = new Scene(t, config("1s"), file);
  const write = (text: string): void => {
    scene.text = text;
    writeFileSync(file, text);
  };
  scene.reloader.watch();
  write(config("2s"));
  await scene.bell.until(() => scene.logged.length === 1);
  t.match(scene.logged, [{ msg: "config reloaded", cause: "file changed" }]);
  write(config("2s"));
  write(config("bad"));
  await scene.bell.until(() => scene.logged.length === 2);
  t.match(scene.logged[1], { msg: /refused/, cause: "file changed" });
  t.equal(scene.reads, 2, "touched alone it is not read");
});

t.test("what changed between its reading and the watch is seen", async (t) => {
  const file = join(t.testdir({ "tidegate.yaml": config("2s") }), "tidegate.yaml");
  const scene = new Scene(t, config("1s"), file);
  scene.text = config("2s");
  scene.reloader.watch();
  await scene.bell.until(() => scene.logged.length === 1);
  t.equal(scene.delay, 2000);
});

t.test("without a file there is nothing to be read again", async (t) => {
  const loaded = parseConfig("--upstream", config("1s"), {});
  if (!loaded.ok) throw new Error("bad");
  const told: boolean[] = [];
  const reloader = new Reloader(
    loaded.config,
    { ...loaded, file: undefined, load: async (text = "") => parseConfig("x", text, {}) },
    {
      log: pino({ level: "silent" }),
      reloaded: (_, { kind }) => told.push(kind !== "refused"),
      apply: async () => {},
    },
  );
  reloader.watch();
  for (const result of [await reloader.reload("SIGHUP"), await reloader.dryRun()]) {
    t.match(result, {
      kind: "refused",
      by: "state",
      errors: [/no config file .* `tidegate init`/],
    });
  }
  t.match(await reloader.dryRun(config("2s")), { kind: "dry_run" });
  t.strictSame(told, [], "nothing was read");
  t.not(digestOf("a"), digestOf("b"));
});
