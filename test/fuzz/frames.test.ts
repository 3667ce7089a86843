// Frames of HTTP/2 in no good order, from a seed: nothing crashes, nothing hangs, and of no stream anything is
// left behind. TIDEGATE_FUZZ_RUNS asks for more connections than the few hundred of every run.
import t from "tap";
import { block, FrameClient, type FrameType, frame, frameOf } from "../support/frames.ts";
import { Http2Client } from "../support/http2.ts";
import { scrape } from "../support/scrape.ts";
import { settings } from "../support/settings.ts";
import { addressOf, startHere } from "../support/sidecar.ts";
import { OK, Upstream } from "../support/upstream.ts";
import { Chance } from "./chance.ts";

const RUNS = Number(process.env.TIDEGATE_FUZZ_RUNS ?? 300);
const SEED = 20_261;

const TYPES: readonly FrameType[] = [
  ...(["DATA", "DATA", "HEADERS", "HEADERS", "HEADERS", "RST_STREAM", "WINDOW_UPDATE"] as const),
  ...(["PRIORITY", "SETTINGS", "PUSH_PROMISE", "PING", "GOAWAY", "CONTINUATION"] as const),
];
const PSEUDO = [
  [":method", "GET"],
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/"],
  [":path", "/never"],
  [":authority", "a.test"],
] as const;
const FIELDS = [
  ["content-length", "5"],
  ["te", "trailers"],
  ["cookie", "a=b"],
  ["host", "a.test"],
  ["expect", "100-continue"],
  ["x-a", "b\r\nx-smuggled: 1"],
  ["connection", "close"],
] as const;

function head(chance: Chance): Buffer {
  // Mostly a good request, so that frames meet streams that are at work.
  const good = chance.below(4) > 0;
  const method = chance.pick(["GET", "POST"]);
  const path = chance.pick(["/", "/never"]);
  const request = [
    [":method", method],
    [":scheme", "http"],
    [":path", path],
    [":authority", "a.test"],
  ] as const;
  const pseudo = good ? request : PSEUDO.filter(() => chance.below(2) === 0);
  return block([...pseudo, ...FIELDS.filter(() => chance.below(good ? 12 : 4) === 0)]);
}

function payload(type: FrameType, chance: Chance): Buffer {
  if (type === "HEADERS" || type === "CONTINUATION") return head(chance);
  const lengths: Partial<Record<FrameType, number>> = { PING: 8, RST_STREAM: 4, WINDOW_UPDATE: 4 };
  const usual = lengths[type] ?? chance.pick([0, 1, 5, 6, 300]);
  const length = chance.below(20) === 0 ? chance.below(40) : usual;
  return Buffer.from(Array.from({ length }, () => chance.pick([0, 0, 0, 1, 8, 255])));
}

/** So many frames on few streams, whose numbers mostly grow. */
function frames(chance: Chance): Buffer[] {
  let stream = 1;
  return Array.from({ length: 1 + chance.below(30) }, () => {
    const type = chance.pick(TYPES);
    if (type === "HEADERS" && chance.below(5) > 0) stream += 2;
    const id = chance.below(15) === 0 ? chance.below(20) : stream;
    const flags = chance.pick([0, 1, 4, 4, 5, 5, 8, 32, 255]);
    return frameOf(
      type,
      flags,
      type === "PING" || type === "SETTINGS" ? 0 : id,
      payload(type, chance),
    );
  });
}

t.test("frames of any kind in any order", { timeout: 120_000 }, async (t) => {
  const upstream = await Upstream.listen({
    request(link, { target }) {
      if (target !== "/never") link.write(OK);
    },
  });
  const sidecar = await startHere(settings(upstream.address, { limits: { headTimeout: "300ms" } }));
  const neighbour = await Http2Client.connect(addressOf(sidecar));
  t.teardown(async () => {
    await neighbour.close();
    await sidecar.close();
    await upstream.close();
  });
  const chance = new Chance(SEED);
  for (let run = 0; run < RUNS; run++) {
    const client = await FrameClient.connect(addressOf(sidecar));
    const pieces = frames(chance);
    client.write(...pieces, frame("PING", 0, 0, "the last"));
    // Until it has looked at all of it, or wants no more of it.
    await client.bell.until(
      () =>
        client.closed ||
        client.goaway !== undefined ||
        client.of("PING").some(({ payload }) => payload.toString("latin1") === "the last"),
    );
    client.close();
    if (run % 50 === 49) t.equal((await neighbour.ask("/")).status, 200, `after run ${run}`);
  }
  const health = addressOf(sidecar, "health");
  const smuggled = upstream.requests.filter(({ fields }) =>
    fields.some(({ name, value }) => name === "x-smuggled" || value.includes("x-smuggled")),
  );
  t.equal(smuggled.length, 0);
  t.equal(upstream.links.filter(({ malformed }) => malformed !== undefined).length, 0);
  // Each cancelled request has its endpoint's connection cut: then nothing is in flight.
  await upstream.bell.until(() =>
    upstream.requests.filter(({ target }) => target === "/never").every(({ link }) => link.closed),
  );
  t.equal(await scrape(health, "concurrency_in_flight"), 0);
});
