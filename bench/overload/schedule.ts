// What is asked, and when: drawn before the run, the same for every contender.

import { Stream } from "../../test/sim/chance.ts";
import { PREFIX } from "../harness/contender.ts";
import { capacityOf, type Scenario, type Span } from "./scenarios.ts";

/** Requests of one class and of the same work. */
export interface Kind {
  readonly criticality: "CRITICAL" | "SHEDDABLE";
  /** By caller: the bytes of a request, and of one that is asked again. */
  readonly requests: readonly Buffer[];
  readonly again: readonly Buffer[];
}

/** Those who ask, each with an address of his own in x-forwarded-for. */
const CALLERS = 200;

/** Requests in the order in which they are due. */
export interface Schedule {
  readonly kinds: readonly Kind[];
  /** Milliseconds since the run begins, ascending. */
  readonly dueMs: Float64Array;
  /** Of each request, an index into `kinds`. */
  readonly kind: Uint8Array;
  /** And whose it is. */
  readonly caller: Uint8Array;
}

/** Poisson arrivals in these phases; the work of each drawn by chance. The same seed, the same schedule. */
export function schedule(scenario: Scenario, spans: readonly Span[], seed: number): Schedule {
  const { streams, work } = scenario;
  const chance = new Stream(seed, scenario.name);
  const rhos = streams.map(({ rho }) => rho);
  const perMs = (sum(rhos) * capacityOf(scenario)) / 1000;
  const due: number[] = [];
  const kind: number[] = [];
  const caller: number[] = [];
  const durationMs = spans.at(-1)?.to ?? 0;
  let span = 0;
  for (
    let at = chance.exponential(1 / perMs);
    at < durationMs;
    at += chance.exponential(1 / perMs)
  ) {
    while (at >= (spans[span]?.to ?? durationMs)) span++;
    if (chance.next() >= (spans[span]?.share ?? 1)) continue;
    due.push(at);
    const stream = pick(rhos, chance.next());
    kind.push(
      stream * work.length +
        pick(
          work.map(({ share }) => share),
          chance.next(),
        ),
    );
    caller.push(chance.below(CALLERS));
  }
  return {
    kinds: kindsOf(scenario),
    dueMs: Float64Array.from(due),
    kind: Uint8Array.from(kind),
    caller: Uint8Array.from(caller),
  };
}

/** The index that `chance`, in [0, 1), falls on when each has a part in proportion to its weight. */
function pick(weights: readonly number[], chance: number): number {
  let left = chance * sum(weights);
  return Math.max(
    0,
    weights.findIndex((weight) => {
      left -= weight;
      return left < 0;
    }),
  );
}

function kindsOf({ streams, work }: Scenario): Kind[] {
  const callers = Array.from({ length: CALLERS }, (_, index) => `192.0.2.${index + 1}`);
  return streams.flatMap(({ criticality }) =>
    work.map(({ ms }) => {
      const bytes = (caller: string, ...more: readonly string[]): Buffer => {
        const head = [
          `GET ${PREFIX}work?ms=${ms} HTTP/1.1`,
          "Host: overload.example",
          `X-Forwarded-For: ${caller}`,
          `X-Criticality: ${criticality}`,
          ...more,
        ];
        return Buffer.from(`${head.join("\r\n")}\r\n\r\n`);
      };
      return {
        criticality,
        requests: callers.map((caller) => bytes(caller)),
        again: callers.map((caller) => bytes(caller, "X-Envoy-Attempt-Count: 2")),
      };
    }),
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
