// The thread of a theatre: plays what it is told, and tells what came of it.
import { parentPort } from "node:worker_threads";
import { RANDOM } from "./random.ts";
import { SCENARIOS } from "./scenarios.ts";
import { play } from "./stage.ts";
import type { Order, Told } from "./theatre.ts";

const BY_NAME = new Map([...SCENARIOS, RANDOM].map((scenario) => [scenario.name, scenario]));

async function told({ name, seed, seconds, journal: wanted }: Order): Promise<Told> {
  const scenario = BY_NAME.get(name);
  if (scenario === undefined) throw new Error(`there is no scenario called ${name}`);
  let journal = "";
  const write = (text: string): void => {
    journal += text;
  };
  const options = { ...(seconds !== undefined && { seconds }), ...(wanted && { write }) };
  const { breaches, promised, digest } = await play(scenario, seed, options);
  return { breaches, promised, digest, journal };
}

parentPort?.on("message", async (order: Order) => parentPort?.postMessage(await told(order)));
