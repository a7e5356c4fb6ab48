import { invalidQuantile } from '../annotations.ts'
import { KahanSum } from '../kahan.ts'
import { quantileOfSorted, sortValues } from '../quantile.ts'
import { FLOAT } from '../steps.ts'
import type { RangeFunction, RangeInput } from './range-function.ts'

type Fold = (input: RangeInput, first: number, end: number, step: number) => number

/** A function that gives one number for every window that is not empty. */
function perWindow(
  names: string,
  makeFold: (name: string) => Fold,
  options: { keepsName?: boolean } = {},
): RangeFunction {
  return {
    names: names.split(' '),
    keepsName: options.keepsName ?? false,
    create(name) {
      const fold = makeFold(name)
      return (input, output) => {
        for (let step = 0; step < input.grid.count; step++) {
          const first = input.low[step]
          const end = input.high[step]
          if (end === first) continue
          output.values[step] = fold(input, first, end, step)
          output.present[step] = FLOAT
        }
      }
    },
  }
}

export const count = perWindow('count_over_time', () => (_input, first, end) => end - first)
export const present = perWindow('present_over_time', () => () => 1)
export const last = perWindow('last_over_time', () => (input, _first, end) => input.values[end - 1], {
  keepsName: true,
})
export const first = perWindow('first_over_time', () => (input, first) => input.values[first], { keepsName: true })

export const sum = perWindow('sum_over_time', () => {
  const kahan = new KahanSum()
  return (input, first, end) => {
    kahan.reset()
    for (let index = first; index < end; index++) kahan.add(input.values[index])
    return kahan.total
  }
})

export const average = perWindow('avg_over_time', () => {
  const kahan = new KahanSum()
  return ({ values }, first, end) => {
    kahan.reset()
    for (let index = first; index < end; index++) {
      const { sum, compensation } = kahan
      kahan.add(values[index])
      if (Math.abs(kahan.sum) !== Infinity) continue
      // The sum overflows, the mean does not: go on with the running mean.
      const done = index - first
      if (done > 0)
        return runningMean(values, { from: index, end, done, sum: sum / done, compensation: compensation / done })
    }
    const n = end - first
    return kahan.sum / n + kahan.compensation / n
  }
})

function runningMean(
  values: Float64Array,
  state: { from: number; end: number; done: number; sum: number; compensation: number },
): number {
  const kahan = new KahanSum()
  kahan.reset(state.sum, state.compensation)
  let n = state.done
  for (let index = state.from; index < state.end; index++) {
    n++
    const share = (n - 1) / n
    kahan.reset(share * kahan.sum, share * kahan.compensation)
    kahan.add(values[index] / n)
  }
  return kahan.total
}

export const extremes = perWindow('min_over_time max_over_time', (name) => {
  const isMax = name === 'max_over_time'
  return ({ values }, first, end) => {
    let best = values[first]
    for (let index = first + 1; index < end; index++) {
      const value = values[index]
      if ((isMax ? value > best : value < best) || Number.isNaN(best)) best = value
    }
    return best
  }
})

export const extremeTimes = perWindow('ts_of_min_over_time ts_of_max_over_time', (name) => {
  const isMax = name === 'ts_of_max_over_time'
  return ({ values, timesMs }, first, end) => {
    let best = first
    for (let index = first + 1; index < end; index++) {
      const value = values[index]
      if ((isMax ? value >= values[best] : value <= values[best]) || Number.isNaN(values[best])) best = index
    }
    return timesMs[best] / 1000
  }
})

export const firstTime = perWindow('ts_of_first_over_time', () => (input, first) => input.timesMs[first] / 1000)
export const lastTime = perWindow('ts_of_last_over_time', () => (input, _first, end) => input.timesMs[end - 1] / 1000)

export const deviation = perWindow('stddev_over_time stdvar_over_time', (name) => {
  const isRoot = name === 'stddev_over_time'
  const mean = new KahanSum()
  const squares = new KahanSum()
  return ({ values }, first, end) => {
    mean.reset()
    squares.reset()
    for (let index = first; index < end; index++) {
      const delta = values[index] - mean.total
      mean.add(delta / (index - first + 1))
      squares.add(delta * (values[index] - mean.total))
    }
    const variance = squares.total / (end - first)
    return isRoot ? Math.sqrt(variance) : variance
  }
})

export const changes = perWindow('changes', () => ({ values }, first, end) => {
  let found = 0
  for (let index = first + 1; index < end; index++) {
    const isNewNan = Number.isNaN(values[index]) && Number.isNaN(values[index - 1])
    if (values[index] !== values[index - 1] && !isNewNan) found++
  }
  return found
})

export const resets = perWindow('resets', () => ({ values }, first, end) => {
  let found = 0
  for (let index = first + 1; index < end; index++) if (values[index] < values[index - 1]) found++
  return found
})

export const medianDeviation = perWindow('mad_over_time', () => ({ values }, first, end) => {
  const sorted = sortValues(values.slice(first, end))
  const median = quantileOfSorted(0.5, sorted, sorted.length)
  return quantileOfSorted(0.5, sortValues(sorted.map((value) => Math.abs(value - median))), sorted.length)
})

export const quantile: RangeFunction = {
  names: ['quantile_over_time'],
  annotate(annotations, call, _metricName, [q]) {
    for (const value of q) if (!(value >= 0 && value <= 1)) annotations.warn(invalidQuantile(value), call.args[0].range)
  },
  create() {
    let window = new Float64Array(256)
    return (input, output) => {
      const { values, low, high, grid, parameters } = input
      // The window slides, so keep it sorted and move single samples in and out. NaNs have no order: those sort afresh.
      let size = 0
      let first = 0
      let end = 0
      const hasNan = containsNan(values, input.count)
      if (window.length < input.count) window = new Float64Array(input.count * 2)
      for (let step = 0; step < grid.count; step++) {
        if (high[step] === low[step]) continue
        if (hasNan) {
          const sorted = sortValues(values.slice(low[step], high[step]))
          output.values[step] = quantileOfSorted(parameters[0][step], sorted, sorted.length)
          output.present[step] = FLOAT
          continue
        }
        if (low[step] >= end) {
          size = 0
          first = end = low[step]
        }
        while (end < high[step]) insertSorted(window, size++, values[end++])
        while (first < low[step]) removeSorted(window, size--, values[first++])
        output.values[step] = quantileOfSorted(parameters[0][step], window, size)
        output.present[step] = FLOAT
      }
    }
  },
}

function containsNan(values: Float64Array, count: number): boolean {
  for (let index = 0; index < count; index++) if (Number.isNaN(values[index])) return true
  return false
}

function insertSorted(window: Float64Array, size: number, value: number): void {
  let at = size
  while (at > 0 && window[at - 1] > value) {
    window[at] = window[at - 1]
    at--
  }
  window[at] = value
}

function removeSorted(window: Float64Array, size: number, value: number): void {
  let low = 0
  let high = size - 1
  while (low < high) {
    const middle = (low + high) >> 1
    if (window[middle] < value) low = middle + 1
    else high = middle
  }
  window.copyWithin(low, low + 1, size)
}

/** Holt's linear method. */
export const smoothing: RangeFunction = {
  names: ['double_exponential_smoothing'],
  create() {
    return ({ values, low, high, grid, parameters: [smooth, trend] }, output) => {
      for (let step = 0; step < grid.count; step++) {
        const first = low[step]
        const end = high[step]
        if (end - first < 2) continue
        const sf = smooth[step]
        const tf = trend[step]
        let previous = 0
        let level = values[first]
        let slope = values[first + 1] - values[first]
        for (let index = first + 1; index < end; index++) {
          if (index > first + 1) slope = tf * (level - previous) + (1 - tf) * slope
          previous = level
          level = sf * values[index] + (1 - sf) * (level + slope)
        }
        output.values[step] = level
        output.present[step] = FLOAT
      }
    }
  },
}
