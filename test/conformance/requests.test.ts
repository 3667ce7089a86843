// Every request case, over real sockets, through a real sidecar.
import t from "tap";
import { copyAndOriginal, requestCases } from "./cases.ts";
import { play } from "./exchange.ts";
import { judge } from "./judge.ts";
import { type OpenWorld, openWorld } from "./world.ts";

/** Cases in which the client says nothing, and only the idle timeout ends the connection. */
const SILENT = new Set(["cn-empty", "own-cn-crlf-only"]);

t.test("the given request cases are copied verbatim", async (t) => {
  const [copy, original] = copyAndOriginal("http1-requests.json");
  t.equal(copy, original);
});

t.test("every request case has an id of its own", async (t) => {
  const ids = requestCases().map((each) => each.id);
  t.same(ids, [...new Set(ids)]);
});

t.test("a request is forwarded, normalised or refused as its case says", async (t) => {
  const world = await openWorld();
  const impatient = await openWorld({ limits: { idle: "300ms" } });
  t.teardown(() => Promise.all([world.close(), impatient.close()]));
  for (const wire of requestCases()) {
    const chosen: OpenWorld = SILENT.has(wire.id) ? impatient : world;
    await t.test(`${wire.id}: ${wire.note}`, { timeout: 5000 }, async (t) => {
      t.same(judge(wire, await play(chosen, wire)), []);
    });
  }
});
