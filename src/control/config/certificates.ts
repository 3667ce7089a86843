// The files that `tls` names: whether they can be used, and what is worth a second look.
import { readFileSync, statSync } from "node:fs";
import { systemClock } from "../../core/clock.ts";
import { type Material, MOST_BYTES, materialOf, type Part } from "../../tls/material.ts";
import type { Config } from "./schema.ts";
import type { Path, Tree } from "./tree.ts";

/** By which option a file is named. */
export type Named = Readonly<
  Partial<Record<Part, { readonly option: string; readonly file: string }>>
>;

/** The files of one `tls`, by what they are to it; undefined where it has none. */
export function filesOf(tls: {
  readonly certificate?: string;
  readonly key?: string;
  readonly ca?: string;
  readonly clientCa?: string;
}): Named {
  const { certificate, key, ca, clientCa } = tls;
  const authorities = ca ?? clientCa;
  return {
    ...(certificate !== undefined && { certificate: { option: "certificate", file: certificate } }),
    ...(key !== undefined && { key: { option: "key", file: key } }),
    ...(authorities !== undefined && {
      ca: { option: ca === undefined ? "clientCa" : "ca", file: authorities },
    }),
  };
}

/** Reports whatever is wrong with the files to `tree`, and what is not but may be soon to `warn`. */
export function checkCertificates(
  { listeners, clusters }: Config,
  tree: Tree,
  warn: (path: Path, message: string) => void,
): void {
  const check = (tls: Parameters<typeof filesOf>[0] | undefined, path: Path): void => {
    if (tls === undefined) return;
    const files = filesOf(tls);
    const at = (part: Part): Path => [...path, "tls", files[part]?.option ?? "certificate"];
    const material = read(files, (part, problem) => {
      const option = files[part]?.option ?? part;
      tree.error(tree.rangeAt(at(part)), `${option} ${problem}`);
    });
    if (material === undefined) return;
    for (const [part, message] of doubts(material)) warn(at(part), message);
  };
  for (const [index, { tls }] of listeners.entries()) check(tls, ["listeners", index]);
  for (const [index, { tls }] of clusters.entries()) check(tls, ["clusters", index]);
}

function read(files: Named, problem: (part: Part, text: string) => void): Material | undefined {
  const texts: Partial<Record<Part, string>> = {};
  let whole = true;
  for (const part of ["certificate", "key", "ca"] as const) {
    const named = files[part];
    if (named === undefined) continue;
    const text = contentOf(named.file);
    if ("problem" in text) problem(part, text.problem);
    else texts[part] = text.content;
    whole &&= "content" in text;
  }
  if (!whole) return undefined;
  const material = materialOf(texts);
  if (!("problem" in material)) return material;
  problem(material.part, material.problem);
  return undefined;
}

function contentOf(file: string): { readonly content: string } | { readonly problem: string } {
  try {
    const found = statSync(file);
    if (!found.isFile()) return { problem: "must be a file; this is something else" };
    if (found.size > MOST_BYTES) return { problem: "must be at most 1MiB" };
    return { content: readFileSync(file, "utf8") };
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    return { problem: REASONS[code] ?? `cannot be read: ${code}` };
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "does not exist; a relative path begins at the working directory",
  ENOTDIR: "cannot be read: a part of its path is not a directory",
  EACCES: "cannot be read: its permissions do not let this user do so",
};

const DAY_MS = 24 * 60 * 60 * 1000;
/** Whoever renews certificates has done so by then: less than a fifth of its life is left, and no month. */
const SOON = { share: 0.2, ms: 30 * DAY_MS };

function* doubts({ own, caExpires }: Material): Generator<[Part, string]> {
  const now = systemClock.wall();
  if (caExpires < now) yield ["ca", `an authority has expired, ${since(caExpires, now)}`];
  if (own === undefined) return;
  const { begins, expires, sans } = own;
  const left = expires - now;
  if (begins > now) yield ["certificate", `is not valid yet: it will be on ${day(begins)}`];
  if (left < 0) yield ["certificate", `has expired, ${since(expires, now)}: it will be refused`];
  else if (left < Math.min(SOON.ms, (expires - begins) * SOON.share))
    yield ["certificate", `expires soon, on ${day(expires)}`];
  if (sans.length === 0)
    yield ["certificate", "has no subjectAltName: nobody can tell by it whose it is"];
}

function since(end: number, now: number): string {
  return `on ${day(end)}, ${Math.floor((now - end) / DAY_MS)} days ago`;
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 16).replace("T", " ");
}
