// The names in certificates, and patterns of them: subjectAltName, RFC 5280 4.2.1.6.
import type { San } from "../core/exchange.ts";

/** Is one of these names allowed? */
export type SanCheck = (sans: readonly San[]) => boolean;

/** `DNS:a.test, URI:spiffe://…`; names that hold a comma or a quote are JSON strings. */
const ENTRY = /([^:,"]+):("(?:[^"\\]|\\.)*"|[^,]*)(?:, |$)/g;

/** The names in the text that Node has for them; none where there is none. */
export function sansOf(text: string | undefined): readonly San[] {
  return Array.from((text ?? "").matchAll(ENTRY), ([, kind = "", name = ""]) => {
    return { kind, name: name.startsWith('"') ? plain(name) : name };
  });
}

function plain(json: string): string {
  try {
    return String(JSON.parse(json));
  } catch {
    // A name that is no name matches nothing.
    return "";
  }
}

/**
 * Whether one of the names matches one of the patterns. A pattern with `://` is of URIs, one with `@` of mail
 * addresses, any other one of DNS names and IP addresses. `*` stands for one or more characters, but for no `.` in a
 * DNS name and no `/` in a URI. DNS names and mail addresses have no case.
 */
export function sanCheck(patterns: readonly string[]): SanCheck {
  const checks = patterns.map(checkOf);
  return (sans) => sans.some((san) => checks.some((check) => check(san)));
}

function checkOf(pattern: string): (san: San) => boolean {
  const uri = pattern.includes("://");
  const kinds = uri ? ["URI"] : pattern.includes("@") ? ["email"] : ["DNS", "IP Address"];
  const run = uri ? "[^/]+" : "[^.]+";
  const parts = pattern.split("*").map((part) => part.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&"));
  const shape = new RegExp(`^${parts.join(run)}$`, uri ? "" : "i");
  return ({ kind, name }) => kinds.includes(kind) && shape.test(name);
}
