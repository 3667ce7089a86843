// The one description of the config. From it come the types, the defaults, the JSON Schema and the
// documentation of every option; `config/tidegate.yaml` is the same thing in another form.
import { z } from "zod";
import { cluster } from "./cluster.ts";
import { dns } from "./dns.ts";
import { address, duration, hostName, share } from "./field.ts";
import { listener } from "./listener.ts";
import { nameRoutes } from "./naming.ts";
import { selfProtection } from "./selfprotection.ts";
import { didYouMean } from "./suggest.ts";

export const HEALTH_BIND = "0.0.0.0:9902";
export const ADMIN_BIND = "127.0.0.1:9901";

const STREAMS = ["stdout", "stderr"];

const health = z
  .strictObject({
    bind: address()
      .prefault(HEALTH_BIND)
      .describe("Where it listens: host:port, [v6]:port or unix:/path."),
  })
  .prefault({})
  .describe(
    "/livez /readyz /startupz /metrics, for the orchestrator. Never shed, never drained away.",
  );

const admin = z
  .strictObject({
    bind: address()
      .prefault(ADMIN_BIND)
      .describe("Where it listens. Only this machine can reach the default."),
    expose: z
      .boolean()
      .prefault(false)
      .describe("Allows a bind that other machines can reach; a token is needed as well."),
    token: z
      .string()
      .regex(/^[\x21-\x7e]{16,1024}$/, {
        error: "must be 16 to 1024 printable ASCII characters, without spaces",
      })
      .exactOptional()
      .meta({
        description:
          "What callers must send as `authorization: Bearer <token>`. 16 characters or more.",
        example: "\u0024{TIDEGATE_ADMIN_TOKEN}",
      }),
    hosts: z
      .array(hostName())
      .prefault([])
      .describe("Host names, besides those of this machine, that requests may be addressed to."),
  })
  .transform(({ token, ...rest }) => ({ ...rest, token }))
  .prefault({})
  .describe("State and operations: GET reads, POST changes.");

const drain = z
  .strictObject({
    delay: duration(
      "5s",
      ["0s", "1h"],
      "Normal service after SIGTERM, unready, until word is out.",
    ),
    timeout: duration(
      "30s",
      ["0s", "24h"],
      "From SIGTERM to the end, whatever is still in flight.",
    ),
  })
  .prefault({})
  .describe("The end: SIGTERM or SIGINT.");

const log = z
  .strictObject({
    level: z
      .enum(["debug", "info", "warn", "error"])
      .prefault("info")
      .describe("The least severe message of the application log, which goes to stderr."),
    access: z
      .enum(["off", "errors", "all", "sampled"])
      .prefault("errors")
      .describe(
        "Which requests the access log tells of; sampled = errors, and a share of the rest.",
      ),
    sample: share(0.01, "The share of requests that `access: sampled` tells of."),
    file: z
      .string()
      .regex(/^(stdout|stderr|[^\0]*\/[^\0]*)$/, {
        error: ({ input }) =>
          `must be stdout, stderr or a path with a slash in it${didYouMean(String(input), STREAMS)}`,
      })
      .prefault("stdout")
      .describe("Where the access log goes, as JSON lines: stdout, stderr or a path."),
  })
  .prefault({})
  .describe("What is written down. Logging never holds up a request: lines are dropped instead.");

/** The config as people write it, to the config as the sidecar reads it. */
export const configSchema = z
  .strictObject({
    health,
    admin,
    drain,
    log,
    dns,
    selfProtection,
    listeners: z
      .array(listener)
      .min(1, { error: "must hold a listener" })
      .describe("Where traffic comes in."),
    clusters: z
      .array(cluster)
      .min(1, { error: "must hold a cluster" })
      .describe("Where traffic goes."),
  })
  .transform((config) => ({ ...config, listeners: nameRoutes(config.listeners) }));

/** What nobody can change any more, at any depth. */
export type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;

/** The whole config. Durations are milliseconds, sizes are bytes. */
export type Config = Frozen<z.output<typeof configSchema>>;
