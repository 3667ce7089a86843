// A run as people read it.
import type { Run } from "./stage.ts";

/** So many changes are told. */
const CHANGES = 30;

export function summary({ scenario, seed, stage, promised, breaches, ...run }: Run): string {
  const { clients, services, sidecars } = stage;
  const changes = sidecars.flatMap((sidecar) =>
    sidecar.changes
      .filter(({ reason }) => !reason.startsWith("first_probe"))
      .map(({ at, subject, endpoint, from, to, reason }) => {
        const when = (at / 1000).toFixed(3).padStart(9);
        return `${when} s  ${sidecar.address}  ${subject} ${endpoint}  ${from} -> ${to}  ${reason}`;
      }),
  );
  const more = changes.length - CHANGES;
  return [
    `${scenario}, seed ${seed}: ${run.lines} lines, sha256 ${run.digest}`,
    ...clients.map(({ name, requests, resent, tally }) => {
      const endings = tally.endings().map(([key, count]) => `${count} x ${key}`);
      const [half, most] = [tally.quantile(0.5), tally.quantile(0.99)].map((ms) => ms.toFixed(1));
      const sent = `${requests} requests, sent again ${resent}`;
      return `  ${name}: ${sent}; ${endings.join(", ")}; p50 ${half} ms, p99 ${most} ms`;
    }),
    `  tries at services: ${services.map((each) => `${each.address} ${each.arrived}`).join(", ")}`,
    ...changes.slice(0, CHANGES).map((each) => `  ${each}`),
    ...(more > 0 ? [`  and ${more} changes more`] : []),
    ...promised.map(({ what, was, most }) => {
      return `  ${was <= most ? "kept  " : "BROKEN"}  ${what}: ${round(was)}, at most ${round(most)}`;
    }),
    ...breaches.map((breach) => `  BREACH  ${breach}`),
    "",
  ].join("\n");
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
