// Authorities and certificates, made by OpenSSL when a test needs them; keys are of P-256, which is quick.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { scratch } from "./scratch.ts";
import { tool } from "./tool.ts";

/** Files in PEM, and what they hold. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
  readonly certFile: string;
  readonly keyFile: string;
}

export interface CertificateOptions {
  /** As OpenSSL takes them: `DNS:localhost,URI:spiffe://a/b`; without it, for localhost. `none` for none. */
  readonly sans?: string;
  readonly days?: number;
  /** When it is made, in the words of faketime: `2020-01-01 00:00:00`. */
  readonly at?: string;
}

const LOCAL = "DNS:localhost,IP:127.0.0.1";
const folder = scratch();
process.once("exit", () => folder.remove());
let made = 0;

/** An authority that signs; several may have one name. */
export class Authority {
  readonly pair: Pair;

  constructor() {
    this.pair = make("/CN=Tests", ["-days", "3650"]);
  }

  /** The file of its own certificate, for those who trust it. */
  get file(): string {
    return this.pair.certFile;
  }

  get cert(): string {
    return this.pair.cert;
  }

  sign({ sans = LOCAL, days = 365, at }: CertificateOptions = {}): Pair {
    const { certFile, keyFile } = this.pair;
    const names = sans === "none" ? [] : ["-addext", `subjectAltName=${sans}`];
    const leaf = ["-addext", "basicConstraints=critical,CA:FALSE"];
    const signed = ["-CA", certFile, "-CAkey", keyFile, "-days", String(days)];
    return make("/CN=test", [...signed, ...leaf, ...names], at);
  }
}

function make(subject: string, more: readonly string[], at?: string): Pair {
  const base = join(folder.path, String(++made));
  const [certFile, keyFile] = [`${base}.crt`, `${base}.key`];
  const fresh = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const files = ["-keyout", keyFile, "-out", certFile, "-subj", subject];
  const args = ["req", "-x509", ...fresh, ...files, ...more];
  const [program = "", ...all] =
    at === undefined
      ? [tool("openssl"), ...args]
      : [tool("faketime"), at, tool("openssl"), ...args];
  execFileSync(program, all, { stdio: ["ignore", "ignore", "pipe"] });
  return {
    cert: readFileSync(certFile, "utf8"),
    key: readFileSync(keyFile, "utf8"),
    ...{ certFile, keyFile },
  };
}
