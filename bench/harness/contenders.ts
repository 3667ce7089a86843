// All contenders, in the order in which each round visits them.
import { direct } from "../contenders/direct.ts";
import { fastProxy } from "../contenders/fast-proxy.ts";
import { haproxy } from "../contenders/haproxy.ts";
import { httpProxy } from "../contenders/http-proxy.ts";
import { nginx } from "../contenders/nginx.ts";
import { replyFrom } from "../contenders/reply-from.ts";
import { tidegate } from "../contenders/tidegate.ts";
import type { Contender } from "./contender.ts";
import { choose } from "./scenarios.ts";

/** The contender that every ratio is taken to. */
export const BASE = haproxy.name;
/** The one that is ours. */
export const OURS = tidegate.name;

export const CONTENDERS: readonly Contender[] = [
  tidegate,
  haproxy,
  nginx,
  fastProxy,
  replyFrom,
  httpProxy,
  direct,
];

/** What can run here, and why the others cannot. */
export interface Field {
  readonly present: readonly Contender[];
  readonly absent: readonly { readonly name: string; readonly why: string }[];
}

/** The contenders of a comma-separated list, all when it is undefined; throws at unknown names. */
export async function field(list: string | undefined): Promise<Field> {
  return presentOf(choose(CONTENDERS, list, "contender"));
}

/** Those of `chosen` that can run here, and why the others cannot. */
export async function presentOf(chosen: readonly Contender[]): Promise<Field> {
  const whys = await Promise.all(chosen.map((contender) => contender.available()));
  const present = chosen.filter((_, index) => whys[index] === undefined);
  const absent = chosen.flatMap((contender, index) => {
    const why = whys[index];
    return why === undefined ? [] : [{ name: contender.name, why }];
  });
  return { present, absent };
}
