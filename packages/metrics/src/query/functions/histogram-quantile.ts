import type { Labels, NativeHistogram } from '@quartet/model'
import { labelsKey, labelValue, METRIC_NAME } from '@quartet/model'
import type { StepGrid, TextRange } from '@quartet/query'
import { badBucketLabel, forcedMonotonicity, invalidQuantile } from '../annotations.ts'
import type { Annotations } from '../annotations.ts'
import { mixedClassicAndNative, nanFraction, nanResult, nanSkew } from '../histogram-notes.ts'
import { ABSENT, FLOAT, HISTOGRAM, newSeries } from '../steps.ts'
import type { SeriesSink, StepSeries } from '../steps.ts'
import { nativeFraction, nativeQuantile } from './native-quantile.ts'

interface Histogram {
  readonly labels: Labels
  readonly dropName: boolean
  readonly buckets: { readonly upperBound: number; readonly series: StepSeries }[]
}

export interface HistogramInput {
  readonly series: readonly StepSeries[]
  readonly grid: StepGrid
  readonly annotations: Annotations
  /** See QueryBudget.checkpoint. */
  readonly checkpoint: () => Promise<void> | undefined
  /** Where the vector argument stands. */
  readonly range: TextRange
}

/** histogram_quantile over classic buckets and native histograms. @param q one value per step */
export async function histogramQuantile(
  input: HistogramInput,
  q: Float64Array,
  qRange: TextRange,
  sink: SeriesSink,
): Promise<void> {
  const { annotations } = input
  for (const value of q) if (!(value >= 0 && value <= 1)) annotations.warn(invalidQuantile(value), qRange)
  const natives = new NativeSeries(input)
  await forEachHistogram(input, natives, (histogram, read) => {
    const result = newSeries(histogram.labels, input.grid.count)
    result.dropName = histogram.dropName
    const name = labelValue(histogram.labels, '__name__')
    for (let step = 0; step < input.grid.count; step++) {
      const count = read(step)
      if (count === 0) continue
      const { value, wasForced } = bucketQuantile(q[step], read.bounds, read.counts, count)
      if (wasForced) input.annotations.info(forcedMonotonicity(name), input.range)
      result.values[step] = value
      result.present[step] = FLOAT
    }
    sink(result)
  })
  natives.map(sink, (histogram, step, name) => {
    const { value, nanEffect } = nativeQuantile(q[step], histogram)
    if (nanEffect === 'result') annotations.info(nanResult(name), qRange)
    if (nanEffect === 'skewed') annotations.info(nanSkew(name), qRange)
    return value
  })
}

/** histogram_fraction(lower, upper, b) over classic buckets and native histograms. */
export async function histogramFraction(
  input: HistogramInput,
  limits: { lower: Float64Array; upper: Float64Array },
  sink: SeriesSink,
): Promise<void> {
  const natives = new NativeSeries(input)
  await forEachHistogram(input, natives, (histogram, read) => {
    const result = newSeries(histogram.labels, input.grid.count)
    result.dropName = histogram.dropName
    for (let step = 0; step < input.grid.count; step++) {
      const count = read(step)
      if (count === 0) continue
      result.values[step] = bucketFraction(limits.lower[step], limits.upper[step], read.bounds, read.counts, count)
      result.present[step] = FLOAT
    }
    sink(result)
  })
  natives.map(sink, (histogram, step, name) => {
    const [lower, upper] = [limits.lower[step], limits.upper[step]]
    const hasNan = Number.isNaN(histogram.sum) && histogram.count !== 0 && lower < upper
    if (hasNan) input.annotations.info(nanFraction(name), input.range)
    return nativeFraction(lower, upper, histogram)
  })
}

/** The series with native histograms. Where one has classic buckets under the same labels as well, nobody knows which to take. */
class NativeSeries {
  readonly #byKey = new Map<string, StepSeries>()
  readonly #input: HistogramInput

  constructor(input: HistogramInput) {
    this.#input = input
    for (const series of input.series) {
      if (series.histograms !== undefined) this.#byKey.set(labelsKey(series.labels), series)
    }
  }

  /** Whether a classic histogram with these labels (without `le`) meets a native one at a step, which then counts as absent. */
  excludes(labels: Labels, step: number): boolean {
    if (this.#byKey.size === 0) return false
    const native = this.#byKey.get(labelsKey(labels))
    if (native === undefined || native.present[step] !== HISTOGRAM) return false
    this.#input.annotations.warn(mixedClassicAndNative(labelValue(labels, METRIC_NAME)), this.#input.range)
    native.present[step] = ABSENT
    return true
  }

  map(sink: SeriesSink, valueOf: (histogram: NativeHistogram, step: number, metricName: string) => number): void {
    for (const { labels, present, histograms } of this.#byKey.values()) {
      const result = newSeries(labels, present.length)
      result.dropName = true
      const name = labelValue(labels, METRIC_NAME)
      for (let step = 0; step < present.length; step++) {
        if (present[step] !== HISTOGRAM) continue
        result.values[step] = valueOf(histograms![step]!, step, name)
        result.present[step] = FLOAT
      }
      sink(result)
    }
  }
}

/** Reads the buckets that are present at a step into `bounds` and `counts`; answers how many. */
interface BucketReader {
  (step: number): number
  readonly bounds: Float64Array
  readonly counts: Float64Array
}

async function forEachHistogram(
  input: HistogramInput,
  natives: NativeSeries,
  visit: (histogram: Histogram, read: BucketReader) => void,
): Promise<void> {
  for (const histogram of groupBuckets(input)) {
    histogram.buckets.sort((a, b) => a.upperBound - b.upperBound)
    const { buckets } = histogram
    const bounds = new Float64Array(buckets.length)
    const counts = new Float64Array(buckets.length)
    const read = (step: number): number => {
      let count = 0
      for (const { upperBound, series } of buckets) {
        if (series.present[step] !== FLOAT) continue
        // Buckets with equal bounds (`1` and `1.0`) are one.
        if (count > 0 && bounds[count - 1] === upperBound) {
          counts[count - 1] += series.values[step]
          continue
        }
        bounds[count] = upperBound
        counts[count] = series.values[step]
        count++
      }
      return count > 0 && natives.excludes(histogram.labels, step) ? 0 : count
    }
    visit(histogram, Object.assign(read, { bounds, counts }))
    const pause = input.checkpoint()
    if (pause !== undefined) await pause
  }
}

function groupBuckets(input: HistogramInput): Iterable<Histogram> {
  const histograms = new Map<string, Histogram>()
  for (const series of input.series) {
    if (series.histograms !== undefined && !series.present.includes(FLOAT)) continue
    const le = labelValue(series.labels, 'le')
    const upperBound = parseBound(le)
    if (upperBound === undefined) {
      input.annotations.warn(badBucketLabel(labelValue(series.labels, '__name__'), le), input.range)
      continue
    }
    const labels = series.labels.filter(([name]) => name !== 'le')
    const key = labelsKey(labels)
    let histogram = histograms.get(key)
    if (histogram === undefined) {
      histogram = { labels, dropName: true, buckets: [] }
      histograms.set(key, histogram)
    }
    histogram.buckets.push({ upperBound, series })
  }
  return histograms.values()
}

function parseBound(text: string): number | undefined {
  if (/^[+-]?inf(?:inity)?$/i.test(text)) return text.startsWith('-') ? -Infinity : Infinity
  if (/^nan$/i.test(text)) return NaN
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined
}

/** Relative difference of counts that is a rounding error, not a decrease. */
const TOLERANCE = 1e-12

/** Cumulative counts must not fall; makes them so. Answers whether more than rounding errors had to be fixed. */
function makeMonotonic(counts: Float64Array, count: number): boolean {
  let wasForced = false
  let previous = counts[0]
  for (let index = 1; index < count; index++) {
    const current = counts[index]
    if (current === previous) continue
    if (areAlmostEqual(previous, current)) {
      counts[index] = previous
      continue
    }
    if (current < previous) {
      counts[index] = previous
      wasForced = true
      continue
    }
    previous = current
  }
  return wasForced
}

function areAlmostEqual(a: number, b: number): boolean {
  if (a === b || (Number.isNaN(a) && Number.isNaN(b))) return true
  const difference = Math.abs(a - b)
  const size = Math.abs(a) + Math.abs(b)
  if (size === 0 || size < 2.2250738585072014e-308) return difference < TOLERANCE * 2.2250738585072014e-308
  return difference / Math.min(size, Number.MAX_VALUE) < TOLERANCE
}

function bucketQuantile(
  q: number,
  bounds: Float64Array,
  counts: Float64Array,
  count: number,
): { value: number; wasForced: boolean } {
  const result = (value: number, wasForced = false): { value: number; wasForced: boolean } => ({ value, wasForced })
  if (Number.isNaN(q)) return result(NaN)
  if (q < 0) return result(-Infinity)
  if (q > 1) return result(Infinity)
  const last = count - 1
  if (bounds[last] !== Infinity) return result(NaN)
  const wasForced = makeMonotonic(counts, count)
  if (count < 2) return result(NaN)
  const observations = counts[last]
  if (observations === 0) return result(NaN)
  let rank = q * observations
  let bucket = 0
  while (bucket < last && counts[bucket] < rank) bucket++
  if (bucket === last) return result(bounds[last - 1], wasForced)
  if (bucket === 0 && bounds[0] <= 0) return result(bounds[0], wasForced)
  let start = 0
  let size = counts[bucket]
  if (bucket > 0) {
    start = bounds[bucket - 1]
    size -= counts[bucket - 1]
    rank -= counts[bucket - 1]
  }
  return result(start + (bounds[bucket] - start) * (rank / size), wasForced)
}

function bucketFraction(
  lower: number,
  upper: number,
  bounds: Float64Array,
  counts: Float64Array,
  count: number,
): number {
  const last = count - 1
  if (bounds[last] !== Infinity) return NaN
  makeMonotonic(counts, count)
  const observations = counts[last]
  if (observations === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return NaN
  if (lower >= upper) return 0
  const below = (limit: number): number => {
    if (limit === Infinity) return observations
    let previousCount = 0
    let start = bounds[0] > 0 ? 0 : -Infinity
    for (let bucket = 0; bucket < count; bucket++) {
      const end = bounds[bucket]
      if (limit <= start) return previousCount
      if (limit < end) {
        if (start === -Infinity || end === Infinity) return start === -Infinity ? previousCount : previousCount
        return previousCount + (counts[bucket] - previousCount) * ((limit - start) / (end - start))
      }
      previousCount = counts[bucket]
      start = end
    }
    return observations
  }
  return (below(upper) - below(lower)) / observations
}
