// The Config: its defaults, its form, and that nobody can change it.
import t from "tap";
import type { CheckTarget } from "../../../src/control/checked.ts";
import type { Config } from "../../../src/control/config/schema.ts";
import type { Target } from "../../../src/control/name.ts";
import type { ResolverSettings } from "../../../src/control/resolver.ts";
import type { Address } from "../../../src/core/address.ts";
import type { BreakerSettings } from "../../../src/policy/breakersettings.ts";
import type { CriticalitySettings } from "../../../src/policy/criticality.ts";
import type { RefreshSettings } from "../../../src/policy/refresh.ts";
import { atTop, configOf, inCluster, inListener, inRoute, withRoutes } from "./sample.ts";

interface Endpoint {
  readonly address: Target;
  readonly weight: number;
}

/** What the rest of the sidecar relies on. A change of the schema that breaks it does not compile. */
interface Promised {
  readonly health: { readonly bind: Address };
  readonly admin: {
    readonly bind: Address;
    readonly expose: boolean;
    readonly token: string | undefined;
    readonly hosts: readonly string[];
  };
  readonly drain: { readonly delay: number; readonly timeout: number };
  readonly selfProtection: { readonly mode: "enforce" | "off"; readonly delay: number };
  readonly log: {
    readonly level: "debug" | "info" | "warn" | "error";
    readonly access: "off" | "errors" | "all" | "sampled";
    readonly sample: number;
    readonly file: string;
  };
  readonly dns: ResolverSettings & { readonly refresh: RefreshSettings };
  readonly listeners: readonly {
    readonly name: string;
    readonly bind: Address;
    readonly limits: Readonly<Record<string, number>>;
    readonly http2: Readonly<Record<string, number | boolean>>;
    readonly forwarded: { readonly trust: readonly string[] };
    readonly routes: readonly PromisedRoute[];
  }[];
  readonly clusters: readonly {
    readonly name: string;
    readonly endpoints: readonly Endpoint[];
    readonly backups: readonly Endpoint[];
    readonly backupConcurrency: number;
    readonly healthCheck: "off" | PromisedCheck;
    readonly connectTimeout: number;
    readonly protocol: "auto" | "http1" | "http2";
    readonly pool: { readonly max: number; readonly idle: number };
    readonly breaker: "off" | PromisedBreaker;
    readonly responseHeaderBytes: number;
    readonly retryBudget: { readonly percent: number; readonly minimumPerSecond: number };
    readonly failback: { readonly hold: number };
    readonly peerThreshold: { readonly heed: boolean };
    readonly concurrency: {
      readonly limit?: number | "adaptive";
      readonly min: number;
      readonly max: number;
      readonly queue: { readonly size: number | "auto"; readonly wait: number | "auto" };
      readonly streams: number;
      readonly mode: "enforce" | "report" | "off";
    };
    readonly fairness?: { readonly key: string };
  }[];
}

/** What breakers are made of, but for the time of a trial, and what only their cluster can hold. */
type PromisedBreaker = Omit<BreakerSettings, "trialTimeout"> & { readonly minimumHealthy: number };
type PromisedCheck = CheckTarget["healthCheck"];

interface PromisedRoute {
  readonly name: string;
  readonly match: {
    readonly path: string;
    readonly methods?: readonly string[];
    readonly host?: string;
    readonly headers?: Readonly<Record<string, string>>;
  };
  readonly cluster: string;
  readonly timeout: number;
  readonly upgrades: readonly string[];
  readonly criticality: CriticalitySettings;
  readonly stream: boolean;
  readonly retry: {
    readonly attempts: number;
    readonly on: readonly ("connectFailure" | "reset" | "refused")[];
    readonly statuses: readonly number[];
    readonly grpc: readonly string[];
    readonly perTryTimeout: number;
    readonly backoff: { readonly base: number; readonly max: number };
  };
}

function tcp(host: string, port: number): Address {
  return { kind: "tcp", host, port, text: `${host}:${port}` };
}

const DEFAULTS: Promised = {
  health: { bind: tcp("0.0.0.0", 9902) },
  admin: { bind: tcp("127.0.0.1", 9901), expose: false, token: undefined, hosts: [] },
  drain: { delay: 5000, timeout: 30_000 },
  log: { level: "info", access: "errors", sample: 0.01, file: "stdout" },
  dns: { nameservers: [], family: "auto", timeout: 2000, refresh: { min: 1000, max: 10_000 } },
  selfProtection: { mode: "enforce", delay: 50 },
  listeners: [
    {
      name: "inbound",
      bind: tcp("127.0.0.1", 8080),
      limits: {
        uriBytes: 8192,
        headerBytes: 16_384,
        headers: 100,
        bodyBytes: 0,
        connections: 10_000,
        idle: 60_000,
        headTimeout: 10_000,
        bodyIdle: 30_000,
        bodyRateBytes: 240,
        tunnelIdle: 3_600_000,
      },
      http2: {
        ...{ streams: 100, streamWindow: 262_144, connectionWindow: 1_048_576 },
        extendedConnect: false,
        ...{ prematureResets: 250, resetsPerSecond: 100, controlFrames: 1000 },
      },
      forwarded: { trust: [] },
      routes: [
        {
          name: "inbound:/",
          match: { path: "/" },
          cluster: "app",
          timeout: 15_000,
          upgrades: ["websocket"],
          criticality: { default: "CRITICAL", header: undefined, methods: {} },
          stream: false,
          retry: {
            attempts: 1,
            on: ["connectFailure", "reset", "refused"],
            statuses: [],
            grpc: [],
            perTryTimeout: 0,
            backoff: { base: 25, max: 250 },
          },
        },
      ],
    },
  ],
  clusters: [
    {
      name: "app",
      endpoints: [{ address: tcp("127.0.0.1", 3000), weight: 100 }],
      backups: [],
      backupConcurrency: 1000,
      healthCheck: { check: { kind: "tcp" }, interval: 2000, timeout: 1000, fall: 3, rise: 2 },
      connectTimeout: 1000,
      protocol: "auto",
      pool: { max: 10_000, idle: 4000 },
      breaker: {
        consecutiveFailures: 5,
        failureRate: { threshold: 0.5, window: 10_000, minimumRequests: 20 },
        slowCalls: { threshold: 0.8, slowerThan: 5000 },
        open: { base: 1000, max: 60_000, jitter: 0.5 },
        trials: 5,
        ramp: 10_000,
        minimumHealthy: 1,
      },
      responseHeaderBytes: 65_536,
      retryBudget: { percent: 20, minimumPerSecond: 3 },
      failback: { hold: 3000 },
      peerThreshold: { heed: false },
      concurrency: {
        ...{ min: 1, max: 1000, queue: { size: "auto", wait: "auto" } },
        ...{ streams: 10_000, mode: "enforce" },
      },
    },
  ],
};

t.test("what is not given is at its default", async (t) => {
  const config: Promised = configOf(atTop());
  t.strictSame(config, DEFAULTS);
  t.strictSame(configOf(atTop("health: {}\nadmin: {}\ndrain: {}\nlog: {}\ndns: {}")), DEFAULTS);
  t.strictSame(configOf(inListener("limits: {}\n    forwarded: {}")), DEFAULTS);
  t.strictSame(configOf(inRoute("match: {}")), DEFAULTS);
  t.strictSame(configOf(inRoute("retry: { backoff: {} }")), DEFAULTS);
  t.strictSame(configOf(inCluster("pool: {}")), DEFAULTS);
  t.strictSame(configOf(inCluster("retryBudget: {}")), DEFAULTS);
  const empty = "breaker: { failureRate: {}, slowCalls: {}, open: {} }";
  t.strictSame(configOf(inCluster("breaker: {}")), DEFAULTS);
  t.strictSame(configOf(inCluster(empty)), DEFAULTS);
  t.strictSame(configOf(inCluster("healthCheck: {}")), DEFAULTS);
  t.strictSame(configOf(inCluster("healthCheck: { tcp: {} }")), DEFAULTS);
});

t.test("the whole config is frozen, at every depth", async (t) => {
  const config: Config = configOf(inRoute("match: { methods: [GET], headers: { a: b } }"));
  const unfrozen: string[] = [];
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== "object" || value === null) return;
    if (!Object.isFrozen(value)) unfrozen.push(path);
    for (const [key, member] of Object.entries(value)) visit(member, `${path}.${key}`);
  };
  visit(config, "config");
  t.strictSame(unfrozen, []);
  t.throws(() => Reflect.apply(Array.prototype.push, config.listeners, [1]), TypeError);
});

t.test("two configs share nothing that one of them could change", async (t) => {
  t.not(configOf(atTop()).listeners[0]?.routes, configOf(atTop()).listeners[0]?.routes);
});

t.test("durations are milliseconds and sizes are bytes", async (t) => {
  t.match(configOf(atTop("drain: { delay: 1m1s5ms, timeout: 2m }")).drain, {
    delay: 61_005,
    timeout: 120_000,
  });
  const limits = "limits: { uriBytes: 9000, headerBytes: 32KiB, bodyBytes: 1GiB }";
  t.match(configOf(inListener(limits)).listeners[0]?.limits, {
    uriBytes: 9000,
    headerBytes: 32_768,
    bodyBytes: 1_073_741_824,
  });
});

t.test(
  "hosts, header names and upgrades are in lower case; methods and values are not",
  async (t) => {
    const text = `match: { host: "*.Example.ORG", headers: { X-Tenant: Acme }, methods: [GET] }
        upgrades: [WebSocket]`;
    t.match(configOf(inRoute(text)).listeners[0]?.routes[0], {
      match: { host: "*.example.org", headers: { "x-tenant": "Acme" }, methods: ["GET"] },
      upgrades: ["websocket"],
    });
  },
);

t.test("endpoints may be text or mappings, on hosts or unix sockets", async (t) => {
  const text = inCluster("").replace(
    "[127.0.0.1:3000]",
    '["[::1]:1", { address: a.b:2 }, "unix:/run/app.sock"]',
  );
  t.strictSame(configOf(text).clusters[0]?.endpoints, [
    { address: { kind: "tcp", host: "::1", port: 1, text: "[::1]:1" }, weight: 100 },
    { address: { kind: "host", host: "a.b", port: 2, text: "a.b:2" }, weight: 100 },
    { address: { kind: "unix", path: "/run/app.sock", text: "unix:/run/app.sock" }, weight: 100 },
  ]);
});

t.test("a block of one address has its prefix length", async (t) => {
  const config = configOf(inListener('forwarded: { trust: [10.0.0.1, "::1", 10.0.0.0/8] }'));
  t.strictSame(config.listeners[0]?.forwarded.trust, ["10.0.0.1/32", "::1/128", "10.0.0.0/8"]);
});

t.test("routes without a name get one that nobody else has", async (t) => {
  const names = (text: string) =>
    configOf(text).listeners.flatMap(({ routes }) => routes.map(({ name }) => name));
  const get = "{ cluster: app, match: { methods: [GET] } }";
  const post = "{ cluster: app, match: { methods: [POST] } }";
  const put = "{ cluster: app, match: { methods: [PUT] } }";
  t.strictSame(names(withRoutes(get, post, put)), ["inbound:/", "inbound:/#2", "inbound:/#3"]);
  const named = `{ cluster: app, name: "inbound:/#2", match: { path: /a } }`;
  t.strictSame(names(withRoutes(get, post, named)), ["inbound:/", "inbound:/#3", "inbound:/#2"]);
  const api = "{ cluster: app, match: { path: /api/ } }";
  t.strictSame(names(withRoutes(api, get)), ["inbound:/api/", "inbound:/"]);
});
