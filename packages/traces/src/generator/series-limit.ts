/** Counts the series that are alive, and refuses those beyond `max_active_series`. */
export class SeriesLimit {
  active = 0
  added = 0
  removed = 0
  refused = 0
  /** 0: no limit. */
  readonly max: number

  constructor(max: number) {
    this.max = max
  }

  /** Takes room for `count` series of one metric, all or none. */
  claim(count: number): boolean {
    if (!this.hasRoom(count)) return false
    this.active += count
    this.added += count
    return true
  }

  /** Counts the series as refused when there is no room for them. */
  hasRoom(count: number): boolean {
    if (this.max === 0 || this.active + count <= this.max) return true
    this.refused += count
    return false
  }

  release(count: number): void {
    this.active -= count
    this.removed += count
  }
}
