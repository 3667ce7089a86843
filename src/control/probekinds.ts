// The kinds of probe. What a kind needs is loaded with its first use: undici and node:http2 take
// memory that a sidecar which only connects can do without.
import type { Check, Probe } from "./probe.ts";
import { probeTcp } from "./probetcp.ts";

/** The probe for `check`. */
export async function probeFor(check: Check): Promise<Probe> {
  switch (check.kind) {
    case "tcp":
      return probeTcp;
    case "http": {
      const { probeHttp } = await import("./probehttp.ts");
      return (address, signal) => probeHttp(check, address, signal);
    }
    case "grpc": {
      const { probeGrpc } = await import("./probegrpc.ts");
      return (address, signal) => probeGrpc(check, address, signal);
    }
  }
}
