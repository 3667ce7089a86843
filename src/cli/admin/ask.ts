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
  /** Is nobody there at all? */
  readonly nobody: boolean;

  constructor(message: string, nobody = false) {
    super(message);
    this.nobody = nobody;
  }
}

/** Something to be done, and which statuses besides 200 have something to say about it. */
interface Wish {
  readonly body: unknown;
  readonly statuses: readonly number[];
}

/**
 * The body of a 200 to `GET path`, as JSON; with a wish, of the answer to a POST. Throws a NoAnswer where there
 * is none.
 */
export async function askAdmin(
  { address, token }: Place,
  path: string,
  wish?: Wish,
): Promise<unknown> {
  const { status, text } = await call(address, path, token, wish);
  if (status === 401) {
    throw new NoAnswer(
      `${address.text} wants its token: give --config FILE, or set ${TOKEN_VARIABLE}`,
    );
  }
  const body = jsonOf(text);
  const expected = status === 200 || wish?.statuses.includes(status) === true;
  if (expected && body !== undefined) return body;
  const said = status === 200 ? "something that is no JSON" : `${status}`;
  throw new NoAnswer(
    `${address.text} answers ${said}: is it the admin listener? \`run\` says where that is`,
  );
}

async function call(
  address: Address,
  path: string,
  token: string | undefined,
  wish: Wish | undefined,
): Promise<{ readonly status: number; readonly text: string }> {
  const unix = address.kind === "unix";
  const client = new Client(unix ? "http://localhost" : `http://${address.text}`, {
    connect: unix ? { socketPath: address.path } : {},
    maxResponseSize: ANSWER_BYTES,
  });
  try {
    // The guard against web pages asks for a name of this machine, and this is no web page.
    const headers = {
      host: "localhost",
      ...(token && { authorization: `Bearer ${token}` }),
      ...(wish && { "content-type": "application/json" }),
    };
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const sent = wish && JSON.stringify(wish.body);
    const method = wish === undefined ? "GET" : "POST";
    const { statusCode, body } = await client.request({
      ...{ method, path, headers, signal },
      ...(sent && { body: sent }),
    });
    return { status: statusCode, text: await body.text() };
  } catch (error) {
    throw problemOf(error, address);
  } finally {
    await client.destroy();
  }
}

const HINT = "is the sidecar running? `run` says where admin listens; --admin or --config name it";

function problemOf(error: unknown, { text }: Address): NoAnswer {
  if (!(error instanceof Error)) return new NoAnswer(`${text}: ${String(error)}`);
  if (error.name === "TimeoutError") {
    const seconds = TIMEOUT_MS / 1000;
    return new NoAnswer(
      `no answer from ${text} within ${seconds} s: it hangs, or is something else`,
    );
  }
  const code = "code" in error ? String(error.code) : error.name;
  if (code === "ECONNREFUSED" || code === "ENOENT") {
    return new NoAnswer(`nobody listens on ${text} (${code}): ${HINT}`, true);
  }
  if (code === "EACCES") {
    return new NoAnswer(`this user may not open ${text} (EACCES): ask as who runs it`);
  }
  return new NoAnswer(`no answer from ${text}: ${error.message} (${code})`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
