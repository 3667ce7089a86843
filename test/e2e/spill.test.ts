// A limit, and fewer primaries than there should be: real processes, one of which is closed.
import t from "tap";
import { Daemon } from "../support/daemon.ts";
import { barrage, get, tally } from "../support/load.ts";
import { settings } from "../support/settings.ts";
import { type Link, OK, type Script, Upstream } from "../support/upstream.ts";

t.test(
  "half of the primaries are left and their limit is reached: the rest is the backup's",
  async (t) => {
    const [limit, backupConcurrency] = [4, 5];
    let held: Link[] = [];
    const most = new Map<Upstream, number>();
    let round = limit;
    // Answers when so many are held as there can be at once.
    const script: Script = {
      request: (link) => {
        held.push(link);
        for (const each of [a, b, c]) {
          const count = held.filter(({ upstream }) => upstream === each).length;
          most.set(each, Math.max(most.get(each) ?? 0, count));
        }
        if (held.length < round) return;
        const all = held;
        held = [];
        for (const each of all) each.write(OK);
      },
    };
    const [a, b, c] = [
      await Upstream.listen(script),
      await Upstream.listen(script),
      await Upstream.listen(script),
    ];
    const cluster = {
      ...{ endpoints: [a.address.text, b.address.text], backups: [c.address.text] },
      ...{ backupConcurrency, healthCheck: { interval: "100ms", timeout: "1s", fall: 2, rise: 2 } },
      concurrency: { limit, queue: { size: 100, wait: "1m" } },
    };
    const log = { access: "all", level: "error" };
    const daemon = await Daemon.start(settings(a.address, { cluster, log }));
    t.teardown(() => Promise.all([daemon.stop(), a.close(), b.close(), c.close()]));
    await daemon.metricIs("endpoint_healthy", 3);
    // Each round is as large as the last one, so that nobody is left over.
    const requests = 4 * limit * (limit + backupConcurrency);
    const load = { connections: limit + backupConcurrency + 3, requests, request: get };
    t.same(tally(await barrage(daemon.inbound, load)), { 200: requests });
    t.equal(
      most.get(c),
      0,
      "while all of them are well, the limit is that of the service: others wait",
    );
    await b.close();
    await daemon.metricIs("endpoint_healthy", 2);
    most.clear();
    round = limit + backupConcurrency;
    t.same(tally(await barrage(daemon.inbound, load)), { 200: requests }, "nobody is refused");
    t.same(
      [a, c].map((each) => most.get(each)),
      [limit, backupConcurrency],
      "each as much as it may",
    );
    const spilled = await daemon.metric("fallbacks_total", 'tier="backup",reason="full"');
    t.equal(spilled, await daemon.metric("attempts_total", `endpoint="${c.address.text}"`));
    await daemon.child.says(/"tier":"backup","left":"full"/);
  },
);
