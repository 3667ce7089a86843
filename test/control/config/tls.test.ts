// The options of TLS, and the files that they name.
import { join } from "node:path";
import t from "tap";
import { Authority, type Pair } from "../../support/certificates.ts";
import { configOf, errorsOf, inCluster, inListener, warningsOf } from "./sample.ts";

const authority = new Authority();
const own = authority.sign();

function pair({ certFile, keyFile }: Pair, more = ""): string {
  return `{ certificate: ${certFile}, key: ${keyFile}${more} }`;
}

t.test("a listener: defaults, and whom it asks for certificates", async (t) => {
  const of = (text: string) => configOf(inListener(`tls: ${text}`)).listeners[0]?.tls;
  t.match(of(pair(own)), {
    clientCertificates: "off",
    allowedSans: [],
    minVersion: 1.2,
    handshakes: { timeout: 10_000, max: 1000, rate: 500 },
  });
  const ca = `, clientCa: ${authority.file}`;
  t.equal(of(pair(own, ca))?.clientCertificates, "require");
  t.equal(of(pair(own, `${ca}, clientCertificates: request`))?.clientCertificates, "request");
  t.equal(configOf(inListener("")).listeners[0]?.tls, undefined);
});

t.test("what does not go together", async (t) => {
  const listener = (more: string) => errorsOf(inListener(`tls: ${pair(own, more)}`));
  t.match(listener(", clientCertificates: require"), [/must not be require without a clientCa/]);
  t.match(listener(", allowedSans: [a.test]"), [/allowedSans has no effect/]);
  t.match(listener(', allowedSans: ["a,b"]'), [
    /allowedSans has no effect/,
    /allowedSans\[0\] must be a name/,
  ]);
  t.match(listener(", minVersion: 1.1"), [/minVersion must be one of 1.2, 1.3/]);
  const cluster = (text: string) => errorsOf(inCluster(`tls: ${text}`));
  t.match(cluster(`{ key: ${own.keyFile} }`), [/key needs a certificate beside it/]);
  t.match(cluster(`{ certificate: ${own.certFile} }`), [/certificate needs a key beside it/]);
  t.match(cluster("{ serverName: 10.0.0.1:3 }"), [/serverName must/]);
  t.strictSame(cluster("{}"), []);
});

t.test("files that cannot be used are errors at their option", async (t) => {
  const folder = t.testdir({ "no.pem": "nothing", folder: {} });
  const at = (name: string): string => join(folder, name);
  const listener = (certificate: string, key: string) =>
    errorsOf(inListener(`tls: { certificate: ${certificate}, key: ${key} }`));
  t.match(listener(at("none"), own.keyFile), [/^4:25: certificate does not exist/]);
  t.match(listener(at("no.pem"), own.keyFile), [/^4:25: certificate holds no certificate in PEM/]);
  t.match(listener(own.certFile, at("folder")), [/^4:\d+: key must be a file/]);
  t.match(listener(own.certFile, at("no.pem")), [/^4:\d+: key holds no private key in PEM/]);
  const other = authority.sign().keyFile;
  t.match(listener(own.certFile, other), [/^4:\d+: key is not the key of the certificate/]);
  t.match(errorsOf(inCluster(`tls: { ca: ${at("none")} }`)), [/^8:16: ca does not exist/]);
});

t.test("what is worth a second look", async (t) => {
  const listener = (given: Pair, more = "") => warningsOf(inListener(`tls: ${pair(given, more)}`));
  t.strictSame(listener(own), []);
  const past = authority.sign({ at: "2020-01-01 00:00:00", days: 1 });
  t.match(listener(past), [/^4:25: has expired, on 2020-01-02 .*: it will be refused/]);
  const soon = authority.sign({ at: "-9 days", days: 10 });
  t.match(listener(soon), [/^4:25: expires soon, on /]);
  t.strictSame(listener(authority.sign({ days: 2 })), [], "short lives are no reason");
  t.match(listener(authority.sign({ sans: "none" })), [/^4:25: has no subjectAltName/]);
  const trust = 'forwarded: { trust: ["san:a.test"] }';
  t.match(warningsOf(inListener(trust)), [/^4:26: trusts nobody: clients are not asked/]);
});

t.test("a trusted name is a pattern, or an error", async (t) => {
  const of = (text: string) => inListener(`forwarded: { trust: [${text}] }`);
  const config = configOf(of('"san:*.a.test", 10.0.0.1'));
  t.strictSame(config.listeners[0]?.forwarded.trust, ["san:*.a.test", "10.0.0.1/32"]);
  t.match(errorsOf(of('"san:a b"')), [/trust\[0\] must have a pattern/]);
});
