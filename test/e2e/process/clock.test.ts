// The wall clock jumps by an hour, forward and back: fault D25. Only elapsed time counts.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { RawClient } from "../../support/client.ts";
import { Daemon } from "../../support/daemon.ts";
import { barrage, fire, get, tally } from "../../support/load.ts";
import { run } from "../../support/process.ts";
import { scratch } from "../../support/scratch.ts";
import { settings } from "../../support/settings.ts";
import { tool } from "../../support/tool.ts";
import { type Link, OK, POLITE, Upstream } from "../../support/upstream.ts";

const HOUR_MS = 3_600_000;
const folder = scratch();
const file = join(folder.path, "clock");
const held: Link[] = [];
const upstream = await Upstream.listen({
  ...POLITE,
  request: (link, { target }) => {
    if (target === "/held") held.push(link);
    else link.write(OK);
  },
});

/** Sets the sidecar's wall clock to so many seconds from the real one. */
function jump(seconds: number): void {
  writeFileSync(file, `${seconds < 0 ? "" : "+"}${seconds}s\n`);
}

/** The library that the `faketime` program would load. */
async function preload(): Promise<string> {
  const { stdout } = await run(tool("faketime"), [
    "-f",
    "+0s",
    "/bin/sh",
    "-c",
    "echo $LD_PRELOAD",
  ]);
  return stdout.trim();
}

jump(0);
const log = { access: "all", level: "error" };
const daemon = await Daemon.start(settings(upstream.address, { log }), {
  env: {
    LD_PRELOAD: await preload(),
    FAKETIME_TIMESTAMP_FILE: file,
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
  },
});
t.teardown(() => Promise.all([daemon.stop(), upstream.close()]).then(() => folder.remove()));

/** The wall clock of the sidecar, as its access log tells it, against ours. */
async function offset(): Promise<number> {
  const { child } = daemon;
  const before = child.stdout.length;
  await barrage(daemon.inbound, { connections: 1, requests: 1, request: get });
  await child.bell.until(() => child.stdout.slice(before).includes("\n"));
  const { time } = JSON.parse(child.stdout.trimEnd().split("\n").at(-1) ?? "");
  return Math.round((Date.parse(time) - Date.now()) / HOUR_MS);
}

t.test("the clock can be made to jump, or the next test shows nothing", async (t) => {
  t.equal(await offset(), 0);
});

for (const [name, seconds] of [
  ["forward", 3600],
  ["back", -3600],
] as const) {
  t.test(`an hour ${name} fires no timeout of anything that waits`, async (t) => {
    const open = Array.from({ length: 4 }, () => RawClient.connect(daemon.inbound));
    const [idle, waiting, head, body] = await Promise.all(open);
    if (!idle || !waiting || !head || !body) throw new Error("not connected");
    t.equal((await fire(idle, 0, get(0))).status, 200);
    const shot = fire(waiting, 1, ["GET", "GET /held HTTP/1.1\r\nHost: a.test\r\n\r\n"]);
    head.request("GET", "GET / HTTP/1.1\r\nHo");
    body.request("POST", "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhe");
    await upstream.bell.until(() => held.length > 0 && upstream.links.some((link) => link.partial));
    jump(seconds);
    t.equal(await offset(), Math.sign(seconds), "the wall clock has jumped");
    const others = await barrage(daemon.inbound, { connections: 4, requests: 400, request: get });
    t.same(tally(others), { 200: 400 });
    t.equal((await fire(idle, 2, get(2))).status, 200, "the idle connection");
    head.write("st: a.test\r\n\r\n");
    t.equal((await head.response()).status, 200, "the half head");
    body.write("llo");
    t.equal((await body.response()).status, 200, "the half body");
    held.pop()?.write(OK);
    t.equal((await shot).status, 200, "the request in flight");
    for (const client of [idle, waiting, head, body]) client.close();
    jump(0);
    await daemon.metricIs("concurrency_in_flight", 0);
  });
}
