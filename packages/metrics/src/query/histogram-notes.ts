import { combineHistograms, IncompatibleHistogramsError } from '@quartet/model'
import type { HistogramSum, NativeHistogram } from '@quartet/model'
import { quoteGo } from '@quartet/query'

// Upstream's texts about native histograms (util/annotations).

export const MIXED_IN_AGGREGATION = 'encountered a mix of histograms and floats for aggregation'

export function mixedTypes(metricName: string): string {
  return `encountered a mix of histograms and floats for metric name ${quoteGo(metricName)}`
}

export function mixedClassicAndNative(metricName: string): string {
  return `vector contains a mix of classic and native histograms${forMetric(metricName)}`
}

export function notACounter(metricName: string): string {
  return `this native histogram metric is not a counter: ${quoteGo(metricName)}`
}

export function notAGauge(metricName: string): string {
  return `this native histogram metric is not a gauge: ${quoteGo(metricName)}`
}

export function mixedSchemas(metricName: string): string {
  const kinds = 'vector contains a mix of histograms with exponential and custom buckets schemas'
  return `${kinds} for metric name ${quoteGo(metricName)}`
}

export function incompatibleTypes(left: string, op: string, right: string): string {
  return `incompatible sample types encountered for binary operator ${quoteGo(op)}: ${left} ${op} ${right}`
}

export function incompatibleLayout(op: string): string {
  return `incompatible bucket layout encountered for binary operator ${op}`
}

export function ignoredInAggregation(op: string): string {
  return `ignored histogram in ${op} aggregation`
}

export function ignoredInMixedRange(metricName: string): string {
  return `ignored histograms in a range containing both floats and histograms for metric name ${quoteGo(metricName)}`
}

export type HistogramOperation = 'addition' | 'subtraction' | 'aggregation'

export function boundsReconciled(operation: HistogramOperation): string {
  return `mismatched custom buckets were reconciled during ${operation}`
}

export function conflictingResets(operation: HistogramOperation): string {
  return `conflicting counter resets during histogram ${operation}`
}

export function nanResult(metricName: string): string {
  return `input to histogram_quantile has NaN observations, result is NaN${forMetric(metricName)}`
}

export function nanSkew(metricName: string): string {
  return `input to histogram_quantile has NaN observations, result is skewed higher${forMetric(metricName)}`
}

export function nanFraction(metricName: string): string {
  return `input to histogram_fraction has NaN observations, which are excluded from all fractions${forMetric(metricName)}`
}

function forMetric(name: string): string {
  return name === '' ? '' : ` for metric name ${quoteGo(name)}`
}

/** `undefined` when one has exponential buckets and the other custom ones. */
export function tryCombine(a: NativeHistogram, b: NativeHistogram, sign: 1 | -1): HistogramSum | undefined {
  try {
    return combineHistograms(a, b, sign)
  } catch (error) {
    if (error instanceof IncompatibleHistogramsError) return undefined
    throw error
  }
}
