// An experiment that is being made.
import { Cohort } from "./cohort.ts";
import type { Experiment } from "./experiment.ts";

/** The usual limit is in force again when so many of its requests have ended. */
const MOSTLY = 0.95;
/** It is given up or judged as it is after so many of the mean times of a request, and that. */
const [PATIENCE, PATIENCE_MS] = [4, 50];

/** An experiment under way, and the requests that began in it. Times are in milliseconds. */
export class Trial {
  readonly experiment: Experiment;
  readonly cohort: Cohort;
  /** Of its requests. */
  readonly stamp: number;
  readonly since: number;
  /** Requests that ended while its limit was in force. */
  ends = 0;
  /** Is its limit no longer in force? */
  resting = false;
  /** Was there more in flight meanwhile than is usual? */
  used = false;

  constructor(experiment: Experiment, stamp: number, since: number) {
    this.experiment = experiment;
    this.cohort = new Cohort(experiment.limit);
    this.stamp = stamp;
    this.since = since;
  }

  get mostlyEnded(): boolean {
    return this.cohort.ended >= MOSTLY * this.cohort.began;
  }

  /** When it has taken too long: where requests take `meanMs`, and `hold` are usually in flight. */
  due(meanMs: number, hold: number): number {
    const rounds = (2 * this.experiment.size) / Math.min(this.cohort.limit, hold);
    return this.since + PATIENCE_MS + (meanMs || 0) * (PATIENCE + rounds);
  }
}
