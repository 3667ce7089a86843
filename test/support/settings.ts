// Configs for tests, in the form in which users write them.
import type { Address } from "../../src/core/address.ts";

export interface Limits {
  readonly uriBytes?: string;
  readonly headerBytes?: string;
  readonly headers?: number;
  readonly bodyBytes?: string;
  readonly connections?: number;
  readonly idle?: string;
  readonly headTimeout?: string;
  readonly bodyIdle?: string;
  readonly tunnelIdle?: string;
}

export interface Settings {
  readonly bind?: string;
  readonly limits?: Limits;
  readonly http2?: Readonly<Record<string, unknown>>;
  readonly trust?: readonly string[];
  /** The route's timeout. */
  readonly timeout?: string;
  readonly match?: Readonly<Record<string, unknown>>;
  readonly upgrades?: readonly string[];
  readonly retry?: Readonly<Record<string, unknown>>;
  /** Other options of the route. */
  readonly route?: Readonly<Record<string, unknown>>;
  readonly cluster?: Readonly<Record<string, unknown>>;
  /** The listener's. */
  readonly tls?: Readonly<Record<string, unknown>>;
  readonly log?: Readonly<Record<string, unknown>>;
  readonly drain?: { readonly delay: string; readonly timeout: string };
}

/** A probe, or a breaker that trips, would be one more thing that happens: tests ask for them. */
const STILL = { healthCheck: "off", breaker: "off" };

/** A config with one listener called `inbound`, one route and one cluster; JSON is YAML. */
export function settings(upstream: Address, wanted: Settings = {}): string {
  const route = {
    name: "all",
    cluster: "app",
    ...(wanted.match && { match: wanted.match }),
    ...(wanted.timeout && { timeout: wanted.timeout }),
    ...(wanted.upgrades && { upgrades: wanted.upgrades }),
    ...(wanted.retry && { retry: wanted.retry }),
    ...wanted.route,
  };
  const listener = {
    name: "inbound",
    bind: wanted.bind ?? "127.0.0.1:0",
    ...(wanted.limits && { limits: wanted.limits }),
    ...(wanted.http2 && { http2: wanted.http2 }),
    ...(wanted.trust && { forwarded: { trust: wanted.trust } }),
    ...(wanted.tls && { tls: wanted.tls }),
    routes: [route],
  };
  const document = {
    health: { bind: "127.0.0.1:0" },
    admin: { bind: "127.0.0.1:0" },
    drain: wanted.drain ?? { delay: "0s", timeout: "5s" },
    log: wanted.log ?? { access: "off", level: "error" },
    listeners: [listener],
    clusters: [{ name: "app", endpoints: [upstream.text], ...STILL, ...wanted.cluster }],
  };
  return JSON.stringify(document, null, 2);
}
