// The image without an engine: what the Dockerfile says, and what its commands do when its files are
// laid out in a folder as they would be in the image.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  constants,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import t, { type Test } from "tap";

const ROOT = join(import.meta.dirname, "..");
const run = promisify(execFile);

interface Instruction {
  readonly name: string;
  readonly text: string;
}

/** The instructions of a Dockerfile, one for each logical line. */
function instructionsOf(dockerfile: string): Instruction[] {
  const lines = dockerfile.replace(/^\s*#.*\n/gm, "").replace(/\\\n\s*/g, " ");
  return lines
    .split("\n")
    .map((line) => /^([A-Z]+)\s+(.*)$/.exec(line.trim()))
    .filter((match) => match !== null)
    .map(([, name = "", text = ""]) => ({ name, text }));
}

const all = instructionsOf(readFileSync(join(ROOT, "Dockerfile"), "utf8"));
const secondStage = all.findLastIndex(({ name }) => name === "FROM");
const [builder, image] = [all.slice(0, secondStage), all.slice(secondStage)];

/** The texts of every instruction of one kind. */
function texts(instructions: readonly Instruction[], wanted: string): string[] {
  return instructions.filter(({ name }) => name === wanted).map(({ text }) => text);
}

/** The words of the one instruction of its kind, which must be in exec form: there is no shell. */
function words(name: string): string[] {
  const [text = "", second] = texts(image, name);
  if (second !== undefined) throw new Error(`Dockerfile: ${name} stands there twice`);
  return JSON.parse(text.slice(text.indexOf("[")));
}

t.test(
  "the image has Node.js 26, no shell, a numbered user and nothing of a root user's",
  async (t) => {
    t.match(texts(all, "FROM"), [
      /^node:26-\S+ AS build$/,
      /^gcr\.io\/distroless\/nodejs26-debian13:nonroot$/,
    ]);
    t.strictSame(texts(image, "RUN"), [], "there is no shell to run anything");
    t.strictSame(texts(image, "USER"), ["65532:65532"]);
    t.strictSame(texts(all, "ADD"), []);
    t.notMatch(texts(image, "COPY").join("\n"), /--chown/, "what it runs is not its own to change");
  },
);

t.test("it stops on SIGTERM, and says what it listens on and how to ask after it", async (t) => {
  t.strictSame(texts(image, "STOPSIGNAL"), ["SIGTERM"]);
  t.strictSame(texts(image, "EXPOSE"), ["8080 9902"]);
  const node = "/nodejs/bin/node";
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const [, , arenas, , ...flags] = scripts.tidegate.split(" ").slice(0, -1);
  t.strictSame(words("ENTRYPOINT"), [node, ...flags, "/app/dist/main.js"]);
  t.strictSame(texts(image, "ENV"), [`NODE_ENV=production ${arenas}`]);
  t.strictSame(words("CMD"), ["run", "--config", "/etc/tidegate/tidegate.yaml"]);
  t.strictSame(words("HEALTHCHECK"), [node, "/app/dist/main.js", "healthcheck"]);
  t.match(texts(image, "HEALTHCHECK")[0], /--interval=\S+ --timeout=\S+ --start-period=\S+/);
});

t.test("its labels agree with package.json and with its base", async (t) => {
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const label = (name: string) =>
    new RegExp(`org\\.opencontainers\\.image\\.${name}="([^"]*)"`).exec(
      texts(image, "LABEL").join(" "),
    )?.[1];
  t.equal(label("title"), manifest.name);
  t.equal(label("description"), manifest.description);
  t.equal(label("version"), manifest.version);
  t.equal(label("licenses"), manifest.license);
  t.equal(label("base.name"), texts(image, "FROM")[0]);
});

t.test(
  "what it copies is there, and .dockerignore lets that and nothing else through",
  async (t) => {
    const sources = [...builder, ...image]
      .filter(({ name, text }) => name === "COPY" && !text.startsWith("--from"))
      .flatMap(({ text }) => text.split(/\s+/).slice(0, -1));
    for (const source of sources) t.ok(existsSync(join(ROOT, source)), source);
    const ignore = readFileSync(join(ROOT, ".dockerignore"), "utf8").split("\n");
    const [everything, ...let_] = ignore.filter((line) => line !== "" && !line.startsWith("#"));
    t.equal(everything, "*");
    const folders = new Set(sources.map((source) => `!${source.split("/")[0]}`));
    t.strictSame(new Set(let_), folders);
  },
);

t.test("the image's commands work, for a user who may write nothing", async (t) => {
  const root = mkdtempSync(join(tmpdir(), "tidegate-image-"));
  t.teardown(() => rmSync(root, { recursive: true, force: true }));
  await build(root);
  const version = await start(root, ["--version"]).output;
  t.match(version, /\d+\.\d+\.\d+/);
  const checked = start(root, ["check", "/etc/tidegate/tidegate.yaml"]);
  const said = await checked.output;
  t.equal(await checked.code, 0, `the config in the image is good: ${said}`);
  await runAndStop(t, root);
});

async function runAndStop(t: Test, root: string): Promise<void> {
  const config = join(root, "etc/tidegate/tidegate.yaml");
  writeFileSync(config, CONFIG);
  const sidecar = start(root, words("CMD"));
  t.teardown(() => sidecar.child.kill("SIGKILL"));
  const address = await sidecar.said(/^health listening on (\S+)$/);
  const [, , command = ""] = words("HEALTHCHECK");
  const url = `http://${address}/livez`;
  t.equal(await start(root, [command, url]).code, 0, "healthy while it runs");
  sidecar.child.kill(texts(image, "STOPSIGNAL")[0] as NodeJS.Signals);
  t.equal(await sidecar.code, 0, "the stop signal ends it in good order");
  t.equal(await start(root, [command, url]).code, 1, "unhealthy once it is gone");
}

const CONFIG = `
health: { bind: 127.0.0.1:0 }
admin: { bind: 127.0.0.1:0 }
drain: { delay: 0s, timeout: 1s }
listeners: [{ name: inbound, bind: 127.0.0.1:0, routes: [{ cluster: app }] }]
clusters: [{ name: app, endpoints: [127.0.0.1:3000] }]
`;

const INSTALL = /^npm ci --ignore-scripts\b/;

/** What `npm ci` installs is here already, from the same package-lock.json: links to it take a twentieth of the time. */
async function installIn(app: string): Promise<void> {
  const [from, to] = [join(ROOT, "node_modules"), join(app, "node_modules")];
  // Links do not lead from one file system to another.
  await run("cp", ["-al", from, to]).catch(() => run("cp", ["-a", "--", `${from}/.`, to]));
  // This one npm writes to, the others it only removes.
  const list = ".package-lock.json";
  rmSync(join(to, list));
  copyFileSync(join(from, list), join(to, list));
}

/** Does in `root` what the Dockerfile does: the commands of the first stage, the copies of both. */
async function build(root: string): Promise<void> {
  // Made by mkdtemp for its owner alone; the image's user must get in.
  chmodSync(root, 0o755);
  const app = join(root, "app");
  mkdirSync(app);
  // The test runner gives every child its own loaders, which are not in the image.
  const kept = Object.entries(process.env).filter(([name]) => !/NODE_OPTIONS|TAP/.test(name));
  const outside = ["-i", ...kept.map(([name, value]) => `${name}=${value}`)];
  outside.push("npm_config_prefer_offline=true");
  for (const { name, text } of builder) {
    if (name === "COPY") copy(text, app, root);
    if (name !== "RUN") continue;
    const [install = "", rest = ""] = text.split(/ && (.*)/);
    if (!INSTALL.test(install)) throw new Error(`Dockerfile: it does not begin by ${INSTALL}`);
    await installIn(app);
    await run("env", [...outside, "sh", "-ec", rest], { cwd: app });
  }
  for (const text of texts(image, "COPY")) {
    if (!text.startsWith("--from")) copy(text, app, root);
  }
  const node = join(root, "nodejs/bin/node");
  mkdirSync(dirname(node), { recursive: true });
  copyFileSync(process.execPath, node, constants.COPYFILE_FICLONE);
}

function copy(text: string, app: string, root: string): void {
  const paths = text.split(/\s+/);
  const to = paths.at(-1) ?? "";
  for (const from of paths.slice(0, -1)) {
    const base = to.startsWith("/") ? join(root, to) : join(app, to);
    const target = to.endsWith("/") ? join(base, from) : base;
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join(ROOT, from), target, { recursive: true });
  }
}

interface Started {
  readonly child: ChildProcess;
  readonly code: Promise<number | null>;
  /** Everything it says until it ends. */
  readonly output: Promise<string>;
  /** The first group of the first line that matches. */
  said(pattern: RegExp): Promise<string>;
}

/** What Node may do when nothing is writable; it fails where a file is opened for writing. */
const READ_ONLY = ["--permission", "--allow-fs-read=*", "--allow-net", "--allow-child-process"];

/** The image's entry point with some arguments, their absolute paths taken to be in `root`. */
function start(root: string, args: readonly string[]): Started {
  const inside = (path: string) => (path.startsWith("/") ? join(root, path) : path);
  const [node = "", ...entry] = words("ENTRYPOINT").map(inside);
  const user = process.getuid?.() === 0 ? { uid: 65532, gid: 65532 } : {};
  // `env -i`: not a word of the test runner's environment gets in, as in a container.
  const clean = [
    "-i",
    ...texts(image, "ENV").flatMap((text) => text.split(" ")),
    node,
    ...READ_ONLY,
    ...entry,
  ];
  const child = spawn("env", [...clean, ...args.map(inside)], {
    cwd: join(root, "app"),
    stdio: ["ignore", "pipe", "pipe"],
    ...user,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
  }
  const closed = once(child, "close");
  const lines = createInterface({ input: child.stdout });
  return {
    child,
    code: closed.then(([code]) => code),
    output: closed.then(() => output),
    said: async (pattern) => {
      for await (const line of lines) {
        const found = pattern.exec(line)?.[1];
        if (found !== undefined) return found;
      }
      throw new Error(`${args.join(" ")} ended and said only: ${output}`);
    },
  };
}
