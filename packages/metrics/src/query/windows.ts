import type { StepGrid } from '@quartet/query'
import type { SampleColumns } from './source.ts'

let lastVersion = 0

export function nextWindowsVersion(): number {
  lastVersion = (lastVersion % 0x3fffffff) + 1
  return lastVersion
}

/** Most steps that are kept for scrape groups seen before. */
const MAX_KEPT_STEPS = 1 << 20

interface Located {
  readonly low: Int32Array
  readonly high: Int32Array
  readonly version: number
  readonly sampleCount: number
}

/**
 * For every step, which samples a selector sees. Series of one scrape group share their times, so the search is done once for
 * the group and kept; groups come in turns, as series are sorted by labels.
 */
export class Windows {
  /** First sample of the window of a step. */
  low: Int32Array
  /** Behind the last sample of the window; the window is empty when it equals `low`. */
  high: Int32Array
  /** Says which windows over which times these are; never 0. */
  version = 0
  readonly #grid: StepGrid
  readonly #shiftMs: number
  readonly #lengthMs: number
  readonly #isFixed: boolean
  readonly #known = new Map<number, Located>()
  /** For times that no other series has. */
  readonly #own: { low: Int32Array; high: Int32Array }

  /**
   * A window ends at `step time - shiftMs` (inclusive) and begins `lengthMs` before that (exclusive); with `isFixed`, every step
   * has the window of the first.
   */
  constructor(options: { grid: StepGrid; shiftMs: number; lengthMs: number; isFixed?: boolean }) {
    this.#grid = options.grid
    this.#shiftMs = options.shiftMs
    this.#lengthMs = options.lengthMs
    this.#isFixed = options.isFixed === true
    this.#own = { low: new Int32Array(options.grid.count), high: new Int32Array(options.grid.count) }
    this.low = this.#own.low
    this.high = this.#own.high
  }

  /** Brings {@link low} and {@link high} up to date for these samples. */
  locate({ timesId, count, timesMs }: SampleColumns): void {
    const known = timesId === 0 ? undefined : this.#known.get(timesId)
    if (known !== undefined && known.sampleCount === count) {
      this.low = known.low
      this.high = known.high
      this.version = known.version
      return
    }
    this.version = nextWindowsVersion()
    this.low = this.#own.low
    this.high = this.#own.high
    if (timesId !== 0) this.#keep(timesId, count)
    this.#search(timesMs, count)
  }

  #keep(timesId: number, sampleCount: number): void {
    const steps = this.#grid.count
    if ((this.#known.size + 1) * steps > MAX_KEPT_STEPS) this.#known.clear()
    this.low = new Int32Array(steps)
    this.high = new Int32Array(steps)
    this.#known.set(timesId, { low: this.low, high: this.high, version: this.version, sampleCount })
  }

  #search(timesMs: Float64Array, sampleCount: number): void {
    const { startMs, stepMs, count } = this.#grid
    const { low, high } = this
    const lengthMs = this.#lengthMs
    let endMs = startMs - this.#shiftMs
    let first = 0
    let next = 0
    for (let step = 0; step < count; step++) {
      while (next < sampleCount && timesMs[next] <= endMs) next++
      const beginMs = endMs - lengthMs
      while (first < next && timesMs[first] <= beginMs) first++
      low[step] = first
      high[step] = next
      if (!this.#isFixed) endMs += stepMs
    }
  }
}
