// One TypeScript file as the checks see it: its syntax tree, its imports and exports, and its code
// with comments and the insides of strings blanked out.
import { stripTypeScriptTypes } from "node:module";
import { type AnyNode, type Comment, type Node, type Program, parse, type Token } from "acorn";

/** One import, export-from or `new URL("./x.ts", import.meta.url)`. */
export interface Link {
  readonly specifier: string;
  readonly kind: "import" | "reexport" | "dynamic" | "url";
  /** The names that are taken from the module; "*" is all of them. */
  readonly names: readonly string[];
  readonly line: number;
}

export interface Source {
  readonly path: string;
  readonly text: string;
  /** Same lines and columns as the text; strings, comments, regular expressions are spaces. */
  readonly code: string;
  readonly program: Program;
  readonly links: readonly Link[];
}

/** Reads one file. Throws where it cannot be parsed, which `tsc` would say better. */
export function readSource(path: string, text: string): Source {
  const kept = keepTypeImports(text);
  const comments: Comment[] = [];
  const tokens: Token[] = [];
  const program = parse(stripTypeScriptTypes(kept), {
    ecmaVersion: "latest",
    sourceType: "module",
    locations: true,
    allowHashBang: true,
    onComment: comments,
    onToken: tokens,
  });
  const quoted = tokens.filter(({ type }) => QUOTED.has(type.label));
  const code = blankTypes(blank(text, [...comments, ...quoted]));
  return { path, text, code, program, links: [...links(program)] };
}

const QUOTED = new Set(["string", "template", "invalidTemplate", "regexp"]);

/** Stripping takes type imports away; they count as imports, so they are made plain ones first. */
function keepTypeImports(text: string): string {
  return text
    .replace(/^(import|export) type (?=\{[^}]*\}\s*from\b|\*|\w+ from\b)/gm, "$1      ")
    .replace(/^import \{[^}]*\}/gm, (list) => list.replace(/\btype (?=[\w$])/g, "     "));
}

function blank(text: string, ranges: readonly { start: number; end: number }[]): string {
  let code = "";
  for (const { start, end } of ranges.toSorted((a, b) => a.start - b.start)) {
    code += text.slice(code.length, start) + spaces(text.slice(start, end));
  }
  return code + text.slice(code.length);
}

/** Comments and strings inside types are not in the tree; nothing else is left by now. */
function blankTypes(code: string): string {
  return code.replace(/"[^"\n]*"|'[^'\n]*'|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, spaces);
}

function spaces(text: string): string {
  return text.replace(/[^\n]/g, " ");
}

/** Every node of a tree, parents first. */
export function* walk(node: Node): Generator<AnyNode> {
  if (isNode(node)) yield node;
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value])
      if (isNode(child)) yield* walk(child);
  }
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}

function* links(program: Program): Generator<Link> {
  for (const node of walk(program)) {
    const link = linkOf(node);
    if (link !== undefined) yield { ...link, line: node.loc?.start.line ?? 0 };
  }
}

function linkOf(node: AnyNode): Omit<Link, "line"> | undefined {
  switch (node.type) {
    case "ImportDeclaration":
      return { kind: "import", specifier: textOf(node.source), names: node.specifiers.map(taken) };
    case "ExportAllDeclaration":
      return { kind: "reexport", specifier: textOf(node.source), names: ["*"] };
    case "ExportNamedDeclaration": {
      if (!node.source) return undefined;
      const names = node.specifiers.map(({ local }) => nameOf(local));
      return { kind: "reexport", specifier: textOf(node.source), names };
    }
    case "ImportExpression":
      return { kind: "dynamic", specifier: textOf(node.source), names: ["*"] };
    case "NewExpression": {
      const first = node.arguments[0];
      if (nameOf(node.callee) !== "URL" || first === undefined) return undefined;
      return { kind: "url", specifier: textOf(first), names: [] };
    }
    default:
      return undefined;
  }
}

function taken(node: AnyNode): string {
  if (node.type === "ImportDefaultSpecifier") return "default";
  return node.type === "ImportSpecifier" ? nameOf(node.imported) : "*";
}

/** The name of an identifier or of a string used as one; "" for anything else. */
export function nameOf(node: AnyNode): string {
  return node.type === "Identifier" ? node.name : textOf(node);
}

function textOf(node: AnyNode): string {
  return node.type === "Literal" && typeof node.value === "string" ? node.value : "";
}

/** The line, counted from 1, of an offset in a text. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}
