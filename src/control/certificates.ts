// The certificates in use, and those that take their place: files are read again when they change.
//
//   changed -> read -> fit together -> new handshakes use them        what is connected stays
//                | they do not: once more after a while, since files are written one by one
//                +-> the old ones stay; log, events
import { readFile, stat } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import type { Clock } from "../core/clock.ts";
import { CERTIFICATE_EXPIRY } from "../core/families.ts";
import type { Meter } from "../core/meter.ts";
import type { Prepared } from "../core/prepared.ts";
import { Timer, type Wheel } from "../core/wheel.ts";
import { wordsOf } from "../core/words.ts";
import type { ClientTls } from "../tls/client.ts";
import { type Material, MOST_BYTES, materialOf, type Part } from "../tls/material.ts";
import type { ServerTls } from "../tls/server.ts";
import type { Changes } from "./changes.ts";
import { filesOf, type Named } from "./config/certificates.ts";
import { digestOf } from "./config/file.ts";
import type { Config } from "./config/schema.ts";
import { FileWatch, type WatchOptions } from "./config/watch.ts";
import { StartError } from "./starterror.ts";

type ListenerTls = NonNullable<Config["listeners"][number]["tls"]>;
type ClusterTls = NonNullable<Config["clusters"][number]["tls"]>;
type TlsConfig = Pick<Config, "listeners" | "clusters">;

export interface CertificatesWorld {
  readonly wheel: Wheel;
  readonly clock: Clock;
  readonly meter: Meter;
  readonly log: Logger;
  readonly changes: Changes;
  readonly watch?: WatchOptions | undefined;
}

/** Whose certificates they are, and what they are now. */
interface Holder {
  readonly whose: "listener" | "cluster";
  readonly name: string;
  readonly tls: ListenerTls | ClusterTls;
  readonly files: Named;
  readonly user: ServerTls | ClientTls;
  readonly watches: FileWatch[];
  /** Looks again at what did not fit together. */
  readonly again: Timer;
  material: Material;
  /** Of the files in use, and of those that could not be used and were told of. */
  digest: string;
  told: string;
  looking: Promise<void> | undefined;
}

/** Whoever writes several files, one after the other, has done so by then. */
const AGAIN_MS = 1000;

export class Certificates {
  readonly #world: CertificatesWorld;
  #holders: readonly Holder[] = [];
  /** By what the config says, of the config in force and of the one that is prepared. */
  readonly #by = new WeakMap<object, Holder>();

  constructor(world: CertificatesWorld) {
    this.#world = world;
  }

  /** Reads the files that are new in `config`; rejects with a StartError when they cannot be used. */
  async prepare(config: TlsConfig): Promise<Prepared> {
    const next: Holder[] = [];
    for (const { name, tls } of config.listeners)
      if (tls !== undefined) next.push(await this.#holder("listener", name, tls));
    for (const { name, tls } of config.clusters)
      if (tls !== undefined) next.push(await this.#holder("cluster", name, tls));
    return { undo: () => {}, commit: () => this.#commit(next) };
  }

  /** What `tls` of a listener has become; of a config that was prepared. */
  server(tls: ListenerTls | undefined): ServerTls | undefined {
    const user = tls && this.#by.get(tls)?.user;
    return user !== undefined && "begin" in user ? user : undefined;
  }

  /** The same of a cluster. */
  client(tls: ClusterTls | undefined): ClientTls | undefined {
    const user = tls && this.#by.get(tls)?.user;
    return user !== undefined && "dial" in user ? user : undefined;
  }

  /** Looks at all files now. Resolves when whatever has changed is in use, or told of. Never rejects. */
  async look(): Promise<void> {
    await Promise.all(this.#holders.map((holder) => this.#look(holder, false)));
  }

  close(): void {
    for (const holder of this.#holders) this.#leave(holder);
    this.#holders = [];
  }

  async #holder(
    whose: Holder["whose"],
    name: string,
    tls: ListenerTls | ClusterTls,
  ): Promise<Holder> {
    const known = this.#holders.find((each) => each.whose === whose && each.name === name);
    const same = known !== undefined && isDeepStrictEqual(known.tls, tls);
    const holder = same ? known : await this.#open(whose, name, tls);
    this.#by.set(tls, holder);
    return holder;
  }

  async #open(
    whose: Holder["whose"],
    name: string,
    tls: ListenerTls | ClusterTls,
  ): Promise<Holder> {
    const files = filesOf(tls);
    const { material, digest } = await read(files);
    if ("problem" in material) throw new StartError(`${whose} ${name}: ${told(files, material)}`);
    const user = await userOf(tls, material, `${whose} ${name}`);
    const holder: Holder = {
      ...{ whose, name, tls, files, user, material, digest },
      ...{ watches: [], told: "", looking: undefined },
      again: new Timer(() => void this.#look(holder, false)),
    };
    return holder;
  }

  #commit(next: readonly Holder[]): void {
    for (const old of this.#holders) if (!next.includes(old)) this.#leave(old);
    const fresh = next.filter((each) => !this.#holders.includes(each));
    this.#holders = next;
    for (const holder of fresh) {
      this.#show(holder);
      const changed = (): void => void this.#look(holder, true);
      for (const { file } of Object.values(holder.files))
        holder.watches.push(new FileWatch(file, changed, this.#world.watch));
    }
  }

  #leave(holder: Holder): void {
    for (const watch of holder.watches) watch.close();
    this.#world.wheel.disarm(holder.again);
    this.#world.meter.drop({ [holder.whose]: holder.name }, CERTIFICATE_EXPIRY);
  }

  #show({ whose, name, material: { own } }: Holder): void {
    if (own === undefined) return;
    const gauge = this.#world.meter.gauge(CERTIFICATE_EXPIRY, { [whose]: name });
    gauge.value = own.expires / 1000;
  }

  /** One look at a time; who comes meanwhile gets one after it. */
  #look(holder: Holder, patient: boolean): Promise<void> {
    const before = holder.looking ?? Promise.resolve();
    const looking = before.then(() => this.#renew(holder, patient));
    holder.looking = looking;
    return looking;
  }

  async #renew(holder: Holder, patient: boolean): Promise<void> {
    const { wheel } = this.#world;
    const { material, digest } = await read(holder.files);
    if (!this.#holders.includes(holder)) return;
    wheel.disarm(holder.again);
    if (digest === holder.digest) {
      holder.told = "";
      return;
    }
    const problem = "problem" in material ? told(holder.files, material) : tryOut(holder, material);
    if (problem === undefined && !("problem" in material)) {
      const before = holder.material;
      Object.assign(holder, { material, digest, told: "" });
      this.#show(holder);
      return this.#tell(holder, before, "renewed", describe(material));
    }
    if (digest === holder.told) return;
    if (patient) return wheel.arm(holder.again, AGAIN_MS);
    holder.told = digest;
    this.#tell(holder, holder.material, "refused", `${problem}; the old certificate stays in use`);
  }

  #tell({ whose, name }: Holder, before: Material, to: string, reason: string): void {
    const from = before.own?.serial ?? "";
    const [cluster, endpoint] = whose === "cluster" ? [name, ""] : ["", name];
    this.#world.changes.add({ subject: "certificate", cluster, endpoint, from, to, reason });
  }
}

/** What makes connections; loaded only where there are any with TLS. */
async function userOf(
  tls: ListenerTls | ClusterTls,
  material: Material,
  whose: string,
): Promise<ServerTls | ClientTls> {
  try {
    if ("handshakes" in tls) return new (await import("../tls/server.ts")).ServerTls(tls, material);
    return new (await import("../tls/client.ts")).ClientTls(tls, material);
  } catch (error) {
    throw new StartError(`${whose}: tls cannot be used: ${wordsOf(error)}`);
  }
}

/** Puts it into use; why not, when that cannot be. */
function tryOut({ user }: Holder, material: Material): string | undefined {
  try {
    user.use(material);
    return undefined;
  } catch (error) {
    return wordsOf(error);
  }
}

type Flawed = { readonly part: Part; readonly problem: string };

function told(files: Named, { part, problem }: Flawed): string {
  const { option = part, file = "" } = files[part] ?? {};
  return `${option} ${file} ${problem}`;
}

function describe({ own, caExpires }: Material): string {
  const until = own?.expires ?? caExpires;
  const end = Number.isFinite(until) ? new Date(until).toISOString() : "";
  return own === undefined ? `authorities until ${end}` : `serial ${own.serial}, until ${end}`;
}

async function read(files: Named): Promise<{ material: Material | Flawed; digest: string }> {
  const texts: Partial<Record<Part, string>> = {};
  for (const part of ["certificate", "key", "ca"] as const) {
    const named = files[part];
    if (named === undefined) continue;
    try {
      const found = await stat(named.file);
      if (!found.isFile() || found.size > MOST_BYTES) throw new Error("no file, or above 1MiB");
      texts[part] = await readFile(named.file, "utf8");
    } catch (error) {
      const problem = `cannot be read: ${wordsOf(error)}`;
      return { material: { part, problem }, digest: digestOf(problem) };
    }
  }
  return { material: materialOf(texts), digest: digestOf(JSON.stringify(texts)) };
}
