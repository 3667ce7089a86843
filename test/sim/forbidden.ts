// While a simulated world turns, nothing reads real time, real chance, or waits for either.
import { systemClock, systemRandom } from "../../src/core/clock.ts";

const PLACES: readonly (readonly [object, readonly string[]])[] = [
  [globalThis, ["setTimeout", "setInterval", "setImmediate"]],
  [Date, ["now"]],
  [performance, ["now"]],
  [Math, ["random"]],
  [process, ["hrtime"]],
  [systemClock, ["now", "wall"]],
  [systemRandom, ["next", "id"]],
];

/** Runs `work`, in which every one of these functions throws. Nothing of the process runs meanwhile. */
export async function withoutRealWorld<T>(work: () => Promise<T>): Promise<T> {
  const restore = PLACES.flatMap(([owner, names]) => names.map((name) => forbid(owner, name)));
  try {
    return await work();
  } finally {
    for (const each of restore) each();
  }
}

function forbid(owner: object, name: string): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, name);
  const value = (): never => {
    throw new Error(`a simulated world asked the real one: ${name}`);
  };
  Object.defineProperty(owner, name, { value, configurable: true, writable: true });
  return () => {
    if (before === undefined) Reflect.deleteProperty(owner, name);
    else Object.defineProperty(owner, name, before);
  };
}
