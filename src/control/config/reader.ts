// The process that reads a config for another one: an order comes in, what was loaded goes out.
import type { ConfigOrder } from "./apart.ts";
import { loadConfig, parseConfig } from "./load.ts";

process.once("message", async ({ file, text }: ConfigOrder) => {
  const loaded =
    text === undefined ? await loadConfig(file, process.env) : parseConfig(file, text, {});
  process.send?.(loaded, () => process.disconnect?.());
});
