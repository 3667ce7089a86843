// Two sidecars in a row, in processes of their own: the first heeds what the second announces.
import t from "tap";

import { Daemon } from "../support/daemon.ts";
import { openFire } from "../support/fire.ts";
import { Service } from "../support/service.ts";
import { settings } from "../support/settings.ts";

/** Eight at once are let through to the service, each of which takes 20 ms; four times as many come. */
const LOAD = { perSecond: 1600, seconds: 4 };

t.test("most of what the second sidecar would refuse does not come to it", async (t) => {
  const service = await Service.start("service", 20);
  const trust = ["127.0.0.0/8"];
  const route = { criticality: { header: "x-criticality", default: "SHEDDABLE" } };
  const key = { fairness: { key: "header:x-request-id" } };
  const limited = { ...key, concurrency: { limit: 8 } };
  const second = await Daemon.start(settings(service.address, { trust, route, cluster: limited }));
  const heeding = { ...key, peerThreshold: { heed: true } };
  const first = await Daemon.start(settings(second.inbound, { route, cluster: heeding }));
  t.teardown(() => Promise.all([first.stop(), second.stop(), service.kill()]));
  await openFire({ origins: [first.url], path: "/", ...LOAD });
  const [all, came] = [await first.metric("requests_total"), await second.metric("requests_total")];
  t.ok(came < 0.7 * all, `${came} of ${all} came to the second one`);
  const done = await first.metric("requests_total", 'code="200"');
  t.ok(done > 0.25 * came, `${done} of these were answered: it is none too few`);
});
