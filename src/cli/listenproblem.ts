// Why the sidecar cannot listen, in one sentence that says what to do.

const TCP: Readonly<Record<string, string>> = {
  EADDRINUSE: "something else listens there already; stop it, or choose another bind",
  EADDRNOTAVAIL: "this machine has no such address; choose another bind",
  EACCES: "this user may not; choose a port above 1023",
  ENOTFOUND: "the host name is not known; use an address",
  EAI_AGAIN: "the host name cannot be looked up now; use an address",
};

// The operating system's ENOENT comes as EACCES from Node, which does not tell the two apart.
const MISSING = "its directory does not exist, or this user may not write there; see to that first";

const UNIX: Readonly<Record<string, string>> = {
  EADDRINUSE: "something else listens there already; stop it, or choose another path",
  EACCES: MISSING,
  ENOENT: MISSING,
  ENOTDIR: MISSING,
};

/** The sentence for an error of `listen`, or of looking up its host; undefined for any other. */
export function listenProblem(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const [code = "", syscall, address, port, host] = FACTS.map((fact) => textOf(error, fact));
  if (syscall === undefined) return undefined;
  const isUnix = address?.startsWith("/") === true;
  const reason = (isUnix ? UNIX : TCP)[code];
  if (reason === undefined) return undefined;
  const tcp = address?.includes(":") === true ? `[${address}]:${port}` : `${address}:${port}`;
  const where = address === undefined ? host : isUnix ? `unix:${address}` : tcp;
  return `cannot listen on ${where}: ${reason} (${code})`;
}

const FACTS = ["code", "syscall", "address", "port", "hostname"];

function textOf(error: Error, fact: string): string | undefined {
  const value: unknown = Reflect.get(error, fact);
  return value === undefined ? undefined : String(value);
}
