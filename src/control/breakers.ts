// What the config says of the breakers of one cluster, as breakers take it.
import type { BreakerSettings } from "../policy/breakersettings.ts";
import type { Config } from "./config/schema.ts";

/** How long a trial may take where no route has a timeout. */
const NO_TIMEOUT_MS = 15_000;

/** `breaker` is undefined when it is off. A trial may take as long as any request to the cluster. */
export function breakersOf(
  { listeners }: Config,
  { name, breaker }: Pick<Config["clusters"][number], "name" | "breaker">,
): { breaker: BreakerSettings | undefined; minimumHealthy: number } {
  if (breaker === "off") return { breaker: undefined, minimumHealthy: 0 };
  const routes = listeners.flatMap((listener) => listener.routes);
  const timeouts = routes.map(({ cluster, timeout }) => (cluster === name ? timeout : 0));
  const trialTimeout = Math.max(0, ...timeouts) || NO_TIMEOUT_MS;
  return { breaker: { ...breaker, trialTimeout }, minimumHealthy: breaker.minimumHealthy };
}
