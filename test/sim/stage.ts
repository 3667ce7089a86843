// One run of a scenario: what is there, what happens to it, and what must have come of it.
import { Audit } from "./audit.ts";
import type { Host } from "./call.ts";
import { Client, type ClientSettings } from "./client.ts";
import { Journal } from "./journal.ts";
import { Network } from "./network.ts";
import { Service, type ServiceSettings } from "./service.ts";
import { Sidecar } from "./sidecar.ts";
import { World } from "./world.ts";

export interface Scenario {
  readonly name: string;
  /** What happens, in a sentence. */
  readonly about: string;
  /** How long clients come. */
  readonly seconds: number;
  /** Sets the stage, and files what is to happen. */
  readonly set: (stage: Stage) => void;
}

/** A number that was promised, and what it was. */
export interface Promised {
  readonly what: string;
  readonly was: number;
  readonly most: number;
}

export interface Run {
  readonly scenario: string;
  readonly seed: number;
  /** SHA-256 of the journal. */
  readonly digest: string;
  readonly lines: number;
  readonly events: number;
  /** Breaches of rules, and promises that were not kept; empty when all is well. */
  readonly breaches: readonly string[];
  readonly promised: readonly Promised[];
  readonly stage: Stage;
}

/** After the last client has come, so long until everything must be at rest. */
const REST_MS = 20_000;

export class Stage {
  readonly world: World;
  readonly network: Network;
  readonly audit: Audit;
  readonly seconds: number;
  readonly services: Service[] = [];
  readonly sidecars: Sidecar[] = [];
  readonly clients: Client[] = [];
  readonly #atEnd: (() => void)[] = [];
  readonly promised: Promised[] = [];

  constructor(seed: number, seconds: number, journal: Journal) {
    this.world = new World(seed, journal);
    this.network = new Network(this.world);
    this.audit = new Audit(this.world);
    this.seconds = seconds;
  }

  service(address: string, settings: ServiceSettings): Service {
    const service = new Service(this.world, address, settings);
    this.services.push(service);
    this.network.attach(address, service);
    return service;
  }

  sidecar(config: string): Sidecar {
    const sidecar = new Sidecar(config, this);
    this.sidecars.push(sidecar);
    return sidecar;
  }

  client(name: string, host: Host, settings: ClientSettings): Client {
    const { world, audit } = this;
    const client = new Client(name, host, settings, { world, audit, until: this.seconds * 1000 });
    this.clients.push(client);
    return client;
  }

  /** Something happens after so many seconds. */
  at(second: number, happen: () => void): void {
    this.world.at(second * 1000, happen);
  }

  /** To be looked at when everything is at rest. */
  atEnd(look: () => void): void {
    this.#atEnd.push(look);
  }

  /** `was` is `most` at most. */
  promise(what: string, was: number, most: number): void {
    this.promised.push({ what, was, most });
    this.audit.holds(was <= most, "a promise", () => `${what}: ${was}, at most ${most}`);
  }

  async play(): Promise<void> {
    const until = this.seconds * 1000 + REST_MS;
    await this.world.run(until);
    for (const client of this.clients) client.atRest();
    for (const sidecar of this.sidecars) sidecar.atRest();
    for (const look of this.#atEnd) look();
  }
}

/** Plays a scenario; `write` gets the journal. */
export async function play(
  scenario: Scenario,
  seed: number,
  { seconds = scenario.seconds, write }: { seconds?: number; write?: (text: string) => void } = {},
): Promise<Run> {
  const journal = new Journal(write);
  const stage = new Stage(seed, seconds, journal);
  scenario.set(stage);
  await stage.play();
  const { events } = stage.world;
  const { breaches } = stage.audit;
  const { lines } = journal;
  const { promised } = stage;
  const digest = journal.digest();
  return { scenario: scenario.name, seed, digest, lines, events, breaches, promised, stage };
}
