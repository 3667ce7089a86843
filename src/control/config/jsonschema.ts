// The JSON Schema of the config, for editors: descriptions on hover, completion, red lines.
import { z } from "zod";
import { configSchema } from "./schema.ts";

export type JsonSchema = z.core.JSONSchema.BaseSchema;

/** What the config file may hold, as draft 7, which every editor understands. */
export function jsonSchema(): JsonSchema {
  return { ...withEnvironment(optionSchema()), title: "The config of Tidegate" };
}

/** The same without the environment: what each option is, after `${NAME}` has been filled in. */
export function optionSchema(): JsonSchema {
  return z.toJSONSchema(configSchema, { io: "input", target: "draft-07" });
}

/** The schema that a place in another one holds, when it holds one at all. */
export function asSchema(schema: JsonSchema | boolean | undefined): JsonSchema | undefined {
  return typeof schema === "object" ? schema : undefined;
}

const REFERENCE = "\\$\\{";

/** `schema`, with a reference to the environment allowed wherever one value may stand. */
function withEnvironment(schema: JsonSchema): JsonSchema {
  const { anyOf, items, properties, additionalProperties, example, ...rest } = schema;
  const result: JsonSchema = { ...rest };
  if (example !== undefined) result.examples = [example];
  if (properties !== undefined) {
    const entries = Object.entries(properties).map(([key, value]) => [key, inside(value)] as const);
    result.properties = Object.fromEntries(entries);
  }
  if (additionalProperties !== undefined)
    result.additionalProperties = inside(additionalProperties);
  if (items !== undefined && !Array.isArray(items)) result.items = inside(items);
  if (anyOf !== undefined) result.anyOf = anyOf.map(inside);
  if (result.pattern !== undefined) result.pattern = `${result.pattern}|${REFERENCE}`;
  return isTyped(result) ? orReference(result) : result;
}

function inside<Schema extends JsonSchema | boolean>(schema: Schema): JsonSchema | Schema {
  return typeof schema === "object" ? withEnvironment(schema) : schema;
}

/** Is text no value of it, or only certain words? */
function isTyped({ type, enum: words }: JsonSchema): boolean {
  return type === "integer" || type === "number" || type === "boolean" || words !== undefined;
}

function orReference(schema: JsonSchema): JsonSchema {
  const { description, default: fallback, examples, ...rest } = schema;
  const about = { description, default: fallback, examples };
  const given = Object.fromEntries(
    Object.entries(about).filter(([, value]) => value !== undefined),
  );
  return { ...given, anyOf: [rest, { type: "string", pattern: REFERENCE }] };
}
