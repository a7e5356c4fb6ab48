/** Renumberings that a ref may be behind. */
const KEPT_FORWARDS = 3

/**
 * Refs of the sink over renumberings of the head. A ref is a base plus the head's number of the series, so that refs of different
 * epochs never mean different series.
 */
export class SeriesForwards {
  base = 0
  readonly #forwards: { readonly base: number; readonly forward: Int32Array }[] = []

  /** @param forward new number of each of the head's series, -1 for those that are gone */
  renumber(forward: Int32Array): void {
    this.#forwards.unshift({ base: this.base, forward })
    this.#forwards.length = Math.min(this.#forwards.length, KEPT_FORWARDS)
    this.base += forward.length
  }

  /** The head's number of the series with a ref below {@link base}, or -1. */
  seriesOf(ref: number): number {
    let series = ref
    // From the oldest renumbering that still knows the ref to the newest.
    for (let at = this.#forwards.length - 1; at >= 0; at--) {
      const { base, forward } = this.#forwards[at]
      const next = at > 0 ? this.#forwards[at - 1].base : this.base
      if (series < base) return -1
      if (series >= next) continue
      const moved = forward[series - base]
      if (moved < 0) return -1
      series = next + moved
    }
    return series >= this.base ? series - this.base : -1
  }
}
