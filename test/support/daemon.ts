// The sidecar as users run it: `node src/main.ts run --config FILE`.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Address, parseAddress } from "../../src/core/address.ts";
import { lookUntil } from "./look.ts";
import { Child } from "./process.ts";
import { scrape } from "./scrape.ts";
import { type Scratch, scratch } from "./scratch.ts";

const MAIN = join(import.meta.dirname, "..", "..", "src", "main.ts");

const { scripts } = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../package.json"), "utf8"),
);

/** The flags of Node with which the sidecar is shipped, the same in package.json and in the image. */
export const SHIPPED: readonly string[] = scripts.tidegate
  .match(/ --\S+/g)
  .map((flag: string) => flag.trim());

export interface Launch {
  readonly nodeArgs?: readonly string[];
  /** A program and its arguments that start the sidecar in their turn: `prlimit`, for example. */
  readonly wrapper?: readonly string[];
  /** Where the standard output goes; the lines of the start must still arrive on a pipe. */
  readonly env?: Readonly<Record<string, string>>;
}

/** One running sidecar process. */
export class Daemon {
  readonly child: Child;
  readonly inbound: Address;
  readonly health: Address;
  readonly admin: Address;
  readonly #folder: Scratch;

  private constructor(child: Child, folder: Scratch, addresses: Readonly<Record<string, Address>>) {
    this.child = child;
    this.#folder = folder;
    this.inbound = named(addresses, "inbound");
    this.health = named(addresses, "health");
    this.admin = named(addresses, "admin");
  }

  /** Starts it on `config`, and waits until it listens. */
  static async start(config: string, launch: Launch = {}): Promise<Daemon> {
    const folder = scratch();
    const file = join(folder.path, "tidegate.yaml");
    writeFileSync(file, config);
    const node = [process.execPath, ...(launch.nodeArgs ?? []), MAIN, "run", "--config", file];
    const [program = "", ...args] = [...(launch.wrapper ?? []), ...node];
    const child = Child.start(program, args, { env: { ...process.env, ...launch.env } });
    const addresses: Record<string, Address> = {};
    for (const name of ["inbound", "health", "admin"]) {
      const match = await child.says(new RegExp(`^${name} listening on (\\S+)$`, "m"));
      const address = parseAddress(match[1] ?? "");
      if (address !== undefined) addresses[name] = address;
    }
    return new Daemon(child, folder, addresses);
  }

  /** Its config file. */
  get file(): string {
    return join(this.#folder.path, "tidegate.yaml");
  }

  /** `http://127.0.0.1:PORT` of the listener. */
  get url(): string {
    return `http://${this.inbound.text}`;
  }

  /** The sum of the series of one metric, by its name without prefix. */
  async metric(name: string, labels = ""): Promise<number> {
    return scrape(this.health, name, labels);
  }

  /** Scrapes until the metric has the value. */
  metricIs(name: string, value: number, labels = ""): Promise<void> {
    return this.#until(`${name} to be ${value}`, name, labels, (got) => got === value);
  }

  /** Scrapes until the metric is at least `value`. */
  metricReaches(name: string, value: number, labels = ""): Promise<void> {
    return this.#until(`${name} to reach ${value}`, name, labels, (got) => got >= value);
  }

  async #until(
    wanted: string,
    name: string,
    labels: string,
    holds: (value: number) => boolean,
  ): Promise<void> {
    await lookUntil(async () => holds(await this.metric(name, labels)), wanted);
  }

  /** Stops it in good order; rejects unless it exits with 0. */
  async stop(): Promise<void> {
    this.child.process.kill("SIGTERM");
    const code = await this.child.exit();
    this.#folder.remove();
    if (code !== 0) throw new Error(`the sidecar ended with ${code}: ${this.child.stderr}`);
  }

  async kill(): Promise<void> {
    await this.child.kill();
    this.#folder.remove();
  }
}

function named(addresses: Readonly<Record<string, Address>>, name: string): Address {
  const address = addresses[name];
  if (address === undefined) throw new Error(`the sidecar does not say where ${name} listens`);
  return address;
}
