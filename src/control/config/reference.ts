// Every option at its default with its documentation: the text of `config/tidegate.yaml`.
import { stringify } from "yaml";
import { asSchema, type JsonSchema, optionSchema } from "./jsonschema.ts";

const WIDTH = 100;

const HEAD = `# yaml-language-server: $schema=tidegate.schema.json
#
# Every option of Tidegate, each at its default: what is not given is as it stands here.
# Options that have no default are marked; "tidegate init" prints a short file to start from.
#
# Durations: 250ms, 15s, 1m30s, 1h. Sizes: 512B, 64KiB, 1MiB, or a whole number of bytes.
# \${NAME} and \${NAME:-default} take environment variables; $\${ is a plain \${.
# This text is made from the schema: tidegate init --all > config/tidegate.yaml
`;

/** The commented reference, as YAML that loads to the defaults. */
export function referenceConfig(): string {
  const sections = members(optionSchema(), 0).map((lines) => lines.join("\n"));
  return `${[HEAD.trimEnd(), ...sections].join("\n\n")}\n`;
}

/** The lines of each member of a mapping. */
function members(schema: JsonSchema, depth: number): readonly (readonly string[])[] {
  return Object.entries(schema.properties ?? {}).map(([key, value]) => {
    const option = asSchema(value) ?? {};
    const required = schema.required?.includes(key) === true;
    const text = `${option.description ?? ""}${required ? " Required." : ""}`;
    return [...comment(text, depth), ...member(key, option, required, depth)];
  });
}

function member(
  key: string,
  option: JsonSchema,
  required: boolean,
  depth: number,
): readonly string[] {
  const indent = "  ".repeat(depth);
  const item = Array.isArray(option.items) ? undefined : asSchema(option.items);
  const mapping = mappingOf(option);
  // What has no default stays a comment, unless there is no config without it.
  const absent = option.default === undefined && !required;
  if (mapping !== undefined) {
    return absent
      ? [`${indent}# ${key}:`, ...inComment(members(mapping, depth + 2).flat(), indent)]
      : [`${indent}${key}:`, ...members(mapping, depth + 1).flat()];
  }
  if (item?.properties !== undefined) {
    return [`${indent}${key}:`, ...listItem(members(item, depth + 2).flat())];
  }
  const value = option.default ?? option.example ?? null;
  return [`${indent}${absent ? "# " : ""}${key}: ${flow(value)}`];
}

/** The mapping that an option is, or may be in place of a word; never one without members. */
function mappingOf(option: JsonSchema): JsonSchema | undefined {
  const forms = [option, ...(option.anyOf ?? []).map(asSchema)];
  return forms.find((form) => Object.keys(form?.properties ?? {}).length > 0);
}

/** Lines two levels below `indent`, as a comment that leaves them one below when it is removed. */
function inComment(lines: readonly string[], indent: string): readonly string[] {
  return lines.map((line) => `${indent}# ${line.slice(indent.length + 2)}`);
}

/** Puts the dash of a list item before its first member, and the comment above it in line. */
function listItem(lines: readonly string[]): readonly string[] {
  const first = lines.findIndex((line) => !line.trimStart().startsWith("#"));
  return lines.map((line, index) => {
    if (index < first) return line.slice(2);
    return index === first ? line.replace("  ", "- ").replace(/^- ( *)/, "$1- ") : line;
  });
}

function comment(text: string, depth: number): readonly string[] {
  const indent = `${"  ".repeat(depth)}#`;
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(" ")) {
    if (line.length + 1 + word.length > WIDTH) {
      lines.push(line);
      line = indent;
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}

/** A value on one line. */
function flow(value: unknown): string {
  return stringify(value, {
    collectionStyle: "flow",
    flowCollectionPadding: !Array.isArray(value),
    lineWidth: 0,
  }).trim();
}
