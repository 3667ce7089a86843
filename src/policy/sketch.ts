// Who comes most often, of any number of callers, in a fixed amount of memory.
//
//   known:  count + 1          unknown:  the place of the one with the least count: error = that count,
//                                        count + 1
//   count - error <= true count <= count;   whoever has more than total / places has a place
//
// "Space-Saving": Metwally, Agrawal, El Abbadi, 2005. To forget, everything is multiplied by the same number:
// what holds of counts holds of decayed ones.

/** Counts by 32-bit hashes. */
export class Sketch {
  readonly places: number;
  /** How many have come, decayed. */
  total = 0;
  readonly #counts: Float64Array;
  readonly #errors: Float64Array;
  readonly #keys: Uint32Array;
  readonly #places = new Map<number, number>();

  /** `places` is at least 1. */
  constructor(places: number) {
    this.places = places;
    this.#counts = new Float64Array(places);
    this.#errors = new Float64Array(places);
    this.#keys = new Uint32Array(places);
  }

  /** One more of `key`. The place that it has now; -1 - place where it did not have it before. */
  count(key: number): number {
    this.total++;
    const known = this.#places.get(key);
    const place = known ?? this.#take(key);
    this.#counts[place] = (this.#counts[place] as number) + 1;
    return known === undefined ? -1 - place : place;
  }

  /** At least so many of whoever has the place have come, decayed. */
  certain(place: number): number {
    return (this.#counts[place] as number) - (this.#errors[place] as number);
  }

  /** Everything that was counted counts for `factor`, below 1, of what it did. */
  decay(factor: number): void {
    this.total *= factor;
    for (let place = 0; place < this.places; place++) {
      this.#counts[place] = (this.#counts[place] as number) * factor;
      this.#errors[place] = (this.#errors[place] as number) * factor;
    }
  }

  #take(key: number): number {
    const place = this.#places.size < this.places ? this.#places.size : this.#least();
    if (this.#places.size === this.places) this.#places.delete(this.#keys[place] as number);
    this.#errors[place] = this.#counts[place] as number;
    this.#keys[place] = key;
    this.#places.set(key, place);
    return place;
  }

  #least(): number {
    let least = 0;
    for (let place = 1; place < this.places; place++) {
      if ((this.#counts[place] as number) < (this.#counts[least] as number)) least = place;
    }
    return least;
  }
}
