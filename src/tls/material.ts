// What the files of a TLS configuration hold: certificates, a key, certificates of authorities.
import { createPrivateKey, X509Certificate } from "node:crypto";
import type { San } from "../core/exchange.ts";
import { sansOf } from "./sans.ts";

/** The files that there may be: a certificate with its chain, its key, and those who are trusted. */
export type Part = "certificate" | "key" | "ca";

/** The text of each, where there is one. */
export type Texts = Readonly<Partial<Record<Part, string>>>;

/** Good ones, that fit together. Times in milliseconds since 1970. */
export interface Material {
  readonly texts: Texts;
  /** Its own certificate, which comes first in the chain; undefined where there is none. */
  readonly own: Leaf | undefined;
  /** When the first of the chain and of the authorities ends. */
  readonly caExpires: number;
}

export interface Leaf {
  readonly begins: number;
  /** When the first one of its chain ends. */
  readonly expires: number;
  readonly sans: readonly San[];
  /** Which it is, for people. */
  readonly serial: string;
}

/** What is wrong with one of them, as a predicate. */
export interface Flaw {
  readonly part: Part;
  readonly problem: string;
}

/** The largest file that is read, in bytes. */
export const MOST_BYTES = 1024 * 1024;

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;

/** Reads `texts`, or says what is wrong with them. */
export function materialOf(texts: Texts): Material | Flaw {
  const chain = certificatesIn(texts.certificate, "certificate");
  if ("problem" in chain) return chain;
  const authorities = certificatesIn(texts.ca, "ca");
  if ("problem" in authorities) return authorities;
  const [leaf] = chain;
  const wrong = leaf === undefined ? undefined : wrongKey(texts.key, leaf);
  if (wrong !== undefined) return { part: "key", problem: wrong };
  const caExpires = endOf(authorities);
  if (leaf === undefined) return { texts, own: undefined, caExpires };
  const own = {
    begins: Date.parse(leaf.validFrom),
    expires: endOf(chain),
    sans: sansOf(leaf.subjectAltName),
    serial: leaf.serialNumber,
  };
  return { texts, own, caExpires };
}

function certificatesIn(text: string | undefined, part: Part): X509Certificate[] | Flaw {
  if (text === undefined) return [];
  const blocks = text.match(BLOCK) ?? [];
  if (blocks.length === 0) return { part, problem: "holds no certificate in PEM form" };
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    return { part, problem: "holds a certificate that cannot be read" };
  }
}

function wrongKey(key: string | undefined, leaf: X509Certificate): string | undefined {
  if (key?.includes("ENCRYPTED") === true)
    return "is encrypted; there is no option for its passphrase";
  try {
    const own = createPrivateKey(key ?? "");
    return leaf.checkPrivateKey(own) ? undefined : "is not the key of the certificate";
  } catch {
    return "holds no private key in PEM form";
  }
}

function endOf(all: readonly X509Certificate[]): number {
  return Math.min(...all.map(({ validTo }) => Date.parse(validTo)));
}
