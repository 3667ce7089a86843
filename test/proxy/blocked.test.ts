// An endpoint that stops reading an upload, on a route without a timeout.
import t from "tap";
import { RawClient } from "../support/client.ts";
import { values } from "../support/message.ts";
import { scrape } from "../support/scrape.ts";
import { settings } from "../support/settings.ts";
import { addressOf, startHere } from "../support/sidecar.ts";
import { Upstream } from "../support/upstream.ts";

t.test("an endpoint that takes no more of a body is late, and it is to blame", async (t) => {
  const upstream = await Upstream.listen({ head: (link) => void link.socket.pause() });
  const wanted = {
    timeout: "0s",
    limits: { bodyIdle: "100ms" },
    cluster: { breaker: { consecutiveFailures: 1, minimumHealthy: 0 } },
  };
  const sidecar = await startHere(settings(upstream.address, wanted));
  const client = await RawClient.connect(addressOf(sidecar));
  t.teardown(async () => {
    client.close();
    await Promise.all([sidecar.close(), upstream.close()]);
  });
  const head = "PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 50000000\r\n\r\n";
  client.request("PUT", head);
  client.write(Buffer.alloc(20_000_000));
  const { status, fields } = await client.response();
  t.equal(status, 504);
  t.same(values(fields, "x-tidegate-reason"), ["upstream_timeout"]);
  t.equal(await scrape(addressOf(sidecar, "health"), "breaker_state", ""), 1);
});
