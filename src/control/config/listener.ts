// The options of a listener and its routes.
import { z } from "zod";
import { criticality } from "./criticality.ts";
import {
  address,
  count,
  duration,
  headerValues,
  hostPattern,
  name,
  size,
  token,
  trusted,
} from "./field.ts";
import { hedge } from "./hedge.ts";
import { serverTls } from "./tls.ts";

const limits = z
  .strictObject({
    uriBytes: size("8KiB", ["64B", "1MiB"], "The longest request target; beyond it 414."),
    headerBytes: size("16KiB", ["256B", "1MiB"], "The largest field section; beyond it 431."),
    headers: count(100, [1, 10_000], "The most field lines; beyond it 431."),
    bodyBytes: size("0B", ["0B", "1024GiB"], "The largest request body; beyond it 413. 0 = any."),
    connections: count(10_000, [1, 1_000_000], "The most open connections."),
    idle: duration("60s", ["1ms", "24h"], "How long a connection may wait for its next request."),
    headTimeout: duration("10s", ["1ms", "1h"], "How long a request head may take to arrive."),
    bodyIdle: duration(
      "30s",
      ["1ms", "24h"],
      "How long a body that is read may make no progress; three times that where we write it.",
    ),
    bodyRateBytes: size(
      "240B",
      ["0B", "1GiB"],
      "The bytes a second that a request body must make on average. 0 = any.",
    ),
    tunnelIdle: duration("1h", ["1ms", "168h"], "How long an upgraded connection may be silent."),
  })
  .prefault({})
  .describe("What one client may take. Each limit refuses with a reason; none waits for ever.");

const http2 = z
  .strictObject({
    streams: count(100, [1, 10_000], "The most requests at a time on a connection."),
    streamWindow: size(
      "256KiB",
      ["64KiB", "16MiB"],
      "How much of a body a client may send before it is taken; so much may have to be held, for each.",
    ),
    connectionWindow: size(
      "1MiB",
      ["64KiB", "64MiB"],
      "How much of all bodies together may be on its way from a client.",
    ),
    extendedConnect: z
      .boolean()
      .prefault(false)
      .describe(
        "Is a WebSocket taken by CONNECT (RFC 8441)? It becomes an upgrade, which the route must allow.",
      ),
    prematureResets: count(
      250,
      [10, 100_000],
      "Requests reset before they were worked on; so many among twice as many cut the connection.",
    ),
    resetsPerSecond: count(100, [10, 100_000], "And so does one more than this in a second."),
    controlFrames: count(
      1000,
      [10, 100_000],
      "The most frames of a kind that carry nothing, PING for one, in a second; and one for each KiB of bodies.",
    ),
  })
  .prefault({})
  .describe(
    "What one HTTP/2 connection may take, beside limits. Clients speak it by prior knowledge, on the same port.",
  );

const forwarded = z
  .strictObject({
    trust: z
      .array(trusted())
      .prefault([])
      .describe(
        "Peers whose X-Forwarded-*, criticality and deadline fields are believed: blocks of " +
          "addresses, and san:PATTERN for names in verified client certificates, as in tls.allowedSans. " +
          'Others\' are replaced. Example: [10.0.0.0/8, "san:spiffe://example.org/ns/edge/*"].',
      ),
  })
  .prefault({})
  .describe("Who may speak for others.");

const match = z
  .strictObject({
    path: z
      .string()
      .startsWith("/", { error: "must start with /" })
      .regex(/^[\x21-\x22\x24-\x3e\x40-\x7e]*$/, {
        error: "must be a path of printable ASCII characters, without a query or a fragment",
      })
      .max(1024)
      .prefault("/")
      .describe(
        "A path that ends in / matches everything below it; another one itself and, after a /, below it.",
      ),
    methods: z
      .array(token("a method"))
      .min(1, { error: "must name a method; leave it out to match every method" })
      .exactOptional()
      .meta({ description: "Only these methods.", example: ["GET", "POST"] }),
    host: hostPattern().exactOptional().meta({
      description: "Only this host, or every host below one: *.example.org.",
      example: "*.example.org",
    }),
    headers: headerValues()
      .exactOptional()
      .meta({
        description: "Only requests with these headers, each with exactly this value.",
        example: { "x-tenant": "acme" },
      }),
  })
  .prefault({})
  .describe(
    "Which requests it takes. The most specific route wins: host, then path, then headers and methods.",
  );

const upgrade = token("a protocol name")
  .refine((text) => text.toLowerCase() !== "h2c", { error: "must not be h2c: it is never relayed" })
  .transform((text) => text.toLowerCase());

const backoff = z
  .strictObject({
    base: duration(
      "25ms",
      ["0s", "1m"],
      "The longest wait before the first; it doubles each time.",
    ),
    max: duration("250ms", ["0s", "10m"], "The longest wait there is."),
  })
  .prefault({})
  .describe("The wait before a retry: anything up to a bound, by chance.");

const retry = z
  .strictObject({
    attempts: count(1, [0, 10], "How often a request may go again. 0 = never."),
    on: z
      .array(z.enum(["connectFailure", "reset", "refused"]))
      .prefault(["connectFailure", "reset", "refused"])
      .describe(
        "After what: connectFailure = no connection was to be had, so nothing was sent; reset = it " +
          "broke before the response head was whole; refused = it was never processed " +
          "(HTTP/2's REFUSED_STREAM and GOAWAY); HTTP/1.1 has no way to say so.",
      ),
    statuses: z
      .array(z.int().min(400).max(599))
      .prefault([])
      .describe(
        "And after these answers, from 400 to 599, unless retry-after or x-tidegate-reason asks not " +
          "to. Example: [502, 503].",
      ),
    grpc: z
      .array(
        z.enum(["cancelled", "deadlineExceeded", "internal", "resourceExhausted", "unavailable"]),
      )
      .prefault([])
      .describe(
        "And calls of gRPC after these statuses, unless grpc-retry-pushback-ms or x-tidegate-reason asks not to: for " +
          "calls that may be made twice. Only where the status is all that was answered. Example: [unavailable].",
      ),
    perTryTimeout: duration(
      "0s",
      ["0s", "24h"],
      "How long each try may take up to the response head; then it goes again. 0s = no such limit.",
    ),
    backoff,
    hedge,
  })
  .prefault({})
  .describe(
    "When a request goes again, to another endpoint if there is one. What may have arrived goes again " +
      "only if it is GET, HEAD, OPTIONS, PUT or DELETE, with a body of 64KiB at most.",
  );

const route = z.strictObject({
  match,
  cluster: name("The cluster that answers.", "app"),
  name: z
    .string()
    .regex(/^[\x21-\x7e]{1,128}$/, { error: "must be 1 to 128 printable ASCII characters" })
    .exactOptional()
    .meta({
      description:
        "Its name in metrics and logs. Without one: the listener's name, a colon and the path.",
      example: "api",
    }),
  timeout: duration(
    "15s",
    ["0s", "24h"],
    "For the whole request up to the response head; 504 when it is over. 0s = none.",
  ),
  criticality,
  retry,
  stream: z
    .boolean()
    .prefault(false)
    .describe(
      "Are its answers streams or long polls, that take long whatever the service can do? They do not count to " +
        "concurrency.limit, and nothing is learnt from their times.",
    ),
  upgrades: z
    .array(upgrade)
    .prefault(["websocket"])
    .describe("The protocols that a client may upgrade to. [] = none."),
});

export const listener = z.strictObject({
  name: name("Its name in metrics and logs.", "inbound").refine(
    (text) => text !== "health" && text !== "admin",
    { error: "must not be health or admin: those are listeners already" },
  ),
  bind: address().meta({
    description: "Where it listens: host:port, [v6]:port or unix:/path.",
    example: "127.0.0.1:8080",
  }),
  limits,
  http2,
  tls: serverTls.exactOptional().describe("Speaks TLS with clients. Without it: plaintext."),
  forwarded,
  routes: z
    .array(route)
    .min(1, { error: "must hold a route; without one every request is refused" })
    .describe("Where requests go. What matches no route is refused with 404 no_route."),
});
