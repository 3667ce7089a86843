// Where the admin listener is, as the flags of `status` and `events` say it.
import { addressProblem } from "../../control/config/address.ts";
import { formatProblem } from "../../control/config/source.ts";
import { type Address, parseAddress, tcpAddress } from "../../core/address.ts";
import { type Given, UsageError } from "../arguments.ts";
import { DEFAULT_ADMIN, TOKEN_VARIABLE } from "./defaults.ts";

/** The flags that say where it is. */
export const PLACE_FLAGS = { admin: "value", config: "value" } as const;

export interface Place {
  readonly address: Address;
  readonly token: string | undefined;
}

/** What cannot be helped by other flags: said on stderr, exit code as for a bad config. */
export class BadConfig extends Error {
  override readonly name = "BadConfig";
}

/** Throws a UsageError, or a BadConfig that holds every error of the config. */
export async function placeOf({ values }: Given): Promise<Place> {
  const [file, text = DEFAULT_ADMIN] = [values.get("config"), values.get("admin")];
  if (file === undefined) {
    const problem = addressProblem(text, "endpoint");
    const address = parseAddress(text);
    if (problem !== undefined || address === undefined) throw new UsageError(`--admin ${problem}`);
    return { address, token: process.env[TOKEN_VARIABLE] };
  }
  if (values.has("admin")) throw new UsageError("give --admin or --config, not both");
  // It takes as long to load as all the rest, and most do without.
  const { loadConfig } = await import("../../control/config/load.ts");
  const loaded = await loadConfig(file, process.env);
  if (!loaded.ok) throw new BadConfig(loaded.errors.map(formatProblem).join(""));
  const { bind, token } = loaded.config.admin;
  return { address: reachable(bind), token: token ?? process.env[TOKEN_VARIABLE] };
}

/**
 * Where to ask who listens on `bind`: what listens on every address of this machine listens on loopback, too.
 * Throws a UsageError where nobody can know.
 */
export function reachable(bind: Address): Address {
  if (bind.kind === "unix") return bind;
  if (bind.port === 0) {
    throw new UsageError(
      "admin.bind has port 0, which is another one at each start; give --admin HOST:PORT, as `run` has said it",
    );
  }
  if (bind.host === "0.0.0.0") return tcpAddress("127.0.0.1", bind.port);
  return bind.host === "::" ? tcpAddress("::1", bind.port) : bind;
}
