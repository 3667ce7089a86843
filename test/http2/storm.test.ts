// Streams that end in every way at every moment: nothing is left behind, and Node survives it.
import t from "tap";
import type { ClientStream } from "../../src/http2/clientstream.ts";
import { Chance } from "../fuzz/chance.ts";
import { type Listener, until } from "../http1/endpoint.ts";
import type { FrameLink } from "../support/framepeer.ts";
import { END_STREAM, setting } from "../support/frames.ts";
import { frameBench, type PoolBench } from "./peer.ts";

const ROUNDS = 150;
const BURST = 20;
const CODES = [0, 1, 2, 7, 8, 11];

/** What an endpoint may do with a stream, all of it in one packet. */
function answer(link: FrameLink, stream: number, chance: Chance): void {
  link.socket.cork();
  const steps = chance.below(5);
  if (steps > 0) link.headers(stream, { ":status": "200" });
  for (let i = 1; i < steps; i++) link.data(stream, "x".repeat(chance.below(3000)));
  const end = chance.below(5);
  if (end === 0) link.data(stream, "end", END_STREAM);
  if (end === 1) link.headers(stream, { "x-sum": "1" }, END_STREAM);
  if (end < 3) link.rst(stream, CODES[chance.below(CODES.length)] ?? 0);
  if (end === 3 && chance.below(20) === 0) link.goaway(stream, chance.below(3));
  if (end === 4 && chance.below(40) === 0) link.socket.end();
  link.socket.uncork();
}

/** What a client may do with a request, and when it gives it up. */
function ask(bench: PoolBench, chance: Chance): [ClientStream, Listener] | undefined {
  const stream = bench.pool.take();
  if (stream === undefined) return undefined;
  const kind = chance.below(3);
  const listener = kind === 0 ? bench.get(stream) : bench.post(stream, kind === 1);
  const leaves = chance.below(6);
  const pieces = kind === 2 ? 1 : chance.below(4);
  const send = (): void => {
    for (let i = 0; i < pieces; i++) stream.write(Buffer.alloc(kind === 2 ? 5 : 1000));
    if (chance.below(3) > 0) stream.end(chance.below(2) === 0 && kind === 1 ? "x-a: b\r\n" : "");
  };
  if (kind > 0 && chance.below(2) === 0) send();
  else if (kind > 0) setImmediate(send);
  if (leaves === 0) stream.destroy();
  if (leaves === 1) setImmediate(() => stream.destroy());
  if (leaves === 2) process.nextTick(() => stream.destroy());
  if (leaves === 3) listener.onPiece = () => stream.destroy();
  if (leaves === 4) {
    listener.onPiece = () => {
      stream.pause();
      setImmediate(() => stream.resume());
    };
  }
  return [stream, listener];
}

t.test("a storm of streams leaves nothing behind", async (t) => {
  const seed = Number(process.env.SEED ?? 6);
  t.comment(`SEED=${seed}`);
  const chance = new Chance(seed);
  let calm = false;
  const { bench, peer } = await frameBench(t, {
    greet: (link) => link.settings(setting(4, chance.below(2) === 0 ? 1500 : 65_535)),
    request: (link, stream) => {
      if (calm) link.headers(stream, { ":status": "204" }, END_STREAM);
      else if (chance.below(2) === 0) answer(link, stream, chance);
      else setImmediate(() => answer(link, stream, chance));
    },
  });
  for (let round = 0; round < ROUNDS; round++) {
    const asked = Array.from({ length: BURST }, () => ask(bench, chance));
    // A few turns in which they may come to an end by themselves.
    for (let turn = 0; turn < 4; turn++) await new Promise((next) => setImmediate(next));
    for (const each of asked) each?.[0].destroy();
    bench.clock.pass(5);
  }
  await until(() => {
    bench.clock.pass(1);
    const { open, waiting } = bench.pool.streams;
    return open + waiting === 0;
  });
  t.ok(peer.links.length > 1, `${peer.links.length} sessions`);
  calm = true;
  bench.pool.configure({ connectTimeout: 500, responseHeaderBytes: 1024, max: 10, idle: 4000 });
  t.match(await bench.get().ended(), { failure: undefined });
});
