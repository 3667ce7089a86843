// A sidecar in this process, from a config as users write it.
import { parseConfig } from "../../src/control/config/load.ts";
import type { Reloaded } from "../../src/control/reload.ts";
import type { Address } from "../../src/core/address.ts";
import { type Sidecar, startSidecar, type World } from "../../src/sidecar.ts";

/** Starts a sidecar; `text` must be a good config. */
export async function startHere(text: string, world: World = {}): Promise<Sidecar> {
  const loaded = parseConfig("test.yaml", text, {});
  if (loaded.ok) return startSidecar(loaded.config, world);
  const problems = loaded.errors.map(({ line, message }) => `line ${line}: ${message}`);
  throw new Error(`the test's config is bad:\n${problems.join("\n")}`);
}

/** Where the part called `name` listens: a listener, `health` or `admin`. */
export function addressOf(sidecar: Sidecar, name = "inbound"): Address {
  const address = sidecar.addresses[name];
  if (address === undefined) throw new Error(`nothing called ${name} listens`);
  return address;
}

/** A sidecar whose config is a text that the test may change. */
export interface Reloadable {
  readonly sidecar: Sidecar;
  /** Puts this text in the place of the file, and asks for a reload. */
  reload(text: string): Promise<Reloaded>;
}

export async function startReloadable(first: string, world: World = {}): Promise<Reloadable> {
  let now = first;
  const load = async (text = now) => parseConfig("test.yaml", text, {});
  const loaded = await load();
  if (!loaded.ok) throw new Error(`the test's config is bad: ${loaded.errors[0]?.message}`);
  const { written, digest } = loaded;
  const origin = { file: "/no/such/test.yaml", written, digest, load };
  const sidecar = await startSidecar(loaded.config, { ...world, origin });
  const reload = (text: string): Promise<Reloaded> => {
    now = text;
    return sidecar.reload("SIGHUP");
  };
  return { sidecar, reload };
}
