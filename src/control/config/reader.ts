// The process that reads a config for another one: an order comes in, what was loaded goes out.
import type { ConfigOrder } from "./apart.ts";
import { loadConfig, parseConfig } from "./load.ts";

process.once("message", async ({ file, text, expand }: ConfigOrder) => {
  const loaded =
    text === undefined
      ? await loadConfig(file, process.env)
      : parseConfig(file, text, expand === true ? process.env : {});
  process.send?.(loaded, () => process.disconnect?.());
});
