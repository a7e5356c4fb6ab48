import { CUSTOM_BUCKETS_SCHEMA, MAX_SCHEMA, MIN_SCHEMA } from './native-histogram.ts'
import type { HistogramBuckets, NativeHistogram } from './native-histogram.ts'

/** Upstream's texts (model/histogram/generic.go). */
const NEGATIVE_COUNT = 'histogram has a bucket whose observation count is negative'
const TOO_FEW_BOUNDS = 'histogram custom bounds are too few'
const NOT_ASCENDING = 'histogram custom bounds must be in strictly increasing order'
const NOT_FINITE = 'histogram custom bounds must be finite'
const NAN_BOUND = 'histogram custom bounds must not be NaN'
const UNEQUAL =
  "histogram's observation count should equal the number of observations found in the buckets (in absence of NaN)"
const TOO_SMALL = "histogram's observation count should be at least the number of observations found in the buckets"

/** What is wrong with a native histogram, in upstream's words; undefined when it can be stored. */
export function histogramProblem(histogram: NativeHistogram): string | undefined {
  const { schema, positive, negative } = histogram
  if (schema === CUSTOM_BUCKETS_SCHEMA) {
    const problem = customProblem(histogram)
    if (problem !== undefined) return problem
  } else if (schema < MIN_SCHEMA || schema > MAX_SCHEMA) {
    const range = `between ${MIN_SCHEMA} and ${MAX_SCHEMA} for exponential buckets, or ${CUSTOM_BUCKETS_SCHEMA} for custom buckets`
    return `histogram has an invalid schema, which must be ${range}, got schema ${schema}`
  } else if (histogram.customBounds !== undefined && histogram.customBounds.length > 0) {
    return 'histogram with exponential schema must not have custom bounds'
  }
  const onNegative = negativeBucket(negative)
  if (onNegative !== undefined) return `negative side: ${onNegative}`
  const onPositive = negativeBucket(positive)
  if (onPositive !== undefined) return `positive side: ${onPositive}`
  return histogram.isFloat ? undefined : countProblem(histogram)
}

function customProblem({
  customBounds,
  positive,
  negative,
  zeroCount,
  zeroThreshold,
}: NativeHistogram): string | undefined {
  const bounds = customBounds ?? new Float64Array(0)
  let previous = -Infinity
  for (const bound of bounds) {
    if (Number.isNaN(bound)) return `custom buckets: ${NAN_BOUND}`
    if (bound <= previous)
      return `custom buckets: previous bound is ${previous.toFixed(6)} and current is ${bound.toFixed(6)}: ${NOT_ASCENDING}`
    previous = bound
  }
  if (previous === Infinity) return `custom buckets: last +Inf bound must not be explicitly defined: ${NOT_FINITE}`
  const { indices } = positive
  const covered = indices.length === 0 ? 0 : indices[indices.length - 1] + 1
  if (indices.length > 0 && indices[0] < 0)
    return `custom buckets: span number 1 with offset ${indices[0]}: histogram has a span whose offset is negative`
  if (bounds.length + 1 < covered)
    return `custom buckets: only ${bounds.length} custom bounds defined which is insufficient to cover total span length of ${covered}: ${TOO_FEW_BOUNDS}`
  if (zeroCount !== 0) return 'custom buckets: must have zero count of 0'
  if (zeroThreshold !== 0) return 'custom buckets: must have zero threshold of 0'
  if (negative.indices.length > 0) return 'custom buckets: must not have negative spans'
  return undefined
}

function negativeBucket({ counts }: HistogramBuckets): string | undefined {
  for (let index = 0; index < counts.length; index++) {
    if (counts[index] < 0)
      return `bucket number ${index + 1} has observation count of ${counts[index]}: ${NEGATIVE_COUNT}`
  }
  return undefined
}

/** Only whole numbers add up exactly. */
function countProblem({ count, sum, zeroCount, positive, negative }: NativeHistogram): string | undefined {
  let found = zeroCount
  for (const value of positive.counts) found += value
  for (const value of negative.counts) found += value
  if (Number.isNaN(sum) ? found <= count : found === count) return undefined
  const text = `${found} observations found in buckets, but the Count field is ${count}`
  return `${text}: ${Number.isNaN(sum) ? TOO_SMALL : UNEQUAL}`
}
