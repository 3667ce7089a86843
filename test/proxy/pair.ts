// A sidecar before two endpoints of which the first one is always tried first, because chance is known.
import t from "tap";
import type { Clock, Random } from "../../src/core/clock.ts";
import type { Sidecar } from "../../src/sidecar.ts";
import { RawClient } from "../support/client.ts";
import { fire, get, type Shot } from "../support/load.ts";
import { scrape } from "../support/scrape.ts";
import { type Settings, settings } from "../support/settings.ts";
import { addressOf, startHere } from "../support/sidecar.ts";
import { type Script, Upstream } from "../support/upstream.ts";

export const RESET: Script = { request: (link) => link.reset() };
export const HOLD: Script = { request: () => {} };

/** Whatever is drawn is 0: the first endpoint, and no wait; or nearly 1: the second, and all of it. */
function always(chance: number): Random {
  return { next: () => chance, id: () => "id" };
}

export class Pair {
  readonly bad: Upstream;
  readonly good: Upstream;
  readonly client: RawClient;
  readonly #sidecar: Sidecar;

  private constructor(ends: readonly [Upstream, Upstream], sidecar: Sidecar, client: RawClient) {
    [this.bad, this.good] = ends;
    this.#sidecar = sidecar;
    this.client = client;
  }

  static async open(script: Script, wanted: Settings = {}, patient = false, clock?: Clock) {
    const ends = [await Upstream.listen(script), await Upstream.listen()] as const;
    const endpoints = ends.map(({ address }) => address.text);
    if (patient) endpoints.reverse();
    const cluster = { endpoints, ...wanted.cluster };
    const text = settings(ends[0].address, { ...wanted, cluster });
    const random = always(patient ? 1 - 2 ** -53 : 0);
    const sidecar = await startHere(text, { random, ...(clock && { clock }) });
    const pair = new Pair(ends, sidecar, await RawClient.connect(addressOf(sidecar)));
    t.teardown(() => pair.#close());
    return pair;
  }

  fire(request: readonly [string, string] = get(0)): Promise<Shot> {
    return fire(this.client, 0, request);
  }

  /** How many requests arrived at either end. */
  get arrived(): readonly [bad: number, good: number] {
    return [this.bad.requests.length, this.good.requests.length];
  }

  metric(name: string, labels = ""): Promise<number> {
    return scrape(addressOf(this.#sidecar, "health"), name, labels);
  }

  /** Scrapes until it is so; each answer is the event to look again. */
  async metricIs(name: string, value: number, labels = ""): Promise<void> {
    while ((await this.metric(name, labels)) !== value);
  }

  async #close(): Promise<void> {
    this.client.close();
    await this.#sidecar.close();
    await Promise.all([this.bad.close(), this.good.close()]);
  }
}

export function answer(status: string, lines: readonly string[] = []): Script {
  const head = [`HTTP/1.1 ${status}`, "Content-Length: 3", ...lines].join("\r\n");
  return { request: (link) => link.write(`${head}\r\n\r\nno\n`) };
}
