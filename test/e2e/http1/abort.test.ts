// Clients that leave: fault D21. The upstream is told, and nothing of them stays.
import { readdirSync } from "node:fs";
import t from "tap";
import { RawClient } from "../../support/client.ts";
import { Daemon } from "../../support/daemon.ts";
import { fire, get } from "../../support/load.ts";
import { settings } from "../../support/settings.ts";
import { OK, POLITE, type Script, Upstream } from "../../support/upstream.ts";

const ABORTS = 250;
const AT_ONCE = 25;

/** Answers `/hold` never, `/half` by half. */
const SCRIPT: Script = {
  ...POLITE,
  request(link, { target }) {
    if (target === "/half") link.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    else if (target !== "/hold") link.write(OK);
  },
};

const upstream = await Upstream.listen(SCRIPT);
const daemon = await Daemon.start(settings(upstream.address));
t.teardown(() => Promise.all([daemon.stop(), upstream.close()]));

/** Where in its life a request is when its client leaves. */
const MOMENTS: Readonly<Record<string, string>> = {
  "before the response": "GET /hold HTTP/1.1\r\nHost: a.test\r\n\r\n",
  "inside the response": "GET /half HTTP/1.1\r\nHost: a.test\r\n\r\n",
  "inside a body with a length":
    "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100\r\n\r\nhello",
  "inside a body in chunks":
    "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
};

/** One client comes, waits until its request has arrived upstream, and leaves. */
async function abort(bytes: string, how: "reset" | "close"): Promise<void> {
  const client = await RawClient.connect(daemon.inbound);
  const before = upstream.links.length;
  client.expect("GET");
  client.write(bytes);
  await upstream.bell.until(() => upstream.links.length > before);
  if (bytes.includes("/half")) await client.bell.until(() => client.received.length > 0);
  client[how]();
  await client.bell.until(() => client.closed);
}

const descriptors = (): number => readdirSync(`/proc/${daemon.child.pid}/fd`).length;

t.test("one request, so that everything that stays open anyway is open", async (t) => {
  const client = await RawClient.connect(daemon.inbound);
  t.equal((await fire(client, 0, get(0))).status, 200);
  client.close();
  await daemon.metricIs("downstream_connections", 0);
});

for (const [moment, bytes] of Object.entries(MOMENTS)) {
  t.test(`${ABORTS} clients leave ${moment}, and the upstream is told each time`, async (t) => {
    const [before, already] = [descriptors(), upstream.requests.length];
    for (let left = ABORTS; left > 0; left -= AT_ONCE) {
      const how = (left / AT_ONCE) % 2 === 0 ? "reset" : "close";
      await Promise.all(Array.from({ length: AT_ONCE }, () => abort(bytes, how)));
      // No request of theirs can be completed any more: the connection is the only way to say so.
      const told = (): boolean => upstream.links.every((link) => link.closed || isIdle(link));
      await upstream.bell.until(told);
    }
    await daemon.metricIs("concurrency_in_flight", 0);
    await daemon.metricIs("downstream_connections", 0);
    if (bytes.startsWith("POST")) t.equal(upstream.requests.length, already, "none was completed");
    t.ok(descriptors() <= before + 2, `${descriptors()} descriptors, ${before} before`);
  });
}

/** Has it answered everything, and is it waiting for the next request? */
function isIdle(link: Upstream["links"][number]): boolean {
  const last = link.requests.at(-1)?.target;
  return !link.partial && last !== "/hold" && last !== "/half";
}
