// Which route a request takes. Compiled once, when the config is loaded.
//
//   host: exact > "*.suffix" (longer first) > any;   then the longer path;   then more conditions;
//   then the order of the file
import type { RequestHead } from "../core/exchange.ts";

/** What a route asks of a request. */
export interface Match {
  /** `/api/` is a prefix; `/api` is `/api` itself and what is below it. */
  readonly path: string;
  readonly methods?: readonly string[] | undefined;
  /** `a.example.org`, or `*.example.org` for every name below `example.org`. */
  readonly host?: string | undefined;
  /** Fields, with lower-case names, that must be there with exactly this value. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

interface Rule<R> {
  readonly route: R;
  readonly path: string;
  readonly methods: ReadonlySet<string> | undefined;
  readonly headers: readonly (readonly [name: string, value: string])[];
}

export class Router<R extends { readonly match: Match }> {
  readonly #exact = new Map<string, Rule<R>[]>();
  /** Suffixes with their leading dot, longest first. */
  readonly #wildcards: { readonly suffix: string; readonly rules: Rule<R>[] }[] = [];
  readonly #any: Rule<R>[] = [];

  constructor(routes: readonly R[]) {
    for (const route of routes) this.#rulesFor(route.match.host).push(compile(route));
    this.#wildcards.sort((a, b) => b.suffix.length - a.suffix.length);
    const wild = this.#wildcards.map(({ rules }) => rules);
    for (const rules of [...this.#exact.values(), ...wild, this.#any]) rules.sort(moreSpecific);
  }

  /** The most specific route that fits; undefined when there is none. */
  match(request: RequestHead): R | undefined {
    const path = pathOf(request.target);
    if (this.#exact.size > 0) {
      const found = first(this.#exact.get(request.host), request, path);
      if (found !== undefined) return found;
    }
    for (const { suffix, rules } of this.#wildcards) {
      if (!request.host.endsWith(suffix) || request.host.length === suffix.length) continue;
      const found = first(rules, request, path);
      if (found !== undefined) return found;
    }
    return first(this.#any, request, path);
  }

  #rulesFor(host: string | undefined): Rule<R>[] {
    if (host === undefined) return this.#any;
    const name = host.toLowerCase();
    if (!name.startsWith("*.")) {
      const rules = this.#exact.get(name) ?? [];
      this.#exact.set(name, rules);
      return rules;
    }
    const suffix = name.slice(1);
    const known = this.#wildcards.find((entry) => entry.suffix === suffix);
    if (known !== undefined) return known.rules;
    const rules: Rule<R>[] = [];
    this.#wildcards.push({ suffix, rules });
    return rules;
  }
}

function compile<R extends { readonly match: Match }>(route: R): Rule<R> {
  const { path, methods, headers = {} } = route.match;
  const wanted = Object.entries(headers).map(
    ([name, value]) => [name.toLowerCase(), value] as const,
  );
  const allowed = methods === undefined ? undefined : new Set(methods);
  return { route, path, methods: allowed, headers: wanted };
}

function moreSpecific<R>(a: Rule<R>, b: Rule<R>): number {
  return b.path.length - a.path.length || conditions(b) - conditions(a);
}

function conditions<R>(rule: Rule<R>): number {
  return rule.headers.length + (rule.methods === undefined ? 0 : 1);
}

function first<R>(
  rules: readonly Rule<R>[] | undefined,
  request: RequestHead,
  path: string,
): R | undefined {
  if (rules === undefined) return undefined;
  for (const rule of rules) if (fits(rule, request, path)) return rule.route;
  return undefined;
}

function fits<R>(rule: Rule<R>, request: RequestHead, path: string): boolean {
  if (!below(path, rule.path)) return false;
  if (rule.methods !== undefined && !rule.methods.has(request.method)) return false;
  for (const [name, value] of rule.headers) {
    if (!request.fields.named(name).includes(value)) return false;
  }
  return true;
}

function below(path: string, prefix: string): boolean {
  // `*` of OPTIONS is about the server: only a route for everything takes it.
  if (prefix === "/") return true;
  if (!path.startsWith(prefix)) return false;
  return prefix.endsWith("/") || path.length === prefix.length || path[prefix.length] === "/";
}

/** The target without its query. */
export function pathOf(target: string): string {
  const query = target.indexOf("?");
  return query < 0 ? target : target.slice(0, query);
}
