import type { StepGrid } from '@quartet/query'
import type { SampleColumns } from './source.ts'

/**
 * For every step, which samples a selector sees. Series of one scrape group share their times, so the search is done once for
 * the group and kept as long as `timesId` stays the same.
 */
export class Windows {
  /** First sample of the window of a step. */
  readonly low: Int32Array
  /** Behind the last sample of the window; the window is empty when it equals `low`. */
  readonly high: Int32Array
  readonly #grid: StepGrid
  readonly #shiftMs: number
  readonly #lengthMs: number
  readonly #isFixed: boolean
  #timesId = 0
  #count = -1

  /**
   * A window ends at `step time - shiftMs` (inclusive) and begins `lengthMs` before that (exclusive); with `isFixed`, every step
   * has the window of the first.
   */
  constructor(options: { grid: StepGrid; shiftMs: number; lengthMs: number; isFixed?: boolean }) {
    this.#grid = options.grid
    this.#shiftMs = options.shiftMs
    this.#lengthMs = options.lengthMs
    this.#isFixed = options.isFixed === true
    this.low = new Int32Array(options.grid.count)
    this.high = new Int32Array(options.grid.count)
  }

  /** Brings {@link low} and {@link high} up to date for these samples. */
  locate(samples: SampleColumns): void {
    const isKnown = samples.timesId !== 0 && samples.timesId === this.#timesId && samples.count === this.#count
    if (isKnown) return
    this.#timesId = samples.timesId
    this.#count = samples.count
    this.#search(samples.timesMs, samples.count)
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
