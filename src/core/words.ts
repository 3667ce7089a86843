// Errors in words for people.

const MOST = 200;

/** What an error says, as one short line. */
export function wordsOf(error: unknown): string {
  // Where a name has several addresses, what the first one said will do.
  if (error instanceof AggregateError && error.errors.length > 0) return wordsOf(error.errors[0]);
  const text =
    error instanceof Error ? (tlsWords(error) ?? (error.message || error.name)) : String(error);
  return text.replace(/[\0-\x1f\x7f]+/g, " ").slice(0, MOST);
}

/** OpenSSL names a line of its own source and hides the reason among numbers. */
function tlsWords(error: Error): string | undefined {
  const code = "code" in error ? String(error.code) : "";
  if ("reason" in error && code.startsWith("ERR_SSL_")) return `TLS: ${error.reason}`;
  return CERTIFICATE.test(code) ? `TLS: ${error.message}` : undefined;
}

/** What OpenSSL, and Node, call what is wrong with a certificate. */
const CERTIFICATE =
  /^(?:ERR_TLS_|CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA$|INVALID_PURPOSE$|HOSTNAME_MISMATCH$|PATH_LENGTH_EXCEEDED$)/;
