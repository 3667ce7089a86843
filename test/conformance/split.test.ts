// How a message is cut into packets must not matter.
import t from "tap";
import { readResponse } from "../support/message.ts";
import { type RequestCase, type ResponseCase, requestCases, responseCases } from "./cases.ts";
import { play } from "./exchange.ts";
import { judgeResponse } from "./response-judge.ts";
import { watch } from "./responses.ts";
import { byteByByte, requestOf } from "./script.ts";
import { playSplit } from "./split.ts";
import { openWorld } from "./world.ts";

/** Longer messages are cut at every boundary that matters by shorter ones like them. */
const SHORT = 200;

/** Ways to go on that take their own time. */
const UNHURRIED = new Set(["hang", "one-byte-per-second"]);

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

t.test(
  "a response that comes byte by byte is treated as the same response sent whole",
  async (t) => {
    const world = await openWorld({ limits: { bodyIdle: "10s" } });
    t.teardown(() => world.close());
    const hurried = responseCases().filter((wire) => isShort(wire) && !UNHURRIED.has(wire.then));
    for (const wire of hurried.filter(endsAtOnce)) {
      await t.test(wire.id, { timeout: 5000 }, async (t) => {
        t.same(judgeResponse(wire, await watch(world, wire, byteByByte)), []);
      });
    }
  },
);

function isShort({ raw }: { readonly raw: string }): boolean {
  return raw.length > 4 && raw.length < SHORT;
}

/** What comes behind a response, bytes or a close, could come after the next request was sent. */
function endsAtOnce(wire: ResponseCase): boolean {
  const raw = Buffer.from(wire.raw, "latin1");
  const reading = readResponse(raw, requestOf(wire).method, false);
  if (reading.state !== "whole") return true;
  return wire.then === "open" && reading.message.length === raw.length;
}

/** Does only a timeout end it? Then there is nothing behind the last cut to be treated. */
function waits({ expect, upstream_assert: text }: RequestCase): boolean {
  return expect === "reject-408" || text.endsWith(" 408");
}
