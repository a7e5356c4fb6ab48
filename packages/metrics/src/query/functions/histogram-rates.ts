import {
  CUSTOM_BUCKETS_SCHEMA,
  compactHistogram,
  divideHistogram,
  hasCustomBounds,
  isReset,
  NO_BUCKETS,
  reduceResolution,
  RESET_GAUGE,
  RESET_UNKNOWN,
  scaleHistogram,
} from '@quartet/model'
import type { NativeHistogram } from '@quartet/model'
import type { TextRange } from '@quartet/query'
import type { Annotations } from '../annotations.ts'
import { boundsReconciled, mixedSchemas, mixedTypes, notACounter, notAGauge, tryCombine } from '../histogram-notes.ts'
import type { SampleColumns } from '../source.ts'

/** One window of a series that has histograms, `first` and `last` inclusive. At least one of its samples is a histogram. */
export interface HistogramWindow {
  readonly samples: SampleColumns
  readonly first: number
  readonly last: number
  readonly endMs: number
  readonly rangeMs: number
  readonly metricName: string
  readonly annotations: Annotations
  /** Where the range vector stands. */
  readonly range: TextRange
}

/** rate, increase, delta of a window that holds a histogram. */
export function extrapolatedHistogram(name: string, window: HistogramWindow): NativeHistogram | undefined {
  const { samples, first, last, metricName, annotations, range } = window
  if (last <= first) return undefined
  const isCounter = name !== 'delta'
  const histograms: NativeHistogram[] = []
  for (let index = first; index <= last; index++) {
    const histogram = samples.histograms![index]
    if (histogram !== undefined) histograms.push(histogram)
  }
  if (histograms.length !== last - first + 1) {
    annotations.warn(mixedTypes(metricName), range)
    return undefined
  }
  const change = changeOf(histograms, isCounter, window)
  if (change === undefined) return undefined
  const { timesMs } = samples
  const { endMs, rangeMs } = window
  const sampled = (timesMs[last] - timesMs[first]) / 1000
  const average = sampled / (last - first)
  const threshold = average * 1.1
  let toStart = (timesMs[first] - (endMs - rangeMs)) / 1000
  let toEnd = (endMs - timesMs[last]) / 1000
  if (toStart >= threshold) toStart = average / 2
  if (isCounter && change.count > 0 && histograms[0].count >= 0) {
    // As for floats: a counter cannot have begun before it would have been zero.
    toStart = Math.min(toStart, sampled * (histograms[0].count / change.count))
  }
  if (toEnd >= threshold) toEnd = average / 2
  let factor = (sampled + toStart + toEnd) / sampled
  if (name === 'rate') factor /= rangeMs / 1000
  return scaleHistogram(change, factor)
}

/** What was observed between the first and the last, resets made up for. */
function changeOf(
  histograms: readonly NativeHistogram[],
  isCounter: boolean,
  { metricName, annotations, range }: HistogramWindow,
): NativeHistogram | undefined {
  const last = histograms[histograms.length - 1]
  if (isCounter && histograms.some(({ resetHint }) => resetHint === RESET_GAUGE))
    annotations.warn(notACounter(metricName), range)
  // Nothing is taken from the first when the counter began anew right after it: its buckets need not even fit.
  const base = isCounter && isReset(histograms[1], histograms[0]) ? emptyLike(histograms[1]) : histograms[0]
  const involved = [base, ...histograms.slice(1)]
  const areCustom = hasCustomBounds(base)
  const looksAtAll = isCounter ? involved : [base, last]
  if (looksAtAll.some((one) => hasCustomBounds(one) !== areCustom)) {
    annotations.warn(mixedSchemas(metricName), range)
    return undefined
  }
  const schema = Math.min(...looksAtAll.map((one) => one.schema))
  const start = areCustom ? last : reduceResolution(last, schema)
  const difference = tryCombine(start, base, -1)!
  if (difference.wereBoundsReconciled) annotations.info(boundsReconciled('subtraction'), range)
  let total = difference.histogram
  if (isCounter) {
    let previous = base
    for (const current of histograms.slice(1)) {
      if (isReset(current, previous)) {
        const sum = tryCombine(total, previous, 1)!
        if (sum.wereBoundsReconciled) annotations.info(boundsReconciled('addition'), range)
        total = sum.histogram
      }
      previous = current
    }
  } else if (histograms[0].resetHint !== RESET_GAUGE || last.resetHint !== RESET_GAUGE) {
    annotations.warn(notAGauge(metricName), range)
  }
  return compactHistogram({ ...total, resetHint: RESET_GAUGE })
}

function emptyLike(histogram: NativeHistogram): NativeHistogram {
  return {
    schema: histogram.schema,
    zeroThreshold: 0,
    zeroCount: 0,
    count: 0,
    sum: 0,
    positive: NO_BUCKETS,
    negative: NO_BUCKETS,
    customBounds: histogram.schema === CUSTOM_BUCKETS_SCHEMA ? histogram.customBounds : undefined,
    resetHint: RESET_UNKNOWN,
    isFloat: true,
  }
}

/** irate, idelta: from the last two samples only. */
export function instantaneousHistogram(name: string, window: HistogramWindow): NativeHistogram | undefined {
  const { samples, first, last, metricName, annotations, range } = window
  if (last <= first) return undefined
  const isRate = name === 'irate'
  const previous = samples.histograms![last - 1]
  const current = samples.histograms![last]
  if (previous === undefined || current === undefined) {
    annotations.warn(mixedTypes(metricName), range)
    return undefined
  }
  const intervalMs = samples.timesMs[last] - samples.timesMs[last - 1]
  if (intervalMs === 0) return undefined
  const gauges = [previous, current].filter(({ resetHint }) => resetHint === RESET_GAUGE).length
  if (isRate && gauges > 0) annotations.warn(notACounter(metricName), range)
  if (!isRate && gauges < 2) annotations.warn(notAGauge(metricName), range)
  let change = current
  if (!isRate || !isReset(current, previous)) {
    const difference = tryCombine(current, previous, -1)
    if (difference === undefined) {
      annotations.warn(mixedSchemas(metricName), range)
      return undefined
    }
    if (difference.wereBoundsReconciled) annotations.info(boundsReconciled('subtraction'), range)
    change = difference.histogram
  }
  change = compactHistogram({ ...change, resetHint: RESET_GAUGE })
  return isRate ? divideHistogram(change, intervalMs / 1000) : change
}
