// Names in certificates, and patterns of them.
import { X509Certificate } from "node:crypto";
import t from "tap";
import { sanCheck, sansOf } from "../../src/tls/sans.ts";
import { Authority } from "../support/certificates.ts";

const of = (kind: string, name: string) => ({ kind, name });

t.test("the names of a certificate, as OpenSSL has made it", async (t) => {
  const sans = "DNS:a.test,DNS:*.b.test,URI:spiffe://a.test/ns/x,IP:10.0.0.1,email:a@b.test";
  const { cert } = new Authority().sign({ sans });
  t.strictSame(sansOf(new X509Certificate(cert).subjectAltName), [
    of("DNS", "a.test"),
    of("DNS", "*.b.test"),
    of("URI", "spiffe://a.test/ns/x"),
    of("IP Address", "10.0.0.1"),
    of("email", "a@b.test"),
  ]);
  t.strictSame(sansOf(undefined), []);
});

t.test("a name that holds what stands between names is one name", async (t) => {
  const text = 'DNS:"a.test, DNS:b.test", URI:"spiffe://a/\\"x", DNS:c.test';
  t.strictSame(sansOf(text), [
    of("DNS", "a.test, DNS:b.test"),
    of("URI", 'spiffe://a/"x'),
    of("DNS", "c.test"),
  ]);
  t.equal(sanCheck(["b.test"])(sansOf(text)), false);
});

t.test("patterns", async (t) => {
  const cases: readonly (readonly [pattern: string, kind: string, name: string, fits: boolean])[] =
    [
      ["a.test", "DNS", "a.test", true],
      ["a.test", "DNS", "A.Test", true],
      ["a.test", "DNS", "axtest", false],
      ["a.test", "DNS", "b.a.test", false],
      ["a.test", "URI", "a.test", false],
      ["*.a.test", "DNS", "b.a.test", true],
      ["*.a.test", "DNS", "c.b.a.test", false],
      ["*.a.test", "DNS", ".a.test", false],
      ["*.a.test", "DNS", "a.test", false],
      ["web-*.a.test", "DNS", "web-1.a.test", true],
      ["spiffe://a.test/ns/*/sa/web", "URI", "spiffe://a.test/ns/x/sa/web", true],
      ["spiffe://a.test/ns/*/sa/web", "URI", "spiffe://a.test/ns/x/y/sa/web", false],
      ["spiffe://a.test/ns/*/sa/web", "URI", "spiffe://a.test/ns//sa/web", false],
      ["spiffe://a.test/x", "URI", "spiffe://a.test/X", false],
      ["spiffe://a.test/x", "DNS", "spiffe://a.test/x", false],
      ["10.0.0.1", "IP Address", "10.0.0.1", true],
      ["a@b.test", "email", "a@b.test", true],
      ["b.test", "email", "b.test", false],
    ];
  for (const [pattern, kind, name, fits] of cases) {
    t.equal(sanCheck([pattern])([of(kind, name)]), fits, `${pattern} ${kind}:${name}`);
  }
  t.equal(sanCheck(["a.test", "b.test"])([of("DNS", "x"), of("DNS", "b.test")]), true);
  t.equal(sanCheck([])([of("DNS", "a.test")]), false);
});
