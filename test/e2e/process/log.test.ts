// Access logs whose reader has stopped or whose disk is full: fault D17. Requests go on.
import t from "tap";
import { Daemon } from "../../support/daemon.ts";
import { barrage, get, tally } from "../../support/load.ts";
import { settings } from "../../support/settings.ts";
import { Upstream } from "../../support/upstream.ts";

const LOAD = { connections: 16, requests: 3000, request: get };

const upstream = await Upstream.listen();
t.teardown(() => upstream.close());

t.test("a full disk loses log lines and no request", async (t) => {
  const log = { access: "all", file: "/dev/full", level: "error" };
  const daemon = await Daemon.start(settings(upstream.address, { log }));
  t.teardown(() => daemon.stop());
  // More lines than the buffer before the sink holds.
  const long = { ...LOAD, requests: 6000 };
  t.same(tally(await barrage(daemon.inbound, long)), { 200: long.requests });
  t.ok((await daemon.metric("access_log_dropped_total")) > 0, "lost lines are counted");
  t.equal(await daemon.metric("requests_total", 'code="200"'), long.requests);
});

t.test("a reader that stopped loses log lines, no request, and no memory", async (t) => {
  const log = { access: "all", level: "error" };
  const daemon = await Daemon.start(settings(upstream.address, { log }));
  t.teardown(() => daemon.stop());
  const { child } = daemon;
  t.same(tally(await barrage(daemon.inbound, LOAD)), { 200: LOAD.requests });
  await child.bell.until(() => lines(child.stdout).length === LOAD.requests);
  t.equal(await daemon.metric("access_log_dropped_total"), 0);
  child.process.stdout?.pause();
  child.forgetPeak();
  const before = child.memory("VmRSS");
  const long = { ...LOAD, requests: 8000 };
  t.same(tally(await barrage(daemon.inbound, long)), { 200: long.requests });
  const dropped = await daemon.metric("access_log_dropped_total");
  t.ok(dropped > 0, "the pipe and the buffer behind it are full");
  t.ok(child.memory("VmHWM") - before < 32 * 1024 * 1024, "and nothing else is kept");
  child.process.stdout?.resume();
  await child.bell.until(
    () => lines(child.stdout).length === LOAD.requests + long.requests - dropped,
  );
  const records = lines(child.stdout).map((line): unknown => JSON.parse(line));
  t.equal(records.length, LOAD.requests + long.requests - dropped, "what is there is whole");
});

/** The lines of the access log, without the one that has not ended. */
function lines(text: string): readonly string[] {
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .filter((line) => line.startsWith("{"));
}
