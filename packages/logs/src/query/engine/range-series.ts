import type { RangeOperation } from '../ast.ts'
import type { Grid } from './grid.ts'
import type { Series } from './series.ts'

/** Samples that fall into windows, per series; turned into one value per step by {@link finish}. */
export interface RangeSeries {
  /** @param time nanoseconds relative to the grid's start, offset already taken off */
  add(time: number, value: number): void
  finish(series: Series): void
  /** Samples that are held in memory. */
  readonly held: number
}

interface Window {
  readonly rangeNs: number
  readonly stepNs: number
  readonly steps: number
}

export function createRangeSeries(
  operation: RangeOperation,
  grid: Grid,
  rangeNs: bigint,
  options: { parameter: number; isUnwrapped: boolean },
): RangeSeries {
  const window = { rangeNs: Number(rangeNs), stepNs: Number(grid.stepNs), steps: grid.count }
  switch (operation) {
    case 'count_over_time':
    case 'bytes_over_time':
      return new SumWindows(window, 1, false)
    case 'rate':
      if (!options.isUnwrapped) return new SumWindows(window, Number(rangeNs) / 1e9, false)
      return new SampleWindows(window, (values, first, last) => sum(values, first, last) / (window.rangeNs / 1e9))
    case 'bytes_rate':
      return new SumWindows(window, Number(rangeNs) / 1e9, false)
    case 'absent_over_time':
      return new SumWindows(window, 1, true)
    case 'rate_counter':
      return new SampleWindows(window, (values, first, last, times) =>
        counterRate({ values, first, last, times, rangeNs: window.rangeNs }),
      )
    case 'sum_over_time':
      return new SampleWindows(window, sum)
    case 'avg_over_time':
      return new SampleWindows(window, mean)
    case 'min_over_time':
      return new SampleWindows(window, (values, first, last) => extreme(values, first, last, true))
    case 'max_over_time':
      return new SampleWindows(window, (values, first, last) => extreme(values, first, last, false))
    case 'stdvar_over_time':
      return new SampleWindows(window, variance)
    case 'stddev_over_time':
      return new SampleWindows(window, (values, first, last) => Math.sqrt(variance(values, first, last)))
    case 'quantile_over_time':
      return new SampleWindows(window, (values, first, last) => quantile(options.parameter, values.slice(first, last)))
    case 'first_over_time':
      return new SampleWindows(window, (values, first) => values[first])
    default:
      return new SampleWindows(window, (values, _, last) => values[last - 1])
  }
}

/**
 * Counts and byte sums need no samples: every sample adds to the difference between neighbouring steps, so that memory and work
 * do not depend on how windows overlap. Sums of integers below 2^53 are exact this way.
 */
class SumWindows implements RangeSeries {
  readonly held = 0
  readonly #window: Window
  readonly #divisor: number
  readonly #isPresence: boolean
  readonly #sums: Float64Array
  readonly #counts: Float64Array

  constructor(window: Window, divisor: number, isPresence: boolean) {
    this.#window = window
    this.#divisor = divisor
    this.#isPresence = isPresence
    this.#sums = new Float64Array(window.steps + 1)
    this.#counts = new Float64Array(window.steps + 1)
  }

  add(time: number, value: number): void {
    const { rangeNs, stepNs, steps } = this.#window
    // A step at T covers (T - range, T].
    const first = time <= 0 ? 0 : stepNs === 0 ? 1 : Math.ceil(time / stepNs)
    const last =
      time + rangeNs <= 0 ? -1 : stepNs === 0 ? 0 : Math.min(steps - 1, Math.ceil((time + rangeNs) / stepNs) - 1)
    if (last < first) return
    this.#sums[first] += value
    this.#sums[last + 1] -= value
    this.#counts[first]++
    this.#counts[last + 1]--
  }

  finish(series: Series): void {
    let total = 0
    let count = 0
    for (let step = 0; step < this.#window.steps; step++) {
      total += this.#sums[step]
      count += this.#counts[step]
      if (count === 0) continue
      series.present[step] = 1
      series.values[step] = this.#isPresence ? 1 : total / this.#divisor
    }
  }
}

type WindowFunction = (values: Float64Array, first: number, last: number, times: Float64Array) => number

/** Keeps all samples as columns and applies a function to each step's slice of them. */
class SampleWindows implements RangeSeries {
  readonly #window: Window
  readonly #apply: WindowFunction
  #times = new Float64Array(16)
  #values = new Float64Array(16)
  #count = 0
  #isSorted = true

  constructor(window: Window, apply: WindowFunction) {
    this.#window = window
    this.#apply = apply
  }

  get held(): number {
    return this.#count
  }

  add(time: number, value: number): void {
    if (this.#count === this.#times.length) {
      this.#times = grow(this.#times)
      this.#values = grow(this.#values)
    }
    if (this.#count > 0 && time < this.#times[this.#count - 1]) this.#isSorted = false
    this.#times[this.#count] = time
    this.#values[this.#count++] = value
  }

  finish(series: Series): void {
    if (!this.#isSorted) this.#sort()
    const { rangeNs, stepNs, steps } = this.#window
    let first = 0
    let last = 0
    for (let step = 0; step < steps; step++) {
      const end = step * stepNs
      while (last < this.#count && this.#times[last] <= end) last++
      while (first < last && this.#times[first] <= end - rangeNs) first++
      if (first === last) continue
      series.present[step] = 1
      series.values[step] = this.#apply(this.#values, first, last, this.#times)
    }
  }

  #sort(): void {
    const order = Uint32Array.from({ length: this.#count }, (_, index) => index)
    const times = this.#times
    const values = this.#values
    order.sort((a, b) => times[a] - times[b] || a - b)
    this.#times = Float64Array.from(order, (index) => times[index])
    this.#values = Float64Array.from(order, (index) => values[index])
  }
}

function grow(column: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const grown = new Float64Array(column.length * 2)
  grown.set(column)
  return grown
}

function sum(values: Float64Array, first: number, last: number): number {
  let total = 0
  for (let index = first; index < last; index++) total += values[index]
  return total
}

function mean(values: Float64Array, first: number, last: number): number {
  let result = 0
  for (let index = first; index < last; index++) {
    const count = index - first + 1
    if (Math.abs(result) === Infinity) {
      if (Math.abs(values[index]) === Infinity && result > 0 === values[index] > 0) continue
      if (Number.isFinite(values[index])) continue
    }
    result += values[index] / count - result / count
  }
  return result
}

function extreme(values: Float64Array, first: number, last: number, isMinimum: boolean): number {
  let best = values[first]
  for (let index = first + 1; index < last; index++) {
    const value = values[index]
    if ((isMinimum ? value < best : value > best) || Number.isNaN(best)) best = value
  }
  return best
}

/** Population variance by Welford's method, as upstream computes it. */
export function variance(values: ArrayLike<number>, first: number, last: number): number {
  let average = 0
  let squares = 0
  for (let index = first; index < last; index++) {
    const delta = values[index] - average
    average += delta / (index - first + 1)
    squares += delta * (values[index] - average)
  }
  return squares / (last - first)
}

/** Linear interpolation between the closest ranks. Sorts `values`. */
export function quantile(q: number, values: Float64Array): number {
  if (values.length === 0 || Number.isNaN(q)) return Number.NaN
  if (q < 0) return -Infinity
  if (q > 1) return Infinity
  values.sort()
  const rank = q * (values.length - 1)
  const lower = Math.max(0, Math.floor(rank))
  const upper = Math.min(values.length - 1, lower + 1)
  const weight = rank - Math.floor(rank)
  return values[lower] * (1 - weight) + values[upper] * weight
}

/**
 * A counter's increase per second, resets undone. Upstream extrapolates as Prometheus's rate does, but mixes units: its samples
 * are in nanoseconds and its range in milliseconds, so that next to nothing is added. That is kept, for the same numbers.
 */
function counterRate(window: {
  values: Float64Array
  first: number
  last: number
  times: Float64Array
  rangeNs: number
}): number {
  const { values, first, last, times, rangeNs } = window
  if (last - first < 2) return 0
  let increase = values[last - 1] - values[first]
  for (let index = first + 1; index < last; index++)
    if (values[index] < values[index - 1]) increase += values[index - 1]
  const sampled = (times[last - 1] - times[first]) / 1000
  let toStart = rangeNs / 1e9
  const average = sampled / (last - first - 1)
  if (increase > 0 && values[first] >= 0) toStart = Math.min(toStart, sampled * (values[first] / increase))
  const extended = sampled + (toStart < average * 1.1 ? toStart : average / 2)
  return (increase * (extended / sampled)) / (rangeNs / 1e9)
}
