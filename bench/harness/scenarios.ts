// What is asked of every contender.
import { LARGE_BYTES, MEDIUM_BYTES, SMALL_BYTES } from "./origin.ts";

/** One kind of load, the same for every contender. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly connections: number;
  readonly path: string;
  /** Bytes of the request's body; 0 makes it a GET. */
  readonly requestBytes: number;
  readonly status: 200 | 404;
  /** Bytes of the response's body; undefined where each contender has its own text. */
  readonly responseBytes: number | undefined;
  /** True where the bytes are the cost, so that it is told per byte as well. */
  readonly bulk: boolean;
  /** With TLS. */
  readonly secure?: boolean;
}

const get = { path: "/app/small", requestBytes: 0, status: 200, bulk: false } as const;
const post = { path: "/app/body", status: 200, responseBytes: SMALL_BYTES } as const;

export const SCENARIOS: readonly Scenario[] = [
  {
    ...get,
    name: "get1",
    title: "48-byte GET, 1 connection",
    connections: 1,
    responseBytes: SMALL_BYTES,
  },
  {
    ...get,
    name: "get64",
    title: "48-byte GET, 64 connections",
    connections: 64,
    responseBytes: SMALL_BYTES,
  },
  {
    ...get,
    name: "get1000",
    title: "48-byte GET, 1000 connections",
    connections: 1000,
    responseBytes: SMALL_BYTES,
  },
  {
    ...post,
    name: "post",
    title: "1 KiB POST, 64 connections",
    connections: 64,
    requestBytes: 1024,
    bulk: false,
  },
  {
    ...get,
    name: "medium",
    title: "100 KiB response, 64 connections",
    connections: 64,
    path: "/app/medium",
    responseBytes: MEDIUM_BYTES,
  },
  {
    ...get,
    name: "download",
    title: "10 MiB download, 4 connections",
    connections: 4,
    path: "/app/large",
    responseBytes: LARGE_BYTES,
    bulk: true,
  },
  {
    ...post,
    name: "upload",
    title: "10 MiB upload, 4 connections",
    connections: 4,
    requestBytes: LARGE_BYTES,
    bulk: true,
  },
  {
    ...get,
    name: "refuse",
    title: "refusal of an unroutable request, 64 connections",
    connections: 64,
    path: "/nowhere",
    status: 404,
    responseBytes: undefined,
  },
];

/** The scenarios of a comma-separated list, all when it is undefined; throws at an unknown name. */
export function chosenScenarios(list: string | undefined): readonly Scenario[] {
  return choose(SCENARIOS, list, "scenario");
}

/** Those of `all` whose names are in the comma-separated `list`, in the order of `all`. */
export function choose<T extends { readonly name: string }>(
  all: readonly T[],
  list: string | undefined,
  kind: string,
): readonly T[] {
  if (list === undefined) return all;
  const wanted = list.split(",").map((name) => name.trim());
  const unknown = wanted.filter((name) => !all.some((each) => each.name === name));
  if (unknown.length === 0) return all.filter((each) => wanted.includes(each.name));
  const names = all.map((each) => each.name).join(", ");
  throw new Error(`bench: no ${kind} is called ${unknown.join(", ")}; there are ${names}`);
}
