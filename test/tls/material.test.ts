// Certificates, keys and authorities, and what is wrong with them.
import { generateKeyPairSync } from "node:crypto";
import t from "tap";
import { materialOf, type Texts } from "../../src/tls/material.ts";
import { Authority } from "../support/certificates.ts";

const authority = new Authority();
const { cert: certificate, key } = authority.sign();

function problem(texts: Texts): string {
  const made = materialOf(texts);
  return "problem" in made ? `${made.part} ${made.problem}` : "";
}

t.test("a pair, with a chain and an authority", async (t) => {
  const made = materialOf({ certificate: certificate + authority.cert, key, ca: authority.cert });
  if ("problem" in made) throw new Error(made.problem);
  t.strictSame(
    made.own?.sans.map(({ name }) => name),
    ["localhost", "127.0.0.1"],
  );
  const year = 365 * 24 * 3600 * 1000;
  t.equal(
    (made.own?.expires ?? 0) - (made.own?.begins ?? 0),
    year,
    "the leaf ends before its issuer",
  );
  t.ok(made.caExpires > (made.own?.expires ?? 0));
});

t.test("an authority alone", async (t) => {
  const made = materialOf({ ca: authority.cert });
  t.equal("problem" in made ? made.problem : made.own, undefined);
});

t.test("what does not fit or cannot be read", async (t) => {
  const other = authority.sign().key;
  t.equal(problem({ certificate, key: other }), "key is not the key of the certificate");
  t.equal(problem({ certificate, key: "" }), "key holds no private key in PEM form");
  t.equal(problem({ certificate: key, key }), "certificate holds no certificate in PEM form");
  const torn = certificate.replace(/\n.{20}/, "\n");
  t.equal(
    problem({ certificate: torn, key }),
    "certificate holds a certificate that cannot be read",
  );
  t.equal(problem({ ca: "nothing" }), "ca holds no certificate in PEM form");
  const { privateKey } = generateKeyPairSync("ec", {
    namedCurve: "P-256",
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem", cipher: "aes-128-cbc", passphrase: "x" },
  });
  t.match(problem({ certificate, key: privateKey }), /^key is encrypted; /);
});
