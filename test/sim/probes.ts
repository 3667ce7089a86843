// Probes over the simulated network: what they ask and what they make of it is as in control/probe*.ts.
import type { Answer, Check, Probe } from "../../src/control/probe.ts";
import { INCOMPLETE } from "../../src/http1/lines.ts";
import { parseResponse } from "../../src/http1/response.ts";
import type { Dial } from "../../src/http1/socket.ts";
import { NO_ADVICE, readAdvice } from "../../src/policy/advice.ts";

/** What `CheckWorld.probeFor` is in this world. */
export function probesOver(dial: Dial): (check: Check) => Promise<Probe> {
  return async (check) => (address, signal) =>
    new Promise((resolve, reject) => {
      let came = "";
      const passed = (answer: Answer): void => {
        line.destroy();
        resolve(answer);
      };
      const line = dial(address, {
        onConnect: () => {
          if (check.kind === "http") line.sendText(`GET ${check.path} HTTP/1.1\r\nhost: x\r\n\r\n`);
          else passed({ passed: true, reason: "connected", advice: NO_ADVICE });
        },
        onBytes: (view) => {
          came += view.toString("latin1");
          const answer = judge(check, came);
          if (answer !== undefined) passed(answer);
        },
        onEnd: () => {},
        onClose: (error) => reject(error ?? new Error("connection closed")),
        onDrain: () => {},
        onWriteFailed: () => {},
        onBug: reject,
      });
      signal.addEventListener("abort", () => line.destroy(), { once: true });
    });
}

const LIMITS = { headerBytes: 16_384, headers: 100 };

function judge(check: Check, text: string): Answer | undefined {
  const parsed = parseResponse(Buffer.from(text, "latin1"), "GET", LIMITS);
  if (parsed === INCOMPLETE || check.kind !== "http") return undefined;
  if ("reason" in parsed) throw new Error(parsed.detail);
  const { status, fields } = parsed.head;
  const passed = check.statuses.some(({ from, to }) => status >= from && status <= to);
  return {
    passed,
    reason: `status ${status}`,
    advice: readAdvice((name) => fields.named(name)[0]),
  };
}
