// Floods of HTTP/2: the connection is cut, the metric has the name, and others go on.
import t from "tap";
import { block, FrameClient, frame, frameOf, GET } from "../../support/frames.ts";
import { Http2Client } from "../../support/http2.ts";
import { scrape } from "../../support/scrape.ts";
import { settings } from "../../support/settings.ts";
import { addressOf, startHere } from "../../support/sidecar.ts";
import { Upstream } from "../../support/upstream.ts";

const CANCEL = "\0\0\0\x08";
const POST = block([
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/"],
  [":authority", "a.test"],
]);
const BODY_BEGINS = frameOf("HEADERS", 4, 1, POST);
const times = (count: number, bytes: Buffer): Buffer[] =>
  Array.from({ length: count }, () => bytes);
const streams = (count: number, of: (id: number) => Buffer[]): Buffer[] =>
  Array.from({ length: count }, (_, i) => of(2 * i + 1)).flat();
/** More comes than it says: the stream is reset, by us. */
const LIES = block([
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/"],
  [":authority", "a.test"],
  ["content-length", "1"],
]);

/** What is sent, by the name of the flood that it is. */
const FLOODS: Readonly<Record<string, readonly Buffer[]>> = {
  rapid_reset: streams(3000, (id) => [
    frameOf("HEADERS", 5, id, GET),
    frame("RST_STREAM", 0, id, CANCEL),
  ]),
  server_reset: streams(2000, (id) => [
    frameOf("HEADERS", 4, id, LIES),
    frame("DATA", 1, id, "no"),
  ]),
  settings: times(20_000, frame("SETTINGS", 0, 0)),
  ping: times(20_000, frame("PING", 0, 0, "12345678")),
  ignored_frames: times(20_000, frame("PRIORITY", 0, 3, "\0\0\0\0\x10")),
  window_update: times(20_000, frame("WINDOW_UPDATE", 0, 0, "\0\0\0\x01")),
  empty_data: [BODY_BEGINS, ...times(20_000, frame("DATA", 0, 1))],
  continuation: [frameOf("HEADERS", 1, 1, GET), ...times(2000, frame("CONTINUATION", 0, 1))],
};

t.test("each flood is cut and named, and a neighbour is served meanwhile", async (t) => {
  const upstream = await Upstream.listen();
  const sidecar = await startHere(settings(upstream.address));
  const neighbour = await Http2Client.connect(addressOf(sidecar));
  t.teardown(async () => {
    await neighbour.close();
    await sidecar.close();
    await upstream.close();
  });
  for (const [name, frames] of Object.entries(FLOODS)) {
    await t.test(name, { timeout: 20_000 }, async (t) => {
      const before = upstream.requests.length;
      const client = await FrameClient.connect(addressOf(sidecar));
      client.write(...frames);
      t.equal((await neighbour.ask("/")).status, 200);
      await client.bell.until(() => client.closed);
      client.close();
      const health = addressOf(sidecar, "health");
      t.equal(await scrape(health, "downstream_floods_total", `flood="${name}"`), 1);
      t.ok(upstream.requests.length - before <= 300, "upstream work is bounded");
      t.equal(await scrape(health, "concurrency_in_flight"), 0);
    });
  }
});
