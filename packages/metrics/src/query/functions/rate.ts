import { possibleNonCounter } from '../annotations.ts'
import { FLOAT } from '../steps.ts'
import type { RangeFunction, RangeInput, RangeOutput } from './range-function.ts'

/** rate, increase, delta: the change over the window, extrapolated towards its ends as upstream does. */
export const extrapolated: RangeFunction = {
  names: ['rate', 'increase', 'delta'],
  annotate(annotations, call, metricName) {
    if (call.func.name === 'delta' || metricName === '') return
    if (/_(?:total|sum|count|bucket)$/.test(metricName)) return
    annotations.info(possibleNonCounter(metricName), call.args[0].range)
  },
  create(name) {
    const isCounter = name !== 'delta'
    const isRate = name === 'rate'
    const resets = new Resets()
    return (input, output) => {
      if (isCounter) resets.find(input)
      extrapolate(input, output, { resets: isCounter ? resets : undefined, isRate })
    }
  },
}

/** Where a counter fell, for windows that slide forwards. */
class Resets {
  /** Index of the first sample after each reset, ascending. */
  #indexes = new Int32Array(16)
  #count = 0
  #next = 0

  find({ values, count }: RangeInput): void {
    this.#count = 0
    this.#next = 0
    for (let index = 1; index < count; index++) {
      if (!(values[index] < values[index - 1])) continue
      if (this.#count === this.#indexes.length) {
        const grown = new Int32Array(this.#count * 2)
        grown.set(this.#indexes)
        this.#indexes = grown
      }
      this.#indexes[this.#count++] = index
    }
  }

  /** `change` and what was lost in the window's resets, added up in upstream's order: sums kept ahead would round differently. */
  correct(change: number, values: Float64Array, window: { first: number; last: number }): number {
    const indexes = this.#indexes
    while (this.#next < this.#count && indexes[this.#next] <= window.first) this.#next++
    let corrected = change
    for (let at = this.#next; at < this.#count && indexes[at] <= window.last; at++) corrected += values[indexes[at] - 1]
    return corrected
  }
}

function extrapolate(
  input: RangeInput,
  output: RangeOutput,
  options: { resets: Resets | undefined; isRate: boolean },
): void {
  const { timesMs, values, low, high, grid, rangeMs, shiftMs } = input
  const { resets, isRate } = options
  const rangeSeconds = rangeMs / 1000
  for (let step = 0; step < grid.count; step++) {
    const first = low[step]
    const last = high[step] - 1
    if (last <= first) continue
    const endMs = grid.startMs + step * grid.stepMs - shiftMs
    const firstMs = timesMs[first]
    const lastMs = timesMs[last]
    let change = values[last] - values[first]
    if (resets !== undefined) change = resets.correct(change, values, { first, last })
    const sampled = (lastMs - firstMs) / 1000
    const average = sampled / (last - first)
    let toStart = (firstMs - (endMs - rangeMs)) / 1000
    let toEnd = (endMs - lastMs) / 1000
    const threshold = average * 1.1
    if (toStart >= threshold) toStart = average / 2
    if (resets !== undefined && change > 0 && values[first] >= 0) {
      // A counter was never below zero, so it cannot have begun before it would have been zero.
      const toZero = sampled * (values[first] / change)
      if (toZero < toStart) toStart = toZero
    }
    if (toEnd >= threshold) toEnd = average / 2
    let factor = (sampled + toStart + toEnd) / sampled
    if (isRate) factor /= rangeSeconds
    output.values[step] = change * factor
    output.present[step] = FLOAT
  }
}

/** irate, idelta: from the last two samples only. */
export const instantaneous: RangeFunction = {
  names: ['irate', 'idelta'],
  create(name) {
    const isRate = name === 'irate'
    return (input, output) => {
      const { timesMs, values, low, high, grid } = input
      for (let step = 0; step < grid.count; step++) {
        const last = high[step] - 1
        if (last <= low[step]) continue
        const intervalMs = timesMs[last] - timesMs[last - 1]
        if (intervalMs === 0) continue
        const hasReset = isRate && values[last] < values[last - 1]
        const change = hasReset ? values[last] : values[last] - values[last - 1]
        output.values[step] = isRate ? change / (intervalMs / 1000) : change
        output.present[step] = FLOAT
      }
    }
  },
}

/** deriv, predict_linear: least squares over the window. */
export const regression: RangeFunction = {
  names: ['deriv', 'predict_linear'],
  create(name) {
    const isPrediction = name === 'predict_linear'
    return (input, output) => {
      const { timesMs, low, high, grid, parameters } = input
      for (let step = 0; step < grid.count; step++) {
        const first = low[step]
        if (high[step] - first < 2) continue
        const originMs = isPrediction ? grid.startMs + step * grid.stepMs : timesMs[first]
        const { slope, intercept } = fitLine(input, { first, end: high[step], originMs })
        output.values[step] = isPrediction ? slope * parameters[0][step] + intercept : slope
        output.present[step] = FLOAT
      }
    }
  },
}

function fitLine(
  input: RangeInput,
  window: { first: number; end: number; originMs: number },
): { slope: number; intercept: number } {
  const { timesMs, values } = input
  const { first, end, originMs } = window
  const initial = values[first]
  let isConstant = true
  let sumX = 0
  let sumY = 0
  let sumXY = 0
  let sumX2 = 0
  let restX = 0
  let restY = 0
  let restXY = 0
  let restX2 = 0
  for (let index = first; index < end; index++) {
    const y = values[index]
    if (y !== initial) isConstant = false
    const x = (timesMs[index] - originMs) / 1000
    // Compensated sums, written out: this is the inner loop of capacity alerts.
    let total = sumX + x
    restX += Math.abs(sumX) >= Math.abs(x) ? sumX - total + x : x - total + sumX
    sumX = total
    total = sumY + y
    restY += Math.abs(sumY) >= Math.abs(y) ? sumY - total + y : y - total + sumY
    sumY = total
    const xy = x * y
    total = sumXY + xy
    restXY += Math.abs(sumXY) >= Math.abs(xy) ? sumXY - total + xy : xy - total + sumXY
    sumXY = total
    const x2 = x * x
    total = sumX2 + x2
    restX2 += Math.abs(sumX2) >= Math.abs(x2) ? sumX2 - total + x2 : x2 - total + sumX2
    sumX2 = total
  }
  if (isConstant) {
    return Number.isFinite(initial) ? { slope: 0, intercept: initial } : { slope: NaN, intercept: NaN }
  }
  const n = end - first
  sumX += restX
  sumY += restY
  sumXY += restXY
  sumX2 += restX2
  const slope = (sumXY - (sumX * sumY) / n) / (sumX2 - (sumX * sumX) / n)
  return { slope, intercept: sumY / n - (slope * sumX) / n }
}
