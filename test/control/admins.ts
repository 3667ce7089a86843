import { request } from "node:http";
import { text } from "node:stream/consumers";
import type { Test } from "tap";
import { type AdminOptions, startAdmin } from "../../src/control/admin.ts";
import { checkBind, createGuard, type GuardOptions } from "../../src/control/guard.ts";
import type { Order } from "../../src/control/override.ts";
import type { State } from "../../src/control/state.ts";
import { type Address, tcpAddress } from "../../src/core/address.ts";

export const STATE: State = {
  version: "0.1.0",
  started: "2026-01-02T03:04:05.678Z",
  draining: false,
  config: {
    digest: "0123456789ab",
    loaded: "2026-01-02T03:04:05.678Z",
    refused: { at: "2026-01-02T03:04:07.678Z", cause: "SIGHUP", errors: ["a.yaml:1:1: no"] },
  },
  protection: {
    ...{ stage: "shedding", level: 0.5, resting: 0, delayMs: 7, utilisation: 1 },
    ...{ memory: 0.25, connections: 0.75 },
  },
  listeners: [{ name: "inbound", address: "127.0.0.1:8080", connections: 3 }],
  clusters: [
    {
      name: "app",
      inFlight: 2,
      concurrency: {
        ...{ mode: "report", limit: 16, inFlight: 1, streams: 1, waiting: 3, mostWaiting: 96 },
        threshold: "SHEDDABLE/64",
      },
      heeds: "SHEDDABLE/3",
      refusals: [{ reason: "queue_full", count: 7 }],
      wouldRefuse: [{ reason: "shed_priority", count: 9 }],
      tier: "primaries",
      retryBudget: { remaining: 29 },
      backups: { inFlight: 2, limit: 1000 },
      hedges: [{ route: "all", delayMs: 40 }],
      endpoints: [
        {
          ...{ address: "127.0.0.1:3000", name: "app:3000", tier: "primary", connections: 1 },
          ...{ load: 2, weight: 100, usable: "open", health: "healthy" },
          ...{ override: "open", overrideMs: 5000 },
          advice: { weight: 50, drain: true, maxConcurrency: 8 },
          probe: { result: "ok", reason: "status 200", at: "2026-01-02T03:04:06.678Z" },
          breaker: { state: "open", reason: "failure_rate", untilMs: 900 },
        },
      ],
      names: [
        {
          ...{ name: "app:3000", addresses: 1, resolved: "2026-01-02T03:04:05.678Z" },
          problem: "no answer in time (ETIMEOUT)",
        },
      ],
    },
  ],
};

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

interface Setting {
  readonly address: Address;
  readonly drains: () => number;
  readonly ask: (path: string, asked?: Asked) => Promise<Reply>;
  /** What was ordered. */
  readonly orders: readonly Order[];
}

export const JSON_BODY = { "content-type": "application/json" };

export async function admin(
  t: Test,
  options: Partial<AdminOptions & GuardOptions> = {},
): Promise<Setting> {
  let drained = 0;
  const orders: Order[] = [];
  const bind = tcpAddress("127.0.0.1", 0);
  const guarded = { bind, expose: false, token: undefined, hosts: [], ...options };
  checkBind(guarded);
  const server = await startAdmin({
    bind,
    guard: createGuard(guarded),
    state: () => STATE,
    drain: () => drained++,
    events: () => "[]\n",
    override: (order) => (order.cluster === "app" ? void orders.push(order) : "no such cluster"),
    reload: async () => ({ kind: "unchanged", changes: [], warnings: [] }),
    onError: (error) => t.fail(String(error)),
    ...options,
  });
  t.teardown(() => server.close());
  const { address } = server;
  const asking: Setting["ask"] = (path, asked) => ask(address, path, asked);
  return { address, drains: () => drained, ask: asking, orders };
}

export async function ask(to: Address, path: string, asked: Asked = {}): Promise<Reply> {
  const { method = "GET", headers = {}, body } = asked;
  const where = to.kind === "tcp" ? { host: to.host, port: to.port } : { socketPath: to.path };
  const sent = request({ ...where, path, method, headers, agent: false });
  sent.end(body);
  const { promise, resolve, reject } = Promise.withResolvers<Reply>();
  sent.once("error", reject);
  sent.once("response", async (response) => {
    const { statusCode = 0, headers } = response;
    resolve({ status: statusCode, headers, body: await text(response) });
  });
  return promise;
}
