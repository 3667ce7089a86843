// The options of TLS: towards clients, and towards the endpoints of a cluster.
import { z } from "zod";
import { count, duration, hostName, SAN } from "./field.ts";

function file(description: string, example: string) {
  return z
    .string()
    .min(1, { error: "must be the path of a file" })
    .max(4096)
    .regex(/^[^\0]*$/, { error: "must be the path of a file" })
    .meta({ description, example });
}

function sans(description: string) {
  return z
    .array(
      z.string().regex(SAN, { error: "must be a name of printable ASCII characters, no comma" }),
    )
    .max(1000)
    .prefault([])
    .describe(description);
}

const PATTERN =
  "* stands for any characters but dots in a DNS name and slashes in a URI. " +
  'Example: ["spiffe://example.org/ns/*/sa/web", "*.example.org"].';

const minVersion = z
  .literal([1.2, 1.3])
  .prefault(1.2)
  .describe("The oldest version of TLS that is spoken: 1.2 or 1.3.");

const handshakes = z
  .strictObject({
    timeout: duration(
      "10s",
      ["10ms", "1m"],
      "How long one may take, its wait for its turn included.",
    ),
    max: count(
      1000,
      [1, 100_000],
      "The most at once. Who comes beyond that is closed: tls_handshakes_total, refused.",
    ),
    rate: count(
      500,
      [1, 100_000],
      "How many may begin in a second; others wait. One takes about half a millisecond of CPU.",
    ),
  })
  .prefault({})
  .describe(
    "Bounds on handshakes, so that clients who connect cannot starve those who are connected.",
  );

/** Of a listener. */
export const serverTls = z
  .strictObject({
    certificate: file(
      "The file of its certificate and the chain behind it, as PEM. It is read again when it changes.",
      "/etc/tidegate/tls/tls.crt",
    ),
    key: file("The file of the certificate's key, as PEM.", "/etc/tidegate/tls/tls.key"),
    clientCa: file(
      "The file of the authorities that sign clients' certificates, as PEM.",
      "/etc/tidegate/tls/ca.crt",
    ).exactOptional(),
    clientCertificates: z
      .enum(["require", "request", "off"])
      .exactOptional()
      .meta({
        description:
          "Are clients asked for certificates? require = nobody comes in without a good one, request = nobody " +
          "with a bad one. Without it: require where there is a clientCa, else off.",
        example: "require",
      }),
    allowedSans: sans(
      `Only clients whose certificate has one of these names (subjectAltName). [] = any. ${PATTERN}`,
    ),
    minVersion,
    handshakes,
  })
  .superRefine(({ clientCa, clientCertificates: asks, allowedSans }, context) => {
    const issue = (path: string, message: string): void =>
      context.addIssue({ code: "custom", path: [path], message });
    if (clientCa === undefined && asks !== undefined && asks !== "off")
      issue("clientCertificates", `must not be ${asks} without a clientCa that signs them`);
    if (allowedSans.length > 0 && (asks ?? clientCa ?? "off") === "off")
      issue("allowedSans", "has no effect where clients are not asked for certificates");
  })
  .transform(({ clientCertificates, ...rest }) => ({
    ...rest,
    clientCertificates:
      clientCertificates ?? (rest.clientCa === undefined ? ("off" as const) : ("require" as const)),
  }));

/** Of a cluster. */
export const clientTls = z
  .strictObject({
    ca: file(
      "The file of the authorities that sign endpoints' certificates, as PEM. Without one: those that Node " +
        "trusts.",
      "/etc/tidegate/tls/ca.crt",
    ).exactOptional(),
    serverName: hostName()
      .exactOptional()
      .meta({
        description:
          "Whom to ask for (SNI), and the name that certificates must have. Without it: the name or address " +
          "of the endpoint.",
        example: "app.internal",
      }),
    sans: sans(`Names of which certificates must have one, in place of serverName. ${PATTERN}`),
    certificate: file(
      "The file of our own certificate and its chain, where endpoints ask for one, as PEM.",
      "/etc/tidegate/tls/tls.crt",
    ).exactOptional(),
    key: file("The file of its key, as PEM.", "/etc/tidegate/tls/tls.key").exactOptional(),
    minVersion,
  })
  .superRefine(({ certificate, key }, context) => {
    const [given, lacks] = certificate === undefined ? ["key", key] : ["certificate", certificate];
    if ((certificate === undefined) === (key === undefined) || lacks === undefined) return;
    const other = given === "key" ? "certificate" : "key";
    context.addIssue({ code: "custom", path: [given], message: `needs a ${other} beside it` });
  });
