// A YAML document to plain values, with the place of each in the file and the environment filled in.
//
// The environment is expanded in scalars after parsing, so that what a variable holds can never
// become structure. Aliases are followed within bounds, so that a small file cannot become a
// large tree.
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Pair,
  Scalar,
} from "yaml";
import { type Environment, expand } from "./environment.ts";
import { type Problem, quote, type Range, type Source } from "./source.ts";

export type Path = readonly PropertyKey[];

/** Where one value stands. */
export interface Place {
  readonly value: Range;
  /** Its key, when it is a member of a mapping. */
  readonly key: Range | undefined;
  /** True when it came from the environment: then no message may repeat it. */
  readonly fromEnvironment: boolean;
}

const MAX_DEPTH = 32;
const MAX_VALUES = 100_000;
const MAX_ALIASES = 100;
/** How many problems with the environment are told of one value. */
const MOST_IN_ONE = 10;
const NOWHERE: Place = { value: { start: 0, end: 0 }, key: undefined, fromEnvironment: false };

/** The values of one document; whatever is wrong with them is in `problems`. */
export class Tree {
  readonly source: Source;
  readonly value: unknown;
  readonly problems: Problem[] = [];
  readonly #document: Document;
  readonly #environment: Environment;
  readonly #places = new Map<string, Place>();
  readonly #broken = new Set<string>();
  #values = 0;
  #aliases = 0;

  constructor(source: Source, document: Document, environment: Environment) {
    this.source = source;
    this.#document = document;
    this.#environment = environment;
    this.value = this.#read(document.contents, [], undefined);
  }

  /** The place at `path`, or that of the nearest mapping or list around it. */
  place(path: Path): Place {
    for (let length = path.length; length >= 0; length--) {
      const place = this.#places.get(keyOf(path.slice(0, length)));
      if (place !== undefined) return place;
    }
    return NOWHERE;
  }

  /** Is there a value at `path`, if only an empty one? */
  has(path: Path): boolean {
    return this.#places.has(keyOf(path));
  }

  /** What to point at for `path`: the value, its key where it is empty, or what is around it. */
  rangeAt(path: Path): Range {
    const { value, key } = this.place(path);
    if (value.end > value.start && this.has(path) && !this.#isLong(value)) return value;
    if (key !== undefined) return key;
    return { start: value.start, end: value.start + 1 };
  }

  #isLong({ start, end }: Range): boolean {
    return this.source.line(end - 1) > this.source.line(start);
  }

  /** True where a problem was found already, and what was read instead means nothing. */
  isBroken(path: Path): boolean {
    return (
      path.some((_, at) => this.#broken.has(keyOf(path.slice(0, at)))) ||
      this.#broken.has(keyOf(path))
    );
  }

  /** `value` for a message: in quotes, or not at all when it came from the environment. */
  shown(path: Path, value: string): string {
    return this.place(path).fromEnvironment ? "(a value from the environment)" : quote(value);
  }

  error(range: Range, message: string): void {
    this.problems.push(this.source.problem("error", range, message));
  }

  #read(node: unknown, path: Path, key: Range | undefined): unknown {
    const range = rangeOf(node) ?? key ?? NOWHERE.value;
    if (path.length > MAX_DEPTH || ++this.#values > MAX_VALUES) return this.#tooMuch(range);
    if (isAlias(node)) return this.#follow(node, path, range);
    this.#places.set(keyOf(path), { value: range, key, fromEnvironment: false });
    if (isMap(node)) return this.#readMap(node.items, path);
    if (isSeq(node))
      return node.items.map((item, at) => this.#read(item, [...path, at], undefined));
    return isScalar(node) ? this.#readScalar(node, path) : null;
  }

  #follow(alias: Alias, path: Path, range: Range): unknown {
    if (++this.#aliases > MAX_ALIASES) return this.#tooMuch(range);
    const target = alias.resolve(this.#document);
    if (target !== undefined) return this.#read(target, path, undefined);
    const text = this.source.text.slice(range.start, range.end);
    return this.#break(
      path,
      range,
      `there is no anchor ${quote(alias.source)} for this alias; a value that begins with * needs quotes: ${quote(text)}`,
    );
  }

  #readMap(items: readonly Pair[], path: Path): Record<string, unknown> {
    const values: Record<string, unknown> = Object.create(null);
    const seen = new Map<string, Range>();
    for (const { key: keyNode, value } of items) {
      const range = rangeOf(keyNode) ?? this.place(path).value;
      if (!isScalar(keyNode) || typeof keyNode.value === "object") {
        this.error(range, "a key must be a plain word");
        continue;
      }
      const key = String(keyNode.source ?? keyNode.value);
      const first = seen.get(key);
      if (first !== undefined) {
        this.error(
          range,
          `${quote(key)} is given twice; the first is on line ${this.source.line(first.start)}`,
        );
        continue;
      }
      seen.set(key, range);
      values[key] = this.#read(value, [...path, key], range);
    }
    return values;
  }

  #readScalar(node: Scalar, path: Path): unknown {
    if (node.source === undefined || !node.source.includes("${")) return node.value;
    const place = this.place(path);
    const { text, expanded, problems } = expand(node.source, this.#environment);
    for (const { part, message } of problems.slice(0, MOST_IN_ONE)) {
      this.#break(path, this.#find(part, place.value), message);
    }
    if (problems.length > 0) return undefined;
    this.#places.set(keyOf(path), { ...place, fromEnvironment: expanded });
    return node.type === Scalar.PLAIN && expanded ? this.#typed(text) : text;
  }

  /** What YAML makes of a plain scalar: a number, true, false, null or text. */
  #typed(text: string): unknown {
    for (const tag of this.#document.schema?.tags ?? []) {
      if (tag.default !== true || tag.collection !== undefined) continue;
      if (tag.test?.test(text) !== true) continue;
      const value = tag.resolve(text, () => {}, {});
      return isScalar(value) ? value.value : value;
    }
    return text;
  }

  /** Where `part` of a scalar stands; quoting may have changed it, then the whole scalar will do. */
  #find(part: string, { start, end }: Range): Range {
    const at = this.source.text.slice(start, end).indexOf(part);
    return at < 0 ? { start, end } : { start: start + at, end: start + at + part.length };
  }

  #break(path: Path, range: Range, message: string): undefined {
    this.#broken.add(keyOf(path));
    this.#places.set(keyOf(path), { value: range, key: undefined, fromEnvironment: false });
    this.error(range, message);
    return undefined;
  }

  /** Nothing of a config that is out of bounds is worth checking further. */
  #tooMuch(range: Range): undefined {
    if (this.#broken.has(keyOf([]))) return undefined;
    return this.#break(
      [],
      range,
      `the config is too large: ${MAX_DEPTH} levels, ${MAX_VALUES} values and ${MAX_ALIASES} aliases are the most`,
    );
  }
}

function rangeOf(node: unknown): Range | undefined {
  if (!isAlias(node) && !isMap(node) && !isSeq(node) && !isScalar(node)) return undefined;
  return node.range ? { start: node.range[0], end: node.range[1] } : undefined;
}

/** A path as people write it: `listeners[0].bind`. */
export function pathText(path: Path): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    return text === "" ? String(step) : `${text}.${String(step)}`;
  }, "");
}

function keyOf(path: Path): string {
  return path.map(String).join("\0");
}
