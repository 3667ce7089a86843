// Plays one case many times at once: cut in two at every byte boundary, and byte by byte.
import { RawClient } from "../support/client.ts";
import type { Response } from "../support/message.ts";
import type { Seen } from "../support/upstream.ts";
import type { RequestCase } from "./cases.ts";
import {
  forget,
  methodsOf,
  type Observation,
  proceed,
  sentinel,
  turn,
  type World,
} from "./exchange.ts";

/** How the splits differ from `whole`, the same case sent in one piece; empty when they do not. */
export async function playSplit(
  world: World,
  wire: RequestCase,
  whole: Observation,
  tried: Set<string>,
): Promise<readonly string[]> {
  const stuck = forget(world.upstream);
  const ways = [...cuts(wire.raw, tried), [...wire.raw]];
  const clients = await Promise.all(ways.map(() => RawClient.connect(world.proxy)));
  try {
    for (const client of clients) client.expect(...methodsOf(wire.raw));
    await sendTogether(clients, ways);
    await Promise.all(clients.map((client) => proceed(client, wire.id)));
    await Promise.all(clients.map((client) => settle(client, whole)));
    await sentinel(world, stuck);
    const complaints = clients.flatMap((client, index) => differs(client, whole, ways[index]));
    return [...complaints, ...differsUpstream(world, whole, ways.length)];
  } finally {
    for (const client of clients) client.close();
  }
}

/** What lies behind a cut matters this far: longer than any token of the framing. */
const BEHIND = 12;

/** Two pieces for each boundary; cases that begin alike are cut only once where they are alike. */
function cuts(raw: string, tried: Set<string>): string[][] {
  const ways: string[][] = [];
  for (let at = 1; at < raw.length; at++) {
    const place = `${at} ${raw.slice(0, at + BEHIND)}`;
    if (tried.has(place)) continue;
    tried.add(place);
    ways.push([raw.slice(0, at), raw.slice(at)]);
  }
  return ways;
}

/** Piece by piece; the event loop turns between any two, so that none are read together. */
async function sendTogether(
  clients: readonly RawClient[],
  ways: readonly string[][],
): Promise<void> {
  const most = Math.max(...ways.map((way) => way.length));
  for (let piece = 0; piece < most; piece++) {
    for (const [index, client] of clients.entries()) {
      const bytes = ways[index]?.[piece];
      if (bytes !== undefined && !client.closed) client.write(bytes);
    }
    await turn();
  }
}

async function settle(client: RawClient, { responses, closed }: Observation): Promise<void> {
  const over = (): boolean => client.closed || client.ended;
  const enough = (): boolean => client.responses.length >= responses.length && !closed;
  await client.bell.until(() => over() || enough());
}

function differs(client: RawClient, whole: Observation, way: readonly string[] = []): string[] {
  const got = client.responses.map(summary).join();
  const wanted = whole.responses.map(summary).join();
  if (got === wanted) return [];
  return [`sent as ${JSON.stringify(way.slice(0, 2))}: got ${got}, whole ${wanted}`];
}

function summary({ status, fields, body }: Response): string {
  const kept = fields.filter(({ name }) => !/^(date|x-request-id|retry-after)$/i.test(name));
  return JSON.stringify([status, kept, body.toString("latin1")]);
}

/** Each split must have arrived as the whole did, and the whole as often as there are splits. */
function differsUpstream({ upstream }: World, whole: Observation, ways: number): string[] {
  const counts = new Map<string, number>();
  for (const request of whole.requests) count(counts, digest(request), ways);
  for (const request of upstream.requests) {
    if (request.target !== "/sentinel") count(counts, digest(request), -1);
  }
  const wrong = [...counts].filter(([, left]) => left !== 0);
  return wrong.map(([request, left]) => `${left > 0 ? "missing" : "extra"} upstream: ${request}`);
}

function count(counts: Map<string, number>, key: string, amount: number): void {
  counts.set(key, (counts.get(key) ?? 0) + amount);
}

/** What must be equal: all but the chunking, the time left, and ids that each request gets anew. */
function digest({ startLine, fields, body, trailers }: Seen): string {
  const kept = fields.filter(
    ({ name }) => !/^(x-request-id|traceparent|x-envoy-expected-rq-timeout-ms)$/i.test(name),
  );
  return JSON.stringify([startLine, kept, body.toString("latin1"), trailers]);
}
