import { areHistogramsEqual, compactHistogram, isReset } from '@quartet/model'
import type { NativeHistogram } from '@quartet/model'
import { HistogramTotal } from '../histogram-mean.ts'
import {
  boundsReconciled,
  conflictingResets,
  ignoredInMixedRange,
  mixedSchemas,
  mixedTypes,
} from '../histogram-notes.ts'
import type { SampleColumns } from '../source.ts'
import { ABSENT, FLOAT, setHistogram } from '../steps.ts'
import type { StepSeries } from '../steps.ts'
import { extrapolatedHistogram, instantaneousHistogram } from './histogram-rates.ts'
import type { HistogramWindow } from './histogram-rates.ts'
import type { RangeInput, RangeOutput } from './range-function.ts'

type WindowFunction = (name: string, window: HistogramWindow) => NativeHistogram | number | undefined

const functions: Readonly<Record<string, WindowFunction>> = {
  rate: extrapolatedHistogram,
  increase: extrapolatedHistogram,
  delta: extrapolatedHistogram,
  irate: instantaneousHistogram,
  idelta: instantaneousHistogram,
  sum_over_time: total,
  avg_over_time: total,
  first_over_time: (_, { samples, first }) => samples.histograms![first] ?? samples.values[first],
  last_over_time: (_, { samples, last }) => samples.histograms![last] ?? samples.values[last],
  changes: (_, window) => countPairs(window, hasChanged),
  resets: (_, window) => countPairs(window, hasBegunAnew),
}

/** These only look at where samples are. */
const POSITIONAL = new Set(['count_over_time', 'present_over_time', 'ts_of_first_over_time', 'ts_of_last_over_time'])

/**
 * Runs a range function over a series that has histograms. Windows of floats alone are the float function's; what cannot deal with
 * histograms gets the floats and says so.
 */
export function runOverHistograms(
  name: string,
  runFloats: (input: RangeInput, output: RangeOutput) => void,
  input: RangeInput,
  context: Pick<HistogramWindow, 'samples' | 'metricName' | 'annotations' | 'range'>,
  output: StepSeries,
): void {
  if (POSITIONAL.has(name)) return runFloats(input, output)
  const floats = floatsOf(input, context.samples)
  runFloats(floats, output)
  const apply = functions[name]
  for (let step = 0; step < input.grid.count; step++) {
    const [first, last] = [input.low[step], input.high[step] - 1]
    const floatCount = floats.high[step] - floats.low[step]
    if (last - first + 1 === floatCount) continue
    if (apply === undefined) {
      const isMixed = floatCount > 0
      if (isMixed) context.annotations.info(ignoredInMixedRange(context.metricName), context.range)
      continue
    }
    output.present[step] = ABSENT
    const endMs = input.grid.startMs + step * input.grid.stepMs - input.shiftMs
    const result = apply(name, { ...context, first, last, endMs, rangeMs: input.rangeMs })
    if (typeof result === 'number') {
      output.values[step] = result
      output.present[step] = FLOAT
    } else if (result !== undefined) {
      setHistogram(output, step, result)
    }
  }
}

/** The same windows over the floats alone. */
export function floatsOf(input: RangeInput, { histograms }: SampleColumns): RangeInput {
  const { count, timesMs, values, low, high } = input
  const kept: number[] = []
  /** How many floats lie before an index. */
  const before = new Int32Array(count + 1)
  for (let index = 0; index < count; index++) {
    if (histograms![index] === undefined) kept.push(index)
    before[index + 1] = kept.length
  }
  return {
    ...input,
    count: kept.length,
    timesMs: Float64Array.from(kept, (index) => timesMs[index]),
    values: Float64Array.from(kept, (index) => values[index]),
    low: low.map((index) => before[index]),
    high: high.map((index) => before[index]),
  }
}

/** sum_over_time, avg_over_time. */
function total(name: string, window: HistogramWindow): NativeHistogram | undefined {
  const { samples, first, last, metricName, annotations, range } = window
  const total = new HistogramTotal(name === 'avg_over_time')
  for (let index = first; index <= last; index++) {
    const histogram = samples.histograms![index]
    if (histogram === undefined) {
      annotations.warn(mixedTypes(metricName), range)
      return undefined
    }
    total.add(histogram)
  }
  if (total.isIncompatible) annotations.warn(mixedSchemas(metricName), range)
  if (total.wereBoundsReconciled) annotations.info(boundsReconciled('aggregation'), range)
  if (total.hasConflict) annotations.warn(conflictingResets('aggregation'), range)
  return total.result && compactHistogram(total.result)
}

type Point = NativeHistogram | number

function countPairs(window: HistogramWindow, isCounted: (previous: Point, current: Point) => boolean): number {
  const { samples, first, last } = window
  const pointAt = (index: number): Point => samples.histograms![index] ?? samples.values[index]
  let found = 0
  for (let index = first + 1; index <= last; index++) if (isCounted(pointAt(index - 1), pointAt(index))) found++
  return found
}

function hasChanged(previous: Point, current: Point): boolean {
  if (typeof previous === 'number' && typeof current === 'number')
    return previous !== current && !(Number.isNaN(previous) && Number.isNaN(current))
  if (typeof previous === 'number' || typeof current === 'number') return true
  return !areHistogramsEqual(previous, current)
}

function hasBegunAnew(previous: Point, current: Point): boolean {
  if (typeof previous === 'number' && typeof current === 'number') return current < previous
  if (typeof previous === 'number' || typeof current === 'number') return true
  return isReset(current, previous)
}
