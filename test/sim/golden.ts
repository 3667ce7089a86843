// The digests of the journals of all named scenarios: what a change of a policy changes is seen.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { play, type Scenario } from "./stage.ts";

export const GOLDEN_SEED = 1;
const FILE = join(import.meta.dirname, "golden.json");

/** By name. */
export type Goldens = Readonly<Record<string, string>>;

export function readGoldens(): Goldens {
  return JSON.parse(readFileSync(FILE, "utf8"));
}

/** Plays everything, and takes what comes of it for right. */
export async function writeGoldens(scenarios: readonly Scenario[]): Promise<void> {
  const digests: Record<string, string> = {};
  for (const scenario of scenarios) {
    const { digest, breaches } = await play(scenario, GOLDEN_SEED);
    if (breaches.length > 0) throw new Error(`${scenario.name}: ${breaches.join("\n")}`);
    digests[scenario.name] = digest;
  }
  writeFileSync(FILE, `${JSON.stringify(digests, undefined, 2)}\n`);
}
