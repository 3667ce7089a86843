// The options of a cluster: the instances of one service.
import { z } from "zod";
import { USUAL_WEIGHT } from "../../core/address.ts";
import { breaker } from "./breaker.ts";
import { concurrency, fairness, peerThreshold } from "./concurrency.ts";
import { fallback } from "./fallback.ts";
import { count, duration, name, size, target } from "./field.ts";
import { healthCheck } from "./healthcheck.ts";
import { clientTls } from "./tls.ts";

const endpoint = z
  .union(
    [
      target(),
      z.strictObject({
        address: target().describe("Where it is."),
        weight: count(
          USUAL_WEIGHT,
          [0, 100],
          "Its part of the requests in proportion to the others of its tier. 0 = none, though it is probed.",
        ),
      }),
    ],
    {
      error: (issue) =>
        issue.input === undefined || issue.input === null
          ? undefined
          : "must be host:port, [v6]:port, unix:/path or srv:name, or a mapping with an address",
    },
  )
  .transform((given) => ("address" in given ? given : { address: given, weight: USUAL_WEIGHT }));

const protocol = z
  .enum(["auto", "http1", "http2"])
  .prefault("auto")
  .describe(
    "What its endpoints speak. auto = with TLS what each prefers (ALPN), else HTTP/1.1, except that gRPC " +
      "requests (content-type application/grpc) go by HTTP/2; http1; http2 = everything by HTTP/2, in " +
      "plaintext by prior knowledge. " +
      "One HTTP/2 session carries as many requests as the endpoint allows, up to 1000; more sessions " +
      "are made when that is not enough.",
  );

const pool = z
  .strictObject({
    max: count(
      10_000,
      [1, 1_000_000],
      "The most connections to one endpoint: each carries one request at a time, or is a session of HTTP/2.",
    ),
    idle: duration(
      "4s",
      ["1ms", "1h"],
      "How long an idle connection is kept. Keep it below the service's own limit (Node: 5s).",
    ),
  })
  .prefault({})
  .describe("Connections kept open to each endpoint.");

const retryBudget = z
  .strictObject({
    percent: count(20, [0, 100], "Retries may be so many percent of the requests."),
    minimumPerSecond: count(3, [0, 10_000], "So many a second at least, however few the requests."),
  })
  .prefault({})
  .describe(
    "The most retries, over ten seconds; by all routes together, and by each of them as well. " +
      "When they are spent, the last answer or failure stands.",
  );

export const cluster = z.strictObject({
  name: name("Its name in routes, metrics and logs.", "app"),
  endpoints: z
    .array(endpoint)
    .min(1, { error: "must hold an endpoint" })
    .meta({
      description:
        "Where its instances are: host:port, [v6]:port, unix:/path, or srv:name for SRV records. A host that " +
        "is a name stands for all its addresses, each an endpoint of its own.",
      example: ["127.0.0.1:3000"],
    }),
  backups: z
    .array(endpoint)
    .prefault([])
    .describe("Where to go when no primary can take a request; probed as the primaries are."),
  backupConcurrency: count(
    1000,
    [1, 1_000_000],
    "The most requests that the backups work on at once, all of them together.",
  ),
  tls: clientTls
    .exactOptional()
    .describe("Speaks TLS with the endpoints, in probes as well. Without it: plaintext."),
  healthCheck,
  protocol,
  connectTimeout: duration(
    "1s",
    ["1ms", "10m"],
    "How long connecting to an endpoint may take, a TLS handshake and the settings of HTTP/2 included.",
  ),
  pool,
  breaker,
  responseHeaderBytes: size(
    "64KiB",
    ["256B", "1MiB"],
    "The largest head of a response; beyond it 502 upstream_protocol.",
  ),
  concurrency,
  fairness,
  peerThreshold,
  retryBudget,
  failback: z
    .strictObject({
      hold: duration(
        "3s",
        ["0s", "1h"],
        "How long a primary must have been usable before traffic goes back, over breaker.ramp.",
      ),
    })
    .prefault({})
    .describe("The way from the backups back to the primaries."),
  fallback: fallback
    .exactOptional()
    .describe(
      "The last resort: what clients get in place of a refusal when no endpoint of any tier answers.",
    ),
});
