// Many requests over several connections, each followed to its end.
import type { Address } from "../../src/core/address.ts";
import { RawClient } from "./client.ts";
import { type Response, values } from "./message.ts";

/** What became of one request. */
export interface Shot {
  readonly id: number;
  /** Undefined when the connection ended before a whole response had come. */
  readonly response: Response | undefined;
  readonly status: number;
  readonly body: string;
  readonly reason: string | undefined;
  /** Was the connection ended before a single byte of a response? */
  readonly silent: boolean;
}

export interface Wanted {
  readonly connections: number;
  readonly requests: number;
  /** The request number `id`: its method, and its bytes. */
  request(id: number): readonly [method: string, bytes: string];
}

/** A GET that names its number. */
export function get(id: number): readonly [string, string] {
  return ["GET", `GET /${id} HTTP/1.1\r\nHost: a.test\r\nX-Id: ${id}\r\n\r\n`];
}

/** A POST that names its number. */
export function post(id: number): readonly [string, string] {
  const body = `number ${id}`;
  const head = `POST /${id} HTTP/1.1\r\nHost: a.test\r\nX-Id: ${id}\r\n`;
  return ["POST", `${head}Content-Length: ${body.length}\r\n\r\n${body}`];
}

/** Sends them as fast as they are answered; a connection that was closed is opened again. */
export async function barrage(proxy: Address, wanted: Wanted): Promise<readonly Shot[]> {
  const shots: Shot[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    let client: RawClient | undefined;
    while (next < wanted.requests) {
      const id = next++;
      client = client === undefined || isUsedUp(client) ? await renew(proxy, client) : client;
      shots.push(await fire(client, id, wanted.request(id)));
    }
    client?.close();
  };
  await Promise.all(Array.from({ length: wanted.connections }, worker));
  return shots;
}

/** One request on `client`, and what became of it. */
export async function fire(
  client: RawClient,
  id: number,
  [method, bytes]: readonly [string, string],
): Promise<Shot> {
  const index = client.responses.length;
  const before = client.received.length;
  client.request(method, bytes);
  const come = (): boolean => client.responses.length > index || client.malformed !== undefined;
  await client.bell.until(() => come() || client.closed || client.ended);
  const response = client.responses[index];
  return {
    id,
    response,
    status: response?.status ?? 0,
    body: response?.body.toString("latin1") ?? "",
    reason: response && values(response.fields, "x-tidegate-reason")[0],
    silent: client.received.length === before,
  };
}

/** How many shots ended in each way: by reason, by status, or `cut`. */
export function tally(shots: readonly Shot[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const shot of shots) {
    const way = shot.response === undefined ? "cut" : (shot.reason ?? String(shot.status));
    counts[way] = (counts[way] ?? 0) + 1;
  }
  return counts;
}

/** Was it closed, is it about to be, or has it kept enough bytes? */
function isUsedUp(client: RawClient): boolean {
  const last = client.responses.at(-1);
  const told = last !== undefined && values(last.fields, "connection").join() === "close";
  return told || client.closed || client.ended || client.responses.length >= 100;
}

function renew(proxy: Address, old: RawClient | undefined): Promise<RawClient> {
  old?.close();
  return RawClient.connect(proxy);
}
