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
    const known = new Map<number, Spans>()
    return (input, output) => {
      if (isCounter) resets.find(input)
      let spans = known.get(input.windowsVersion)
      if (spans === undefined) {
        spans = new Spans(input, isRate)
        if (known.size * input.grid.count > MAX_KEPT_STEPS) known.clear()
        known.set(input.windowsVersion, spans)
      }
      extrapolate(input, output, { resets: isCounter ? resets : undefined, spans })
    }
  },
}

/** Where a counter fell, for windows that slide forwards. */
class Resets {
  /** Index of the first sample after each reset, ascending. */
  #indexes = new Int32Array(16)
  #count = 0
  #next = 0

  get isEmpty(): boolean {
    return this.#count === 0
  }

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

/** What is kept for scrape groups seen before, in steps. */
const MAX_KEPT_STEPS = 1 << 19

/** What only depends on the times of a window, by step; computed once for a whole scrape group. */
class Spans {
  /** Seconds between the first and the last sample. */
  readonly sampled: Float64Array
  /** Seconds by which they are extended towards either end of the range. */
  readonly toStart: Float64Array
  readonly toEnd: Float64Array
  /** By what the change is multiplied when it is extended by both. */
  readonly factor: Float64Array
  readonly #isRate: boolean

  constructor(input: RangeInput, isRate: boolean) {
    const { count } = input.grid
    this.#isRate = isRate
    this.sampled = new Float64Array(count)
    this.toStart = new Float64Array(count)
    this.toEnd = new Float64Array(count)
    this.factor = new Float64Array(count)
    this.#measure(input)
  }

  #measure({ timesMs, low, high, grid, rangeMs, shiftMs }: RangeInput): void {
    for (let step = 0; step < grid.count; step++) {
      const first = low[step]
      const last = high[step] - 1
      if (last <= first) continue
      const endMs = grid.startMs + step * grid.stepMs - shiftMs
      const sampled = (timesMs[last] - timesMs[first]) / 1000
      const average = sampled / (last - first)
      const threshold = average * 1.1
      let toStart = (timesMs[first] - (endMs - rangeMs)) / 1000
      let toEnd = (endMs - timesMs[last]) / 1000
      if (toStart >= threshold) toStart = average / 2
      if (toEnd >= threshold) toEnd = average / 2
      this.sampled[step] = sampled
      this.toStart[step] = toStart
      this.toEnd[step] = toEnd
      this.factor[step] = this.factorOf(step, toStart, rangeMs)
    }
  }

  factorOf(step: number, toStart: number, rangeMs: number): number {
    const sampled = this.sampled[step]
    const factor = (sampled + toStart + this.toEnd[step]) / sampled
    return this.#isRate ? factor / (rangeMs / 1000) : factor
  }
}

/** Products are compared instead of quotients, which are only worth their time when this says that they may matter. */
const SLACK = 1 + 1e-12
const TINY = 1e-290

function extrapolate(
  input: RangeInput,
  output: RangeOutput,
  options: { resets: Resets | undefined; spans: Spans },
): void {
  const { values, low, high, grid, rangeMs } = input
  const { resets, spans } = options
  const { sampled, toStart, factor } = spans
  const isCounter = resets !== undefined
  const hasResets = isCounter && !resets.isEmpty
  const results = output.values
  const { present } = output
  for (let step = 0; step < grid.count; step++) {
    const first = low[step]
    const last = high[step] - 1
    if (last <= first) continue
    const firstValue = values[first]
    let change = values[last] - firstValue
    if (hasResets) change = resets.correct(change, values, { first, last })
    let by = factor[step]
    if (isCounter && change > 0 && firstValue >= 0) {
      // A counter was never below zero, so it cannot have begun before it would have been zero.
      if (sampled[step] * firstValue < toStart[step] * change * SLACK || change < TINY) {
        const toZero = sampled[step] * (firstValue / change)
        if (toZero < toStart[step]) by = spans.factorOf(step, toZero, rangeMs)
      }
    }
    results[step] = change * by
    present[step] = FLOAT
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
