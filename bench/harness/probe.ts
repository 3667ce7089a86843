// Is a contender's answer right? Asked once before it is measured: a fast wrong answer is none.
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { request as requestSecure } from "node:https";
import { receipt } from "./origin.ts";
import type { Scenario } from "./scenarios.ts";

const TIMEOUT_MS = 10_000;

/** Undefined when `port` answers `scenario` as the origin meant it, else what is wrong. */
export async function probe(port: number, scenario: Scenario): Promise<string | undefined> {
  try {
    const { status, body } = await ask(port, scenario);
    return fault(scenario, status, body);
  } catch (error) {
    return `no answer: ${error instanceof Error ? error.message : error}`;
  }
}

/** What is wrong with this answer to `scenario`; undefined when nothing is. */
export function fault(scenario: Scenario, status: number, body: Buffer): string | undefined {
  if (status !== scenario.status) return `status ${status} instead of ${scenario.status}`;
  const { requestBytes, responseBytes } = scenario;
  if (responseBytes !== undefined && body.length !== responseBytes) {
    return `a body of ${body.length} bytes instead of ${responseBytes}`;
  }
  if (requestBytes > 0 && body.toString() !== receipt(requestBytes)) {
    return `the origin says "${body.toString()}" to a body of ${requestBytes} bytes`;
  }
  return undefined;
}

async function ask(
  port: number,
  { path, requestBytes, secure }: Scenario,
): Promise<{ status: number; body: Buffer }> {
  const method = requestBytes > 0 ? "POST" : "GET";
  const headers = requestBytes > 0 ? { "content-length": requestBytes } : {};
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  const options = { host: "127.0.0.1", port, path, method, headers, agent: false as const, signal };
  // Whose certificate it is does not matter here.
  const asked =
    secure === true ? requestSecure({ ...options, rejectUnauthorized: false }) : request(options);
  asked.end(Buffer.alloc(requestBytes, "b"));
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk);
  return { status: response.statusCode ?? 0, body: Buffer.concat(chunks) };
}
