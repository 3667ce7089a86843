// The kinds of probe. What a kind needs is loaded with its first use: undici and node:http2 take
// memory that a sidecar which only connects can do without.
import type { Check, Probe, Secured } from "./probe.ts";
import { probeTcp } from "./probetcp.ts";

/** The probe for `check`. */
export async function probeFor(check: Check, secured?: Secured): Promise<Probe> {
  switch (check.kind) {
    case "tcp":
      return (address, signal) => probeTcp(address, signal, secured);
    case "http": {
      const { probeHttp } = await import("./probehttp.ts");
      return (address, signal) => probeHttp(check, address, signal, secured);
    }
    case "grpc": {
      const { probeGrpc } = await import("./probegrpc.ts");
      return (address, signal) => probeGrpc(check, address, signal, secured);
    }
  }
}
