// Plays one response case: an upstream that misbehaves as told, and a client that watches.
import { RawClient } from "../support/client.ts";
import { type Response, values } from "../support/message.ts";
import { type Link, POLITE, type Seen } from "../support/upstream.ts";
import { type ResponseCase, reuseOf } from "./cases.ts";
import type { World } from "./exchange.ts";
import { atOnce, IDLE, requestOf, type Sending, scriptOf, TARGET, wantsWarmth } from "./script.ts";

export interface Outcome {
  /** `forward`, `truncate`, `retry`, or the status of our own answer. */
  readonly verdict: string;
  readonly response: Response | undefined;
  /** What the client was sent, as latin1. */
  readonly received: string;
  readonly reason: string | undefined;
  /** Every try at the case's request that arrived whole. */
  readonly attempts: readonly Seen[];
  /** Did the next request go over the same upstream connection? */
  readonly reused: boolean;
  /** Did the proxy close the client's connection? */
  readonly closed: boolean;
  readonly complaints: readonly string[];
}

export async function watch(
  world: World,
  wire: ResponseCase,
  send: Sending = atOnce,
): Promise<Outcome> {
  const { upstream } = world;
  const warm = wantsWarmth(wire) ? await warmUp(world) : undefined;
  if (warm === undefined) await chill(world);
  upstream.requests.length = 0;
  const client = await RawClient.connect(world.proxy);
  try {
    upstream.script = scriptOf(wire, { client, warm, send });
    const { method, bytes } = requestOf(wire);
    const links = upstream.links.length;
    client.request(method, bytes);
    await client.bell.until(() => client.responses.length > 0 || client.closed || client.ended);
    if (client.malformed === undefined) await client.bell.until(() => settled(client));
    const used = upstream.requests.find((each) => each.target === TARGET)?.link;
    const first = used ?? upstream.links[links] ?? warm;
    await misbehave(wire, first);
    const closed = client.closed || client.ended;
    const next = await follow(world, client);
    const mustGo = reuseOf(wire) === false && first !== undefined;
    if (mustGo) await upstream.bell.until(() => first.closed);
    return {
      ...describe(wire, client, world),
      closed,
      reused: next.link === first,
      ...next.finding,
    };
  } finally {
    client.close();
    upstream.script = POLITE;
  }
}

/** Makes sure that the proxy holds an idle connection, and says which. */
async function warmUp(world: World): Promise<Link> {
  const client = await RawClient.connect(world.proxy);
  client.request("GET", "GET /warm HTTP/1.1\r\nHost: a.test\r\n\r\n");
  await client.response();
  client.close();
  const link = world.upstream.requests.at(-1)?.link;
  if (link === undefined) throw new Error("the warm-up never arrived");
  return link;
}

/** Makes sure that the proxy holds no idle connection. */
async function chill({ upstream }: World): Promise<void> {
  for (const link of upstream.open) link.finish();
  await upstream.bell.until(() => upstream.open.length === 0);
}

function settled(client: RawClient): boolean {
  const [response] = client.responses;
  if (response === undefined) return client.closed;
  const last = values(response.fields, "connection").join().toLowerCase() === "close";
  return !last || client.closed || client.ended;
}

async function misbehave(wire: ResponseCase, link: Link | undefined): Promise<void> {
  const idle = IDLE[wire.then];
  if (idle === undefined || link === undefined) return;
  idle(link);
  await link.upstream.bell.until(() => link.closed);
}

interface Next {
  readonly link: Link | undefined;
  readonly finding: { readonly complaints: readonly string[] };
}

/** The request after the case: on the same connection where that is open, else on a new one. */
async function follow(world: World, client: RawClient): Promise<Next> {
  const complaints = client.malformed === undefined ? [] : [`unreadable: ${client.malformed}`];
  const again = client.closed || client.ended ? await RawClient.connect(world.proxy) : client;
  const index = again.responses.length;
  again.request("GET", "GET /next HTTP/1.1\r\nHost: a.test\r\n\r\n");
  const response = await again.response(index);
  if (response.status !== 200 || response.body.toString() !== "ok") {
    complaints.push(`the next request got ${response.status} ${response.body.toString("latin1")}`);
  }
  if (again !== client) again.close();
  const seen = world.upstream.requests.filter((each) => each.target === "/next");
  if (seen.length !== 1) complaints.push(`the next request arrived ${seen.length} times`);
  return { link: seen[0]?.link, finding: { complaints } };
}

function describe(
  wire: ResponseCase,
  client: RawClient,
  { upstream }: World,
): Omit<Outcome, "reused" | "closed" | "complaints"> {
  const [response] = client.responses;
  const attempts = upstream.requests.filter((each) => each.target === TARGET);
  const received = client.received.bytes().toString("latin1");
  const reason = response && values(response.fields, "x-tidegate-reason")[0];
  const verdict = response === undefined ? cut(received) : verdictOf(wire, response, reason);
  return { verdict, response, received, reason, attempts };
}

/** A message that began and did not end is `truncate`; anything less is no answer at all. */
function cut(received: string): string {
  return /(?:^|\r\n\r\n)HTTP\/1\.1 [2-5]/.test(received) ? "truncate" : "nothing";
}

function verdictOf(wire: ResponseCase, response: Response, reason: string | undefined): string {
  if (reason !== undefined) return String(response.status);
  const retried = wantsWarmth(wire) && response.status === 200 && response.body.toString() === "ok";
  return retried ? "retry" : "forward";
}
