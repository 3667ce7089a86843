// The health checks of one sidecar: which endpoints are probed, and who is told what they say.
import type { Logger } from "pino";
import type { Address } from "../core/address.ts";
import type { Clock, Random } from "../core/clock.ts";
import { HEALTH_CHECKS, HEALTH_TRANSITIONS } from "../core/families.ts";
import type { Meter } from "../core/meter.ts";
import type { Wheel } from "../core/wheel.ts";
import type { Finding } from "../policy/health.ts";
import type { Changes } from "./changes.ts";
import type { CheckTarget, CheckWorld } from "./checked.ts";
import { Checker } from "./checker.ts";
import type { Located } from "./discovery.ts";
import type { Check, Secured } from "./probe.ts";
import type { EndpointState } from "./state.ts";

/** What checks share with the rest of the sidecar. */
export interface ChecksWorld extends Pick<CheckWorld, "probeFor"> {
  readonly wheel: Wheel;
  readonly clock: Clock;
  readonly random: Random;
  readonly meter: Meter;
  readonly log: Logger;
  readonly changes: Changes;
  /** The endpoint with such an address in a cluster. */
  readonly find: (cluster: string, address: string) => Probed | undefined;
}

/** Whoever acts upon what probes say. */
export interface Probed {
  /** `now` is `Clock.now()`. */
  probed(finding: Finding, now: number): void;
  /** It is not probed any more. */
  unchecked(): void;
}

/** A checker that counts probes, logs changes and tells the endpoints; it is not started yet. */
export function createChecker({ meter, log, changes, find, ...world }: ChecksWorld): Checker {
  const checker = new Checker({
    ...world,
    bug: (err) => log.error({ err }, "a health check failed in itself"),
    observer: {
      probed: ({ cluster, address }, { result, advice }) => {
        meter.counter(HEALTH_CHECKS, { cluster, endpoint: address.text, result }).add();
        const status = checker.status(cluster, address);
        if (status === undefined) return;
        const { state, held } = status;
        find(cluster, address.text)?.probed({ state, held, advice }, world.clock.now());
      },
      changed: ({ cluster, address }, { from, to, reason }, probe) => {
        meter.counter(HEALTH_TRANSITIONS, { cluster, endpoint: address.text, to }).add();
        const why = `${reason}: ${probe.reason}`;
        changes.add({ subject: "health", cluster, endpoint: address.text, from, to, reason: why });
      },
      dropped: ({ cluster, address }) => find(cluster, address.text)?.unchecked(),
    },
  });
  return checker;
}

/** How the last probe of an endpoint ended, for people. */
export function probeState(
  checker: Checker,
  cluster: string,
  address: Address,
): EndpointState["probe"] {
  const last = checker.status(cluster, address)?.last;
  if (last === undefined) return {};
  const { result, reason, at } = last;
  return { result, reason, at: new Date(at).toISOString() };
}

type Checkable = Pick<Located, "name" | "endpoints" | "backups" | "healthCheck" | "protocol"> & {
  readonly tls?: Secured["tls"] | undefined;
};

/** Every primary and backup of every cluster whose checks are not off. */
export function checkTargets(clusters: readonly Checkable[]): CheckTarget[] {
  return clusters.flatMap(({ name: cluster, endpoints, backups, healthCheck, protocol, tls }) =>
    healthCheck === "off"
      ? []
      : [...endpoints, ...backups].map(({ address, name }) => {
          const asked = spoken(healthCheck.check, protocol);
          const check = name === undefined ? asked : named(asked, name);
          const host = name?.authority.replace(/:[0-9]+$/, "");
          const secured = tls && { tls, name: host };
          return { cluster, address, healthCheck: { ...healthCheck, check }, secured };
        }),
  );
}

/** A service that is sent everything by HTTP/2 may speak nothing else. */
function spoken(check: Check, protocol: Checkable["protocol"]): Check {
  return check.kind === "http" && protocol === "http2" ? { ...check, http2: true } : check;
}

/** A service that was found by its name is called by it. */
function named(check: Check, { authority }: { readonly authority: string }): Check {
  return check.kind === "http"
    ? { ...check, headers: { host: authority, ...check.headers } }
    : check;
}
