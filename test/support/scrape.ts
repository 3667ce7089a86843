// Metrics as Prometheus reads them.
import type { Address } from "../../src/core/address.ts";

/** The sum of the series of `tidegate_NAME` whose labels contain `labels`, `a="b"` for example. */
export async function scrape(health: Address, name: string, labels = ""): Promise<number> {
  const response = await fetch(`http://${health.text}/metrics`);
  const text = await response.text();
  if (response.status !== 200) throw new Error(`/metrics answers ${response.status}: ${text}`);
  const lines = text.split("\n").filter((line) => isSeries(line, `tidegate_${name}`, labels));
  return lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
}

function isSeries(line: string, name: string, labels: string): boolean {
  const behind = line[name.length];
  return line.startsWith(name) && (behind === " " || behind === "{") && line.includes(labels);
}
