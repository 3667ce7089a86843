// Which hosts a route is for: `api.example.org`, or every host below one: `*.example.org`.
import { isIPv6 } from "node:net";
import { isHostName } from "./address.ts";

/** What a host pattern looks like, for the JSON Schema. */
export const HOST = /^(\*\.)?[A-Za-z0-9_.-]+$|^\[[0-9a-fA-F:.]+\]$/;

/** Why `pattern` can match no host; undefined when it can. Host names have no port here. */
export function hostProblem(pattern: string): string | undefined {
  if (pattern === "*") return "would match every host; leave it out instead";
  if (pattern.startsWith("[") && pattern.endsWith("]") && isIPv6(pattern.slice(1, -1))) return;
  if (/:[0-9]*$/.test(pattern)) return "must be a host without a port";
  const name = pattern.startsWith("*.") ? pattern.slice(2) : pattern;
  if (name.includes("*")) return "may have a wildcard only as its first label: *.example.org";
  if (!isHostName(name)) return "must be a host name such as api.example.org, or *.example.org";
  const isAddress = /^[0-9]+$/.test(name.split(".").at(-1) ?? "");
  return isAddress && name !== pattern ? "must be a host name after the wildcard" : undefined;
}
