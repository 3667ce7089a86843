// How a message is cut into packets must not matter.
import t from "tap";
import { type RequestCase, requestCases } from "./cases.ts";
import { play } from "./exchange.ts";
import { playSplit } from "./split.ts";
import { openWorld } from "./world.ts";

/** Longer messages are cut at every boundary that matters by shorter ones like them. */
const SHORT = 200;

t.test("a request cut at any byte is treated as the same request sent whole", async (t) => {
  const world = await openWorld({ limits: { headTimeout: "10s", bodyIdle: "10s" } });
  t.teardown(() => world.close());
  const short = requestCases().filter((wire) => isShort(wire) && !waits(wire));
  const tried = new Set<string>();
  for (const wire of short) {
    await t.test(wire.id, { timeout: 5000 }, async (t) => {
      const whole = await play(world, wire);
      t.same(await playSplit(world, wire, whole, tried), []);
    });
  }
});

function isShort({ raw }: RequestCase): boolean {
  return raw.length > 4 && raw.length < SHORT;
}

/** Does only a timeout end it? Then there is nothing behind the last cut to be treated. */
function waits({ expect, upstream_assert: text }: RequestCase): boolean {
  return expect === "reject-408" || text.endsWith(" 408");
}
