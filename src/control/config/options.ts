// Which options there are, and where: for "did you mean".
import { asSchema, type JsonSchema, optionSchema } from "./jsonschema.ts";
import type { Path } from "./tree.ts";

/** Made when the first problem asks for it: a config without one does without. */
let made: JsonSchema | undefined;

function root(): JsonSchema {
  made ??= optionSchema();
  return made;
}

/** The options of the mapping at `path`; none where it may hold any key, or nothing. */
export function keysAt(path: Path): readonly string[] {
  let schema: JsonSchema | undefined = root();
  for (const step of path) schema = schema && member(schema, step);
  return schema === undefined ? [] : Object.keys(propertiesOf(schema));
}

/** The mappings that have an option called `key`, as `listeners[].limits`. */
export function placesOf(key: string): readonly string[] {
  return placesIn(root(), "").flatMap(([place, keys]) => (keys.includes(key) ? [place] : []));
}

function placesIn(schema: JsonSchema, place: string): readonly [string, readonly string[]][] {
  const properties = Object.entries(propertiesOf(schema));
  const below = properties.flatMap(([key, value]) => {
    const item = itemOf(value);
    const name = place === "" ? key : `${place}.${key}`;
    return item === undefined ? placesIn(value, name) : placesIn(item, `${name}[]`);
  });
  const keys = properties.map(([key]) => key);
  return keys.length === 0 ? below : [[place === "" ? "the top level" : place, keys], ...below];
}

function member(schema: JsonSchema, step: PropertyKey): JsonSchema | undefined {
  return typeof step === "number" ? itemOf(schema) : propertiesOf(schema)[String(step)];
}

function itemOf({ items }: JsonSchema): JsonSchema | undefined {
  return Array.isArray(items) ? undefined : asSchema(items);
}

/** The members of a mapping; of a union, those of the form that is one. */
function propertiesOf({ properties, anyOf }: JsonSchema): Readonly<Record<string, JsonSchema>> {
  const own = properties ?? anyOf?.map(asSchema).find((form) => form?.properties)?.properties ?? {};
  const entries = Object.entries(own).flatMap(([key, value]) => {
    const schema = asSchema(value);
    return schema === undefined ? [] : [[key, schema] as const];
  });
  return Object.fromEntries(entries);
}
