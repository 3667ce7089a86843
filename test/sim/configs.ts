// Configs of simulated sidecars, as users would write them; JSON is YAML.

export interface Wanted {
  /** Where it listens; also who it is for others. */
  readonly bind?: string;
  readonly endpoints: readonly string[];
  readonly backups?: readonly string[];
  /** Options of the cluster, of the route's retries, and the route's timeout. */
  readonly cluster?: Readonly<Record<string, unknown>>;
  readonly retry?: Readonly<Record<string, unknown>>;
  readonly timeout?: string;
  readonly trust?: readonly string[];
}

export const SIDECAR = "10.1.0.1:80";

/** One listener with one route to one cluster. */
export function configOf(wanted: Wanted): string {
  const { bind = SIDECAR, endpoints, backups = [], retry = {}, trust = [] } = wanted;
  const route = { name: "all", cluster: "app", timeout: wanted.timeout ?? "2s", retry };
  return JSON.stringify({
    listeners: [{ name: "inbound", bind, forwarded: { trust }, routes: [route] }],
    clusters: [
      {
        name: "app",
        endpoints,
        backups,
        healthCheck: { http: { path: "/healthz" } },
        ...wanted.cluster,
      },
    ],
  });
}

/** So many addresses of services. */
export function places(count: number, net = 0): string[] {
  return Array.from({ length: count }, (_, index) => `10.0.${net}.${index + 1}:80`);
}
