// Endpoints and backups: their addresses and weights.
import t from "tap";
import { atTop, configOf, errorsOf, inCluster, warningsOf } from "./sample.ts";

/** A config whose only cluster has these endpoints: line 7, from column 17. */
function withEndpoints(...endpoints: readonly string[]): string {
  return inCluster("").replace("127.0.0.1:3000", endpoints.join(", "));
}

t.test("an endpoint is an address, or a mapping with a weight", async (t) => {
  const text = withEndpoints("a:1", "{ address: b:1 }", "{ address: c:1, weight: 0 }");
  t.match(configOf(text).clusters[0]?.endpoints, [
    { address: { kind: "host", host: "a", port: 1, text: "a:1" }, weight: 100 },
    { address: { text: "b:1" }, weight: 100 },
    { address: { text: "c:1" }, weight: 0 },
  ]);
  t.strictSame(warningsOf(text), []);
});

t.test("a weight is a whole number from 0 to 100", async (t) => {
  const rows = [
    ["101", "weight must be at most 100"],
    ["-1", "weight must be at least 0"],
    ["1.5", "weight must be a whole number"],
    ["heavy", "weight must be a number, without quotes"],
  ] as const;
  for (const [weight, why] of rows) {
    const errors = errorsOf(withEndpoints(`{ address: a:1, weight: ${weight} }`));
    t.strictSame(errors, [`7:41: ${why}`], weight);
  }
});

t.test("weights of 0 alone are worth a warning", async (t) => {
  const nothing = "{ address: a:1, weight: 0 }";
  const why = "each has the weight 0: only backups get requests";
  t.strictSame(warningsOf(withEndpoints(nothing, nothing)), [`7:16: ${why}`]);
  t.strictSame(warningsOf(withEndpoints(nothing, "b:1")), []);
});

t.test("addresses stay what they are, and names are told from them", async (t) => {
  const rows = [
    ["10.0.0.1:80", "tcp"],
    ['"[::1]:80"', "tcp"],
    ["unix:/run/app.sock", "unix"],
    ["localhost:80", "tcp"],
    ["app.localhost:80", "tcp"],
    ["app_1.svc:80", "host"],
    ["srv:80", "host"],
    ["srv:_http._tcp.app.internal", "srv"],
    ["srv:app", "srv"],
  ] as const;
  const config = configOf(withEndpoints(...rows.map(([text]) => text)));
  const kinds = config.clusters[0]?.endpoints.map(({ address }) => address.kind);
  t.strictSame(
    kinds,
    rows.map(([, kind]) => kind),
  );
});

t.test("a service has a name and no port", async (t) => {
  const why = "must have a name and no port after srv:, such as srv:_http._tcp.example.org";
  for (const wrong of ["srv:_http._tcp.a:80", '"srv:"', "srv:10.0.0.1", "srv:a..b", '"srv:a b"']) {
    t.match(errorsOf(withEndpoints(wrong)), [`7:17: endpoints[0] ${why}`], wrong);
  }
});

t.test("name servers are IP addresses, with a port or without", async (t) => {
  const right = "[10.0.0.53, 127.0.0.1:5353, '[::1]', '[::1]:53']";
  t.equal(configOf(atTop(`dns: { nameservers: ${right} }`)).dns.nameservers.length, 4);
  for (const wrong of [
    "dns.internal",
    "10.0.0.53:0",
    "10.0.0.53:99999",
    "1.2.3",
    "'::1'",
    "'[x]'",
  ]) {
    t.match(errorsOf(atTop(`dns: { nameservers: [${wrong}] }`)), [/must be an IP address/], wrong);
  }
});

t.test(
  "a name that cannot be found as it stands is worth a warning, and so are mixed up times",
  async (t) => {
    const asked = withEndpoints("app:80", "app.internal:80", "localhost:80");
    t.strictSame(warningsOf(asked), []);
    const why = "is taken as a fully qualified name: dns.nameservers have no search list";
    t.strictSame(warningsOf(`dns: { nameservers: [10.0.0.53] }\n${asked}`), [`8:17: ${why}`]);
    const times = "dns: { refresh: { min: 20s } }";
    const swapped = "max (10s) is shorter than min (20s), which takes its place";
    t.strictSame(warningsOf(atTop(times)), [`1:17: ${swapped}`]);
  },
);
