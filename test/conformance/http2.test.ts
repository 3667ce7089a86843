// Every case of HTTP/2, over real sockets, through a real sidecar.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import {
  block,
  CODES,
  END_HEADERS,
  END_STREAM,
  type Frame,
  FrameClient,
  type FrameType,
  frame,
  frameOf,
  GET,
  statusOf,
} from "../support/frames.ts";
import { copyAndOriginal } from "./cases.ts";
import { type OpenWorld, openWorld } from "./world.ts";

interface Step {
  readonly type?: FrameType;
  readonly flags?: number;
  readonly stream?: number;
  readonly headers?: readonly (readonly [string, string])[];
  readonly hex?: string;
  readonly repeat?: number;
  readonly macro?: "HEADERS+RST" | "HEADERS+WU0";
}

interface Http2Case {
  readonly id: string;
  readonly note: string;
  readonly expect: string;
  readonly accept?: readonly string[];
  readonly frames: readonly Step[];
}

const CASES: readonly Http2Case[] = JSON.parse(
  readFileSync(join(import.meta.dirname, "cases", "http2.json"), "utf8"),
);

const LAST_PING = "the last";

function bytesOf(step: Step): Buffer[] {
  const { type, flags = 0, stream = 0, headers, hex = "", repeat = 1, macro } = step;
  if (macro !== undefined) {
    const then = (id: number) =>
      macro === "HEADERS+RST"
        ? frame("RST_STREAM", 0, id, "\0\0\0\x08")
        : frame("WINDOW_UPDATE", 0, id, "\0\0\0\0");
    return Array.from({ length: repeat }, (_, i) => [
      frameOf("HEADERS", END_HEADERS | END_STREAM, 2 * i + 1, GET),
      then(2 * i + 1),
    ]).flat();
  }
  if (type === undefined) throw new Error("a step says neither a frame nor a macro");
  const payload = headers === undefined ? Buffer.from(hex, "hex") : block(headers);
  return Array.from({ length: repeat }, () => frameOf(type, flags, stream, payload));
}

/** Has it been told to go, for a reason? */
function isTold({ goaway }: FrameClient): boolean {
  return goaway !== undefined && goaway !== "NO_ERROR";
}

/** What the client is told, in the words of the cases. Who is told to go stays, to be closed, and is `parting`. */
async function play(world: OpenWorld, wire: Http2Case, parting: FrameClient[]): Promise<string> {
  const before = world.upstream.requests.length;
  const client = await FrameClient.connect(world.proxy);
  try {
    client.write(...wire.frames.flatMap(bytesOf), frame("PING", 0, 0, LAST_PING));
    const opens = wire.frames.some(({ type }) => type === "HEADERS");
    const answered = (): boolean => client.frames.some(endsStream);
    const ponged = (): boolean =>
      client.of("PING").some(({ payload }) => payload.toString("latin1") === LAST_PING);
    const settled = (): boolean => isTold(client) || (opens ? answered() : ponged());
    await client.bell.until(() => client.closed || settled());
    return verdict(client, world.upstream.requests.slice(before), wire);
  } finally {
    if (isTold(client)) parting.push(client);
    else client.close();
  }
}

function endsStream({ type, flags, stream }: Frame): boolean {
  if (stream !== 1) return false;
  return type === "RST_STREAM" || ((type === "HEADERS" || type === "DATA") && (flags & 1) === 1);
}

function verdict(
  client: FrameClient,
  requests: OpenWorld["upstream"]["requests"],
  wire: Http2Case,
): string {
  const { goaway } = client;
  if (isTold(client)) return `goaway-${goaway}`;
  const [head] = client.of("HEADERS");
  const status = head === undefined ? 0 : statusOf(head.payload);
  if (status === 200 && requests.length === 1) {
    const names = new Set(requests[0]?.fields.map(({ name }) => name.toLowerCase()));
    const sent = wire.frames.flatMap(({ headers = [] }) => headers.map(([name]) => name));
    const odd = sent.filter((name) => !name.startsWith(":") && name !== "te" && name !== "host");
    return odd.every((name) => names.has(name)) ? "forward" : "field-dropped";
  }
  if (status >= 400) return String(status);
  const [reset] = client.of("RST_STREAM");
  if (reset !== undefined) return `stream-${CODES[reset.payload.readUInt32BE(0)]}`;
  return client.closed ? "close" : "survive";
}

/** What a case allows: forwarding in another form is forwarding, and some say no code of GOAWAY. */
function allows(wire: Http2Case, seen: string): boolean {
  return [wire.expect, ...(wire.accept ?? [])].some(
    (one) => one === seen || (one === "goaway" && seen.startsWith("goaway-")),
  );
}

t.test("the given cases are copied verbatim", async (t) => {
  const [copy, original] = copyAndOriginal("http2.json");
  t.equal(copy, original);
});

t.test("a stream is forwarded, refused or reset as its case says", async (t) => {
  const world = await openWorld();
  t.teardown(() => world.close());
  const parting: FrameClient[] = [];
  for (const wire of CASES) {
    await t.test(`${wire.id}: ${wire.note}`, { timeout: 20_000 }, async (t) => {
      const before = world.upstream.requests.length;
      const seen = await play(world, wire, parting);
      t.ok(allows(wire, seen), `${seen}, wanted ${wire.expect} or ${wire.accept?.join(" or ")}`);
      const requests = world.upstream.requests.slice(before);
      const works = wire.frames.some(({ macro }) => macro !== undefined) ? 300 : 1;
      t.ok(requests.length <= works, `the upstream saw ${requests.length} requests`);
      // What could not stand in a line of HTTP/1.1 has not come there.
      for (const { fields, startLine } of requests) {
        const text = [startLine, ...fields.flatMap(({ name, value }) => [name, value])].join("\n");
        t.notMatch(text, /b\r|x a|x:a|\/x$/);
      }
    });
  }
  t.ok(parting.length > 0);
  await Promise.all(parting.map((client) => client.bell.until(() => client.closed)));
});
