// The sidecar is stopped for two seconds under load: fault D26. Nobody else is to blame for that.
import t from "tap";
import { Daemon } from "../../support/daemon.ts";
import { barrage, get, tally } from "../../support/load.ts";
import { Child } from "../../support/process.ts";
import { settings } from "../../support/settings.ts";
import { tool } from "../../support/tool.ts";
import { POLITE, Upstream } from "../../support/upstream.ts";

const PAUSE_S = 2;

t.test("a pause of the sidecar ejects nobody, trips nothing, and shows", async (t) => {
  const [a, b] = await Promise.all([Upstream.listen(POLITE), Upstream.listen(POLITE)]);
  const cluster = {
    endpoints: [a.address.text, b.address.text],
    healthCheck: { http: { path: "/healthz" }, interval: "100ms", timeout: "500ms", fall: 1 },
    breaker: {
      consecutiveFailures: 1,
      failureRate: { threshold: 0.001, minimumRequests: 1, window: "1h" },
      slowCalls: { threshold: 0.001, slowerThan: "1s" },
      minimumHealthy: 0,
    },
  };
  const daemon = await Daemon.start(settings(a.address, { cluster, timeout: "1s" }));
  t.teardown(() => Promise.all([daemon.stop(), a.close(), b.close()]));
  await daemon.metricIs("endpoint_healthy", 2);
  const load = barrage(daemon.inbound, { connections: 10, requests: 4000, request: get });
  while ((await daemon.metric("requests_total")) < 400);
  daemon.child.process.kill("SIGSTOP");
  // A program that does nothing for so long, and is ended then.
  await Child.start(tool("timeout"), [String(PAUSE_S), "tail", "-f", "/dev/null"]).exit();
  const answered = a.requests.length + b.requests.length;
  daemon.child.process.kill("SIGCONT");
  t.ok(answered < 4000, "it was stopped under load, or this shows nothing");
  // A deadline that has passed has passed, whoever's fault that is.
  const { 200: well = 0, upstream_timeout: late = 0 } = tally(await load);
  t.equal(well + late, 4000);
  t.ok(late <= 10, "none but those that were under way");
  t.ok((await daemon.metric("event_loop_lag_seconds")) >= PAUSE_S * 0.9);
  t.equal(await daemon.metric("breaker_transitions_total"), 0);
  t.equal(await daemon.metric("health_checks_total", 'result="failed"'), 0);
  t.equal(await daemon.metric("endpoint_healthy"), 2);
});
