// What two configs say differently, in the words in which they were written.
//
// Compared is what stands in the files, with references to the environment as references: a default that
// nobody wrote is no difference, and what a variable holds is never shown. Members of a list are known by
// their name or address, so that one more among them is one difference and not many.

/** One thing that is said differently. `from` and `to` are for people; secrets are not in them. */
export type Difference =
  | { readonly kind: "added"; readonly path: string; readonly to: string }
  | { readonly kind: "removed"; readonly path: string; readonly from: string }
  | {
      readonly kind: "changed";
      readonly path: string;
      readonly from: string;
      readonly to: string;
    };

/** As many characters of a value are shown. */
const SHOWN = 200;
const HIDDEN = "(hidden)";
/** Keys whose values may be secrets, with whatever is below them. */
const SECRET = /tok|secret|passw|api-?key|authorization|cookie|^headers$|^body$/i;

/** Everything that `to` says differently from `from`, in the order of `to`; what is gone comes last. */
export function differences(from: unknown, to: unknown): readonly Difference[] {
  return compare(from, to, []);
}

/** `~ clusters.app.connectTimeout: 1s -> 2s`. */
export function printDifference(difference: Difference): string {
  const { kind, path } = difference;
  if (kind === "added") return `+ ${path}: ${difference.to}`;
  if (kind === "removed") return `- ${path}: ${difference.from}`;
  return `~ ${path}: ${difference.from} -> ${difference.to}`;
}

type Steps = readonly string[];
type Members = ReadonlyMap<string, unknown>;

function compare(from: unknown, to: unknown, path: Steps): readonly Difference[] {
  const [before, after] = [membersOf(from), membersOf(to)];
  if (before === undefined || after === undefined) return leaf(from, to, path);
  const there = [...after].flatMap(([key, value]) =>
    before.has(key) ? compare(before.get(key), value, [...path, key]) : added(value, path, key),
  );
  const gone = [...before].filter(([key]) => !after.has(key));
  return [
    ...there,
    ...gone.flatMap(([key, value]) => removed(value, path, key)),
    ...(Array.isArray(from) && Array.isArray(to) ? reordered(before, after, path) : []),
  ];
}

function leaf(from: unknown, to: unknown, path: Steps): readonly Difference[] {
  if (JSON.stringify(from) === JSON.stringify(to)) return [];
  return [{ kind: "changed", path: path.join("."), from: show(from, path), to: show(to, path) }];
}

function added(value: unknown, path: Steps, key: string): readonly Difference[] {
  const place = placeOf(value, path, key);
  return [{ kind: "added", path: place.join("."), to: show(value, place) }];
}

function removed(value: unknown, path: Steps, key: string): readonly Difference[] {
  const place = placeOf(value, path, key);
  return [{ kind: "removed", path: place.join("."), from: show(value, place) }];
}

/** An address in a list is its own name, and need not be said twice. */
function placeOf(value: unknown, path: Steps, key: string): Steps {
  return String(value) === key ? path : [...path, key];
}

/** Of two routes that fit equally well the first one counts. */
function reordered(before: Members, after: Members, path: Steps): readonly Difference[] {
  const old = [...before.keys()].filter((key) => after.has(key));
  const now = [...after.keys()].filter((key) => before.has(key));
  if (old.every((key, at) => key === now[at])) return [];
  const order = `${path.join(".")} (order)`;
  return [{ kind: "changed", path: order, from: cut(old.join(", ")), to: cut(now.join(", ")) }];
}

/** What is in a mapping or a list, by the words that name it; undefined for anything else. */
function membersOf(value: unknown): Members | undefined {
  if (Array.isArray(value)) {
    const members = new Map<string, unknown>();
    for (const item of value) members.set(free(nameOf(item), members), item);
    return members;
  }
  return typeof value === "object" && value !== null ? new Map(Object.entries(value)) : undefined;
}

/** A name, an address, the path of a route that has no name, or the thing itself. */
function nameOf(item: unknown): string {
  if (typeof item !== "object" || item === null) return String(item);
  const fields = new Map<string, unknown>(Object.entries(item));
  const name = fields.get("name") ?? fields.get("address");
  if (typeof name === "string") return name;
  const match = membersOf(fields.get("match"));
  return String(match?.get("path") ?? "/");
}

function free(name: string, taken: Members): string {
  let key = name;
  for (let number = 2; taken.has(key); number++) key = `${name}#${number}`;
  return key;
}

/** A value as people read it. */
function show(value: unknown, path: Steps): string {
  if (path.some((step) => SECRET.test(step))) return HIDDEN;
  const safe = withoutSecrets(value);
  return cut(typeof safe === "string" ? safe : (JSON.stringify(safe) ?? "nothing"));
}

function withoutSecrets(value: unknown): unknown {
  if (typeof value === "string") return plain(value);
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value).map(([key, member]) => [
    key,
    SECRET.test(key) ? HIDDEN : withoutSecrets(member),
  ]);
  return Object.fromEntries(members);
}

/** Queries and what stands before an @ may hold keys, and control characters must not reach a terminal. */
function plain(text: string): string {
  const safe = text.replace(/\?.*/s, `?${HIDDEN}`).replace(/^.*@/s, `${HIDDEN}@`);
  return safe.replace(/\p{C}/gu, "?");
}

function cut(text: string): string {
  return text.length > SHOWN ? `${text.slice(0, SHOWN - 1)}…` : text;
}
