// One question to the admin listener of a running sidecar.
import { Client } from "undici";
import type { Address } from "../../core/address.ts";
import { TOKEN_VARIABLE } from "./defaults.ts";
import type { Place } from "./place.ts";

const TIMEOUT_MS = 5000;
/** The state of thousands of endpoints is less. */
const ANSWER_BYTES = 64 * 1024 * 1024;

/** There is no answer that could be shown; the message says why, and what to do. */
export class NoAnswer extends Error {
  override readonly name = "NoAnswer";
}

/** The body of a 200 to `GET path`, as JSON; throws a NoAnswer where there is none. */
export async function askAdmin({ address, token }: Place, path: string): Promise<unknown> {
  const { status, text } = await get(address, path, token);
  if (status === 401) {
    throw new NoAnswer(
      `${address.text} wants its token: give --config FILE, or set ${TOKEN_VARIABLE}`,
    );
  }
  const body = jsonOf(text);
  if (status === 200 && body !== undefined) return body;
  const said = status === 200 ? "something that is no JSON" : `${status}`;
  throw new NoAnswer(
    `${address.text} answers ${said}: is it the admin listener? \`run\` says where that is`,
  );
}

async function get(
  address: Address,
  path: string,
  token: string | undefined,
): Promise<{ readonly status: number; readonly text: string }> {
  const unix = address.kind === "unix";
  const client = new Client(unix ? "http://localhost" : `http://${address.text}`, {
    connect: unix ? { socketPath: address.path } : {},
    maxResponseSize: ANSWER_BYTES,
  });
  try {
    // The guard against web pages asks for a name of this machine, and this is no web page.
    const headers = { host: "localhost", ...(token && { authorization: `Bearer ${token}` }) };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const { statusCode, body } = await client.request({ method: "GET", path, headers, signal });
    return { status: statusCode, text: await body.text() };
  } catch (error) {
    throw new NoAnswer(problemOf(error, address));
  } finally {
    await client.destroy();
  }
}

const HINT = "is the sidecar running? `run` says where admin listens; --admin or --config name it";

function problemOf(error: unknown, { text }: Address): string {
  if (!(error instanceof Error)) return `${text}: ${String(error)}`;
  if (error.name === "TimeoutError") {
    return `no answer from ${text} within ${TIMEOUT_MS / 1000} s: it hangs, or is something else`;
  }
  const code = "code" in error ? String(error.code) : error.name;
  if (code === "ECONNREFUSED" || code === "ENOENT") {
    return `nobody listens on ${text} (${code}): ${HINT}`;
  }
  if (code === "EACCES") return `this user may not open ${text} (EACCES): ask as who runs it`;
  return `no answer from ${text}: ${error.message} (${code})`;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
