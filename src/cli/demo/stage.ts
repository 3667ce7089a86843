// Where the demo plays: instances of a service, the sidecar before them, and its config.

import { parseConfig } from "../../control/config/load.ts";
import type { Address } from "../../core/address.ts";
import { systemClock, systemRandom } from "../../core/clock.ts";
import { type Sidecar, startSidecar } from "../../sidecar.ts";
import type { World } from "./load.ts";
import type { Service } from "./service.ts";

/** How long the sidecar goes on as usual, but unready, when it is told to stop. */
export const DRAIN_DELAY_MS = 1000;

/** The instances of the service. */
export interface Cast {
  readonly primaries: readonly [Service, Service];
  readonly backup: Service;
  /** A small one, of which far more will be asked than it can do. */
  readonly busy: Service;
}

/** What an act has promised. */
export interface Pledge {
  readonly what: string;
  readonly held: boolean;
}

/** What every act needs. */
export interface Stage {
  readonly cast: Cast;
  /** Seconds of load in each scene. */
  readonly seconds: number;
  readonly world: World;
  readonly say: (text: string) => void;
}

/** The sidecar's config, as it is printed. */
export function configText({ primaries, backup, busy }: Cast): string {
  const [first, second] = primaries.map(({ port }) => `127.0.0.1:${port}`);
  return `health: { bind: 127.0.0.1:0 }
admin: { bind: 127.0.0.1:0 }
drain: { delay: ${DRAIN_DELAY_MS / 1000}s, timeout: 10s }
log: { access: off, level: error }
listeners:
  - name: inbound
    bind: 127.0.0.1:0
    limits: { bodyBytes: 1MiB }
    routes:
      - match: { path: /api/ }
        cluster: app
        retry: { statuses: [500] }
      - match: { path: /busy/ }
        cluster: busy
clusters:
  - name: app
    endpoints: [${first}, ${second}]
    backups: [127.0.0.1:${backup.port}]
    healthCheck: { http: { path: /healthz }, interval: 1s }
    breaker: { ramp: 2s }
    retryBudget: { percent: 50 }
  - name: busy
    endpoints: [127.0.0.1:${busy.port}]
    concurrency: { limit: adaptive }
`;
}

/** A sidecar from a config's text, as `run` would start it. */
export async function startFrom(text: string): Promise<Sidecar> {
  const loaded = parseConfig("demo.yaml", Buffer.from(text), {});
  if (loaded.ok) return startSidecar(loaded.config, { clock: systemClock, random: systemRandom });
  const told = loaded.errors.map(({ line, message }) => `line ${line}: ${message}`);
  throw new Error(`demo: the demo's own config is wrong: ${told.join("; ")}`);
}

/** `http://host:port/path` of something that the sidecar listens on. */
export function urlOf(sidecar: Sidecar, name: string, path = "/"): string {
  return `http://${addressOf(sidecar, name).text}${path}`;
}

export function portOf(sidecar: Sidecar, name: string): number {
  const address = addressOf(sidecar, name);
  return address.kind === "tcp" ? address.port : 0;
}

export function addressOf(sidecar: Sidecar, name: string): Address {
  const address = sidecar.addresses[name];
  if (address === undefined) throw new Error(`demo: the sidecar does not listen on "${name}"`);
  return address;
}
