// `healthcheck [URL]`: asks a sidecar how it is, for containers that have no shell and no curl.
import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { atMost, readArguments, UsageError } from "./arguments.ts";

const DEFAULT_URL = "http://127.0.0.1:9902/livez";
const TIMEOUT_MS = 2000;

const HELP = `Usage: tidegate healthcheck [URL]

Asks URL (${DEFAULT_URL} when none is given) and exits 0 when the answer is 200,
1 when it is anything else or does not come within ${TIMEOUT_MS / 1000} s, 2 when URL is no http: URL.
`;

/** The exit code: 0 healthy, 1 not, which stderr then says why. Throws a UsageError for no http: URL. */
export async function healthcheck(args: string[]): Promise<number> {
  const given = readArguments(args, {});
  atMost(1, given);
  if (given.switches.has("help")) {
    process.stdout.write(HELP);
    return 0;
  }
  const [wanted = DEFAULT_URL] = given.operands;
  const url = URL.parse(wanted);
  if (url?.protocol !== "http:") throw new UsageError(`"${wanted}" is not an http: URL`);
  const trouble = await ask(url);
  if (trouble === undefined) return 0;
  process.stderr.write(`healthcheck: ${url.href}: ${trouble}\n`);
  return 1;
}

/** What is wrong, or undefined. `node:http` loads fastest, and takes ports that fetch refuses. */
async function ask(url: URL): Promise<string | undefined> {
  try {
    const asked = get(url, { agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) });
    const [response]: IncomingMessage[] = await once(asked, "response");
    if (response === undefined) return "no answer";
    const body = await text(response);
    return response.statusCode === 200 ? undefined : `${response.statusCode} ${body.trim()}`;
  } catch (error) {
    if (!(error instanceof Error)) return String(error);
    return error.name === "AbortError" ? `no answer within ${TIMEOUT_MS} ms` : error.message;
  }
}
