// The end of a response for which the client's window has no room: an empty frame waits for it, too.
import t from "tap";
import type { Exchange } from "../../src/core/exchange.ts";
import { NO_CONTENT } from "../http1/accepted.ts";
import { block, END_STREAM, FrameClient, frameOf, GET, word } from "../support/frames.ts";
import { AcceptedStreams } from "./accepted.ts";

/** What a client takes of a stream, and of all, without a word of its own: RFC 9113 6.9.2. */
const WINDOW = 65_535;
const END_HEADERS = 4;

const POST = block([
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/"],
  [":authority", "a.test"],
]);

/** Fills the window, to the byte. */
function begin(exchange: Exchange): void {
  exchange.begin({ ...NO_CONTENT, status: 200, framing: { kind: "chunked" } }, "");
  exchange.write(Buffer.alloc(WINDOW));
}

const CASES = [
  { name: "a request that is whole", head: GET, flags: END_HEADERS + END_STREAM, resets: 0 },
  // RFC 9113 8.1: the client is told that nobody reads the rest, behind the end.
  { name: "a request that still comes", head: POST, flags: END_HEADERS, resets: 1 },
];

for (const { name, head, flags, resets } of CASES) {
  t.test(`${name}: the stream ends once there is room, and is not reset before`, async (t) => {
    const accepted = await AcceptedStreams.listen(t, begin);
    const client = await FrameClient.connect(accepted.address);
    t.teardown(() => client.close());
    client.write(frameOf("HEADERS", flags, 1, head));
    const come = (): number =>
      client.of("DATA").reduce((sum, { payload }) => sum + payload.length, 0);
    await client.bell.until(() => come() === WINDOW);
    accepted.exchanges[0]?.end("");
    accepted.exchanges[0]?.settled();
    const since = accepted.clock.now();
    await accepted.passUntil(() => accepted.clock.now() - since > 10_000);
    client.write(frameOf("PING", 0, 0, Buffer.alloc(8)));
    await client.bell.until(() => client.of("PING").length === 1);
    t.same(client.of("RST_STREAM"), []);
    client.write(frameOf("WINDOW_UPDATE", 0, 0, word(1)), frameOf("WINDOW_UPDATE", 0, 1, word(1)));
    const ends = (): readonly unknown[] =>
      client.frames.flatMap(({ type, flags, stream }) =>
        type === "RST_STREAM" || (type === "DATA" && (flags & END_STREAM) !== 0 && stream === 1)
          ? [type]
          : [],
      );
    await accepted.passUntil(() => ends().length === 1 + resets);
    t.same(ends(), ["DATA", "RST_STREAM"].slice(0, 1 + resets));
  });
}
