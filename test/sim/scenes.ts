// What scenarios have in common: services in a row, a sidecar before them, and sums over them.

import type { Client } from "./client.ts";
import { configOf, places, type Wanted } from "./configs.ts";
import type { Service, ServiceSettings } from "./service.ts";
import type { Changed, Sidecar } from "./sidecar.ts";
import type { Stage } from "./stage.ts";

/** Requests a second of most scenarios, as in the promises. */
export const RATE = 500;

const SERVICE: ServiceSettings = { workers: 16, time: { kind: "exponential", mean: 10 } };

export interface Scene {
  readonly services: readonly Service[];
  readonly sidecar: Sidecar;
  readonly client: Client;
}

/** Three services, a sidecar before them, and clients that ask it. */
export function three(
  stage: Stage,
  service: Partial<ServiceSettings> = {},
  wanted: Partial<Wanted> = {},
  rate: (now: number) => number = () => RATE,
): Scene {
  const endpoints = places(3);
  const services = endpoints.map((each) => stage.service(each, { ...SERVICE, ...service }));
  const sidecar = stage.sidecar(configOf({ endpoints, ...wanted }));
  const client = stage.client("client", sidecar, { rate });
  return { services, sidecar, client };
}

/** So many backups, which nothing befalls. */
export function backups(stage: Stage, count: number): string[] {
  const addresses = places(count, 7);
  for (const each of addresses) stage.service(each, SERVICE);
  return addresses;
}

export function arrivals(services: readonly Service[]): number {
  return services.reduce((sum, { arrived }) => sum + arrived, 0);
}

/** Changes of the state of an endpoint, the first verdict apart. */
export function changesOf(sidecar: Sidecar, address: string): readonly Changed[] {
  return sidecar.changes.filter(
    ({ endpoint, reason }) => endpoint === address && !reason.startsWith("first_probe"),
  );
}
