// Plays one request case against a proxy, and says what happened on both sides.
import type { Address } from "../../src/core/address.ts";
import { RawClient } from "../support/client.ts";
import { type Response, values } from "../support/message.ts";
import type { Link, Seen, Upstream } from "../support/upstream.ts";
import type { RequestCase } from "./cases.ts";

export interface World {
  readonly proxy: Address;
  readonly upstream: Upstream;
}

export interface Observation {
  readonly responses: readonly Response[];
  /** What the proxy made of the first message, in the words of the cases. */
  readonly verdict: string;
  /** The complete requests that the upstream saw, without our own probes. */
  readonly requests: readonly Seen[];
  /** Every byte that the upstream was sent, probes included, as latin1. */
  readonly raw: string;
  /** Did the proxy close the client's connection before we asked it to? */
  readonly closed: boolean;
  /** What was wrong whatever the case wanted: unreadable bytes on either side, for example. */
  readonly complaints: readonly string[];
}

/** What the client sends once it has been asked for the body. */
const CONTINUATIONS: Readonly<Record<string, string>> = {
  "ex-100": "hello",
  "own-ex-100-chunked": "5\r\nhello\r\n0\r\n\r\n",
  "own-ex-100-case": "hello",
};

const PROBE = "GET /probe HTTP/1.1\r\nHost: probe.test\r\n\r\n";

/** Sends the case's bytes in `pieces`, and watches until nothing more can come of them. */
export async function play(
  world: World,
  { id, raw, close, upstream_assert }: RequestCase,
  pieces: readonly string[] = [raw],
): Promise<Observation> {
  const stuck = forget(world.upstream);
  const client = await RawClient.connect(world.proxy);
  try {
    client.expect(...methodsOf(raw));
    await send(client, pieces);
    await proceed(client, id);
    // A probe behind a message that has to time out would complete it: the answers come first.
    const answers = close === true ? answersIn(upstream_assert) : 0;
    await client.bell.until(() => client.responses.length >= answers || client.closed);
    const answered = await probe(client);
    await sentinel(world, stuck);
    const responses = client.responses.filter((each) => !carries(each, "/probe"));
    const seen = seenBy(world.upstream);
    const complaints = [...unread(client), ...seen.complaints];
    const verdict = verdictOf(responses, seen.requests);
    return { responses, verdict, closed: !answered, ...seen, complaints };
  } finally {
    client.close();
  }
}

/** Writes each piece so that it is read before the next one is written. */
async function send(client: RawClient, pieces: readonly string[]): Promise<void> {
  for (const piece of pieces) {
    if (client.closed) return;
    await client.written(piece);
    if (pieces.length > 1) await turn();
  }
}

/** Two turns of the event loop: the bytes that were written are read in the first. */
export async function turn(): Promise<void> {
  for (let turns = 0; turns < 2; turns++) await new Promise((next) => setImmediate(next));
}

/** Sends the body of the case called `id`, once the client is asked for it. */
export async function proceed(client: RawClient, id: string): Promise<void> {
  const continuation = CONTINUATIONS[id];
  if (continuation === undefined) return;
  const asked = (): boolean => client.received.bytes().includes("HTTP/1.1 100 ");
  await client.bell.until(() => asked() || client.responses.length > 0 || client.closed);
  if (asked()) await client.written(continuation);
}

/** How many responses the case itself speaks of. */
function answersIn(assertion: string): number {
  const match = /answers are ([0-9 ]+)/.exec(assertion);
  return match?.[1]?.trim().split(" ").length ?? 1;
}

/** Does the connection still carry a request? */
async function probe(client: RawClient): Promise<boolean> {
  const isProbe = (): boolean => client.responses.some((each) => carries(each, "/probe"));
  client.write(PROBE);
  await client.bell.until(() => isProbe() || client.closed || client.ended);
  return isProbe();
}

/** A request on a connection of its own: when it is answered, earlier ones have arrived too. */
export async function sentinel(world: World, stuck: ReadonlySet<Link>): Promise<void> {
  const client = await RawClient.connect(world.proxy);
  client.request("GET", "GET /sentinel HTTP/1.1\r\nHost: probe.test\r\n\r\n");
  await client.response();
  client.close();
  const settled = (): boolean =>
    world.upstream.links.every((link) => link.closed || !link.partial || stuck.has(link));
  await world.upstream.bell.until(settled);
}

function carries(response: Response, target: string): boolean {
  return values(response.fields, "x-target")[0] === target;
}

/** A connection may carry more responses than the case has requests: those are found as well. */
export function methodsOf(raw: string): readonly string[] {
  const methods = [...raw.matchAll(/(?:^|\r\n\r\n)\s*([A-Z]+) [^\r\n]* HTTP/g)];
  const named = methods.map((match) => match[1] ?? "GET");
  return [...named, ...Array<string>(150).fill("GET")];
}

/** Forgets what the upstream was sent before, but for the connections that a failed case left. */
export function forget(upstream: Upstream): ReadonlySet<Link> {
  upstream.requests.length = 0;
  for (const link of upstream.links) {
    link.raw.drop(link.raw.length);
    link.malformed = undefined;
  }
  return new Set(upstream.links.filter((link) => link.partial));
}

function seenBy(upstream: Upstream): Pick<Observation, "requests" | "raw" | "complaints"> {
  const requests = upstream.requests.filter((each) => !isProbe(each));
  const raw = upstream.links.map((link) => link.raw.bytes().toString("latin1")).join("");
  const complaints = upstream.links.flatMap((link) =>
    link.malformed === undefined ? [] : [`the upstream cannot read a request: ${link.malformed}`],
  );
  for (const request of requests) complaints.push(...improper(request));
  return { requests, raw, complaints };
}

function isProbe(request: Seen): boolean {
  return values(request.fields, "host")[0] === "probe.test";
}

/** What no request to an upstream may carry, and what each must. */
function improper(request: Seen): string[] {
  const names = request.fields.map((field) => field.name.toLowerCase());
  const complaints = ["keep-alive", "proxy-connection", "http2-settings", "proxy-authorization"]
    .filter((name) => names.includes(name))
    .map((name) => `${name} went upstream`);
  for (const name of ["via", "x-request-id", "x-forwarded-for", "x-forwarded-proto"]) {
    if (!names.includes(name)) complaints.push(`${name} is missing upstream`);
  }
  if (request.version !== "HTTP/1.1") complaints.push(`${request.version} went upstream`);
  return complaints;
}

function unread(client: RawClient): string[] {
  if (client.malformed !== undefined) return [`the client cannot read: ${client.malformed}`];
  const rest = client.rest.toString("latin1");
  return rest === "" ? [] : [`half a response: ${JSON.stringify(rest.slice(0, 100))}`];
}

/** `forward`, `local` (a good answer of our own), `reject-N`, `refuse-N` or `close`. */
function verdictOf(responses: readonly Response[], requests: readonly Seen[]): string {
  const [first] = responses;
  if (first === undefined) return "close";
  const { fields, status } = first;
  const reason = values(fields, "x-tidegate-reason");
  if (reason.length === 0 && status < 300) return requests.length > 0 ? "forward" : "local";
  if (reason.length !== 1) return `status-${status} without one reason`;
  return values(fields, "connection").join() === "close" ? `reject-${status}` : `refuse-${status}`;
}
