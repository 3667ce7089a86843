// Every response case: an upstream that misbehaves, over real sockets, behind a real sidecar.
import t from "tap";
import { copyAndOriginal, responseCases } from "./cases.ts";
import { judgeResponse } from "./response-judge.ts";
import { watch } from "./responses.ts";
import { openWorld } from "./world.ts";

t.test("the given response cases are copied verbatim", async (t) => {
  const [copy, original] = copyAndOriginal("http1-responses.json");
  t.equal(copy, original);
});

t.test("every response case has an id of its own", async (t) => {
  const ids = responseCases().map((each) => each.id);
  t.same(ids, [...new Set(ids)]);
});

t.test("an upstream's answer is passed on, cut or refused as its case says", async (t) => {
  const world = await openWorld({ timeout: "400ms" });
  t.teardown(() => world.close());
  for (const wire of responseCases()) {
    await t.test(`${wire.id}: ${wire.note}`, { timeout: 5000 }, async (t) => {
      t.same(judgeResponse(wire, await watch(world, wire)), []);
    });
  }
});
