// What is counted of one route.
import { GRPC_REQUESTS, REQUEST_DURATION, REQUESTS } from "../core/families.ts";
import { grpcLabel, grpcPlace } from "../core/grpc.ts";
import { type Counter, type Histogram, Meter } from "../core/meter.ts";

/** The counters of one route, looked up once. */
export class RouteMeter {
  readonly #codes: (Counter | undefined)[] = [];
  /** By the place of each status of gRPC. */
  readonly #statuses: (Counter | undefined)[] = [];
  readonly #duration: Histogram;
  readonly #route: string;
  #meter: Meter;

  constructor(meter: Meter, route: string) {
    this.#meter = meter;
    this.#route = route;
    this.#duration = meter.histogram(REQUEST_DURATION, { route });
  }

  /** `grpcStatus` is undefined where it was no call of gRPC. */
  count(status: number, durationMs: number, grpcStatus: number | undefined): void {
    this.#duration.observe(durationMs / 1000);
    let counter = this.#codes[status];
    if (counter === undefined) {
      counter = this.#meter.counter(REQUESTS, { route: this.#route, code: String(status) });
      this.#codes[status] = counter;
    }
    counter.add();
    if (grpcStatus !== undefined) this.#called(grpcStatus);
  }

  #called(status: number): void {
    const place = grpcPlace(status);
    let counter = this.#statuses[place];
    if (counter === undefined) {
      const labels = { route: this.#route, grpc_status: grpcLabel(status) };
      counter = this.#meter.counter(GRPC_REQUESTS, labels);
      this.#statuses[place] = counter;
    }
    counter.add();
  }

  /** The route is no more: its series go, and requests that are still under way count for nobody. */
  retire(): void {
    this.#meter.drop({ route: this.#route });
    this.#meter = new Meter();
  }
}
