// A sidecar in this process, from a config as users write it.
import { parseConfig } from "../../src/control/config/load.ts";
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
