// `schema`: the JSON Schema of the config, for editors.
import { jsonSchema } from "../control/config/jsonschema.ts";
import { atMost, readArguments } from "./arguments.ts";
import { usageOf } from "./help.ts";

export async function schema(args: string[]): Promise<number> {
  const given = readArguments(args, {});
  atMost(0, given);
  const text = `${JSON.stringify(jsonSchema(), undefined, 2)}\n`;
  process.stdout.write(given.switches.has("help") ? usageOf("schema") : text);
  return 0;
}
