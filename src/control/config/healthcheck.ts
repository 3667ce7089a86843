// The options of a cluster's health checks.
import { z } from "zod";
import { count, duration, FRAMING, headerValues, token } from "./field.ts";

const STATUS_SHAPE = "must be a status or a range of them, such as 200 or 200-299";

const statuses = z
  .union(
    [
      z.int().min(200).max(599),
      z
        .string()
        .regex(/^[2-5][0-9]{2}(-[2-5][0-9]{2})?$/, { error: STATUS_SHAPE })
        .refine((text) => (text.split("-")[1] ?? text) >= text.slice(0, 3), {
          error: "must begin with the lower status",
        }),
    ],
    { error: STATUS_SHAPE },
  )
  .transform((given) => {
    const [from, to = from] = String(given).split("-").map(Number);
    return { from: from ?? 0, to: to ?? 0 };
  });

const http = z
  .strictObject({
    path: z
      .string()
      .startsWith("/", { error: "must start with /" })
      .regex(/^[\x21\x22\x24-\x7e]*$/, {
        error: "must be a path of printable ASCII characters, without a fragment",
      })
      .max(1024)
      .prefault("/healthz")
      .describe("What is asked for; it may have a query."),
    method: token("a method")
      .refine((method) => method !== "CONNECT", { error: "must not be CONNECT" })
      .prefault("GET")
      .describe("How it is asked for."),
    headers: headerValues()
      .refine((headers) => Object.keys(headers).every((key) => !FRAMING.includes(key)), {
        error: `must not name ${FRAMING.join(", ")}`,
      })
      .prefault({})
      .describe("Fields to send. A host among them takes the place of the endpoint's own."),
    statuses: z
      .array(statuses)
      .min(1, { error: "must hold a status" })
      .prefault(["200-299"])
      .describe("The statuses that pass, each alone or as a range. From 200 to 599."),
    body: z
      .string()
      .min(1, { error: "must not be empty; leave it out to take any body" })
      .max(1024)
      .exactOptional()
      .meta({ description: "What the first 64KiB of the body must hold.", example: "ok" }),
  })
  .refine(({ method, body }) => method !== "HEAD" || body === undefined, {
    path: ["body"],
    error: "cannot be found in the answer to HEAD, which has none",
  })
  .transform(({ body, ...rest }) => ({ kind: "http" as const, ...rest, body }));

const grpc = z
  .strictObject({
    service: z
      .string()
      .max(256)
      .prefault("")
      .describe('The name to ask for. "" = the server as a whole.'),
  })
  .transform(({ service }) => ({ kind: "grpc" as const, service }));

const tcp = z.strictObject({}).transform(() => ({ kind: "tcp" as const }));

const checks = z
  .strictObject({
    tcp: tcp.exactOptional().meta({
      description: "A probe that connects, and no more. The kind that is used when none is given.",
      example: {},
    }),
    http: http.exactOptional().describe("A probe that is an HTTP request."),
    grpc: grpc.exactOptional().describe("A probe of the gRPC health protocol."),
    interval: duration("2s", ["100ms", "1h"], "From one probe of an endpoint to the next."),
    timeout: duration("1s", ["10ms", "10m"], "How long a probe may take, its connection included."),
    fall: count(3, [1, 100], "Failures in a row that make an endpoint unhealthy."),
    rise: count(2, [1, 100], "Passes in a row that make it healthy again."),
  })
  .superRefine(({ tcp, http, grpc }, context) => {
    const given = Object.entries({ tcp, http, grpc }).filter(([, value]) => value !== undefined);
    const [first, ...others] = given.map(([kind]) => kind);
    for (const kind of others) {
      const message = `cannot stand beside ${first}: keep one kind of probe`;
      context.addIssue({ code: "custom", path: [kind], message });
    }
  })
  .transform(({ tcp, http, grpc, ...rest }) => {
    return { check: http ?? grpc ?? tcp ?? { kind: "tcp" as const }, ...rest };
  });

// The mapping stands first, so that what is wrong inside of one is told.
export const healthCheck = z
  .union([
    checks,
    z.enum(["off"], {
      error: ({ input }) => (input === null ? undefined : "must be a mapping, or off"),
    }),
  ])
  .prefault({})
  .describe(
    "Probes of each endpoint, which take the sick ones out: one of tcp, http and grpc, or off.",
  );
