// The hedging of one route at work: which requests are raced, and what a race asks.
import type { HedgeResult } from "../core/access.ts";
import type { Exchange } from "../core/exchange.ts";
import type { Outcome } from "../core/outcome.ts";
import type { HedgeSettings } from "../policy/retry.ts";
import type { RecentTimes } from "../policy/times.ts";
import type { Attempt } from "./attempt.ts";
import type { Cluster } from "./cluster.ts";
import type { Endpoint } from "./endpoint.ts";
import { type Hedging, Race, type RaceWorld } from "./race.ts";
import type { Story } from "./record.ts";
import type { Retries } from "./retries.ts";
import type { Try } from "./try.ts";

const NEVER = Number.POSITIVE_INFINITY;

export class Hedges implements Hedging {
  readonly #settings: HedgeSettings;
  readonly #retries: Retries;
  readonly #cluster: Cluster;
  readonly #times: RecentTimes;

  /** `times` are those of the route's answers, of every first try that could have been hedged. */
  constructor(settings: HedgeSettings, retries: Retries, cluster: Cluster, times: RecentTimes) {
    this.#settings = settings;
    this.#retries = retries;
    this.#cluster = cluster;
    this.#times = times;
  }

  /** Watches a try that has just begun; undefined when it must not be hedged. */
  race(exchange: Exchange, story: Story, tried: Try, world: RaceWorld): Race | undefined {
    if (story.hedge !== undefined || story.upgrade !== undefined) return undefined;
    if (!this.#retries.mayHedge(exchange, story)) return undefined;
    return new Race(exchange, story, tried, world, this);
  }

  delay(now: number): number {
    const { delay } = this.#settings;
    return "ms" in delay ? delay.ms : (this.#times.percentile(delay.share, now) ?? NEVER);
  }

  another(story: Story, late: Try, now: number): Endpoint | undefined {
    const cluster = this.#cluster;
    const { endpoint } = late.attempt;
    const tried = [...story.visited, endpoint];
    const free = cluster.hasOther(story.visited, endpoint, now)
      ? cluster.pick(tried, now)
      : undefined;
    // Backups may have no room for it.
    if (free === undefined || tried.includes(free)) cluster.meter.hedgesDenied.add("no_endpoint");
    else if (!this.#retries.spend(now)) cluster.meter.hedgesDenied.add("budget");
    else return free;
    return undefined;
  }

  until(now: number, deadline: number): number {
    return this.#retries.until(now, deadline);
  }

  isGood(outcome: Outcome, { head }: Attempt): boolean {
    if (outcome !== "answered" || head === undefined) return false;
    return head.status < 500 && !this.#retries.wants(outcome, head.status);
  }

  observe(tookMs: number, now: number): void {
    if ("share" in this.#settings.delay) this.#times.observe(tookMs, now);
  }

  count(result: HedgeResult): void {
    this.#cluster.meter.hedges.add(result);
  }
}
