// Configs to test with: a small one that is right, with something put into it.
import fc from "fast-check";
import { type Loaded, parseConfig } from "../../../src/control/config/load.ts";
import type { Config } from "../../../src/control/config/schema.ts";
import type { Problem } from "../../../src/control/config/source.ts";

interface Tap {
  doesNotThrow(action: () => void): unknown;
}

type Environment = Readonly<Record<string, string | undefined>>;

const CLUSTERS = `clusters:
  - name: app
    endpoints: [127.0.0.1:3000]
`;

const LISTENERS = `listeners:
  - name: inbound
    bind: 127.0.0.1:8080
    routes: [{ cluster: app }]
`;

/** `text` on line 1, before a config that is right. */
export function atTop(text = ""): string {
  return `${text}\n${LISTENERS}${CLUSTERS}`;
}

/** `text` in the listener: line 4, from column 5. */
export function inListener(text: string): string {
  const lines = `listeners:
  - name: inbound
    bind: 127.0.0.1:8080
    ${text}
    routes: [{ cluster: app }]
`;
  return lines + CLUSTERS;
}

/** `text` in the only route: line 6, from column 9. */
export function inRoute(text: string): string {
  const lines = `listeners:
  - name: inbound
    bind: 127.0.0.1:8080
    routes:
      - cluster: app
        ${text}
`;
  return lines + CLUSTERS;
}

/** Routes, each as a flow mapping; the first on line 5, from column 9. */
export function withRoutes(...routes: string[]): string {
  const items = routes.map((route) => `      - ${route}\n`).join("");
  return `listeners:\n  - name: inbound\n    bind: 127.0.0.1:8080\n    routes:\n${items}${CLUSTERS}`;
}

/** `text` in the cluster: line 8, from column 5. */
export function inCluster(text: string): string {
  return `${LISTENERS}${CLUSTERS}    ${text}\n`;
}

export function parse(text: string, environment: Environment = {}): Loaded {
  return parseConfig("test.yaml", text, environment);
}

/** The errors of a config as `line:column: message`. */
export function errorsOf(text: string, environment: Environment = {}): string[] {
  const loaded = parse(text, environment);
  return loaded.ok ? [] : loaded.errors.map(told);
}

/** The warnings of a config that is right. */
export function warningsOf(text: string): string[] {
  return right(parse(text)).warnings.map(told);
}

export function configOf(text: string, environment: Environment = {}): Config {
  return right(parse(text, environment)).config;
}

/** Asserts that `property` holds for everything; a failure tells its counterexample and seed. */
export function holds<T>(t: Tap, property: fc.IProperty<T>): void {
  t.doesNotThrow(() => fc.assert(property));
}

function told({ line, column, message }: Problem): string {
  return `${line}:${column}: ${message}`;
}

function right(loaded: Loaded): Extract<Loaded, { ok: true }> {
  if (!loaded.ok) throw new Error(loaded.errors.map(told).join("\n"));
  return loaded;
}
