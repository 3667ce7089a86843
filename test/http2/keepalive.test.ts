// Peers that are gone without a word.
import t from "tap";
import { type HandClock, until } from "../http1/endpoint.ts";
import { courteous, type FrameLink } from "../support/framepeer.ts";
import { END_STREAM } from "../support/frames.ts";
import { frameBench } from "./peer.ts";

const answer = (link: FrameLink, id: number) => link.headers(id, { ":status": "204" }, END_STREAM);

/** Lets time pass while requests are open and nothing comes, with turns of the loop in between. */
async function silence(clock: HandClock, ms: number): Promise<void> {
  clock.pass(ms);
  await new Promise((next) => setImmediate(next));
}

t.test("a peer that answers pings is waited for; one that does not is dead", async (t) => {
  let alive = true;
  const { bench, peer } = await frameBench(t, {
    frame: (link, each) => {
      if (alive) courteous(link, each);
    },
  });
  const pings = () => peer.links[0]?.of("PING").length ?? 0;
  const listener = bench.get();
  await peer.bell.until(() => peer.links[0]?.of("HEADERS").length === 1);
  await silence(bench.clock, 10_000);
  await peer.bell.until(() => pings() === 1);
  t.equal(listener.over, false);
  alive = false;
  // Its answer may still be on the way.
  for (let turn = 0; turn < 20; turn++) await silence(bench.clock, 0);
  await silence(bench.clock, 10_000);
  await peer.bell.until(() => pings() === 2);
  await silence(bench.clock, 4990);
  t.equal(listener.over, false);
  bench.clock.pass(20);
  t.match(await listener.ended(), { failure: "reset", detail: /ping within 5000 ms/ });
  await until(() => bench.pool.size === 0);
});

t.test("a peer that says something else is not pinged", async (t) => {
  const { bench, peer } = await frameBench(t, {
    request: (link, id) => link.headers(id, { ":status": "200" }),
  });
  const listener = bench.get();
  await listener.bell.until(() => listener.head !== undefined);
  for (let i = 1; i <= 5; i++) {
    bench.clock.pass(9000);
    peer.links[0]?.data(1, "x");
    await listener.bell.until(() => listener.body.length === i);
  }
  t.equal(peer.links[0]?.of("PING").length, 0);
});

t.test("a session that was idle for long is pinged before it is used again", async (t) => {
  let alive = true;
  const { bench, peer } = await frameBench(
    t,
    {
      request: answer,
      frame: (link, each) => {
        if (alive) courteous(link, each);
      },
    },
    { idle: 600_000 },
  );
  await bench.get().ended();
  await until(() => bench.pool.streams.open === 0);
  bench.clock.pass(11_000);
  t.match(await bench.get().ended(), { whole: true });
  t.equal(peer.links[0]?.of("PING").length, 1);
  await until(() => bench.pool.streams.open === 0);
  alive = false;
  bench.clock.pass(11_000);
  const listener = bench.get();
  await peer.bell.until(() => peer.links[0]?.of("PING").length === 2);
  t.strictSame(bench.pool.streams, { open: 0, waiting: 1 });
  bench.clock.pass(510);
  t.match(await listener.ended(), { whole: true }, "another session takes it");
  t.equal(peer.links.length, 2);
});
