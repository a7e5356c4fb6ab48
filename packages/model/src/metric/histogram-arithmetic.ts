import { exponentialBound } from './bucket-bounds.ts'
import { NO_BUCKETS, RESET_GAUGE, RESET_NO, RESET_UNKNOWN, RESET_YES, hasCustomBounds } from './native-histogram.ts'
import type { HistogramBuckets, NativeHistogram, ResetHint } from './native-histogram.ts'

/** One has exponential buckets and the other custom bounds: nothing can be calculated with both. */
export class IncompatibleHistogramsError extends Error {
  constructor() {
    super('histograms with exponential and with custom buckets')
    this.name = 'IncompatibleHistogramsError'
  }
}

export interface HistogramSum {
  readonly histogram: NativeHistogram
  /** One says that it begins anew and the other that it does not. */
  readonly hasHintConflict: boolean
  /** The custom bounds differed: those that both have are left. */
  readonly wereBoundsReconciled: boolean
}

/** `sign` -1 subtracts. Reconciles schemas, zero buckets and custom bounds. @throws IncompatibleHistogramsError */
export function combineHistograms(a: NativeHistogram, b: NativeHistogram, sign: 1 | -1): HistogramSum {
  if (hasCustomBounds(a) !== hasCustomBounds(b)) throw new IncompatibleHistogramsError()
  const { hint, hasConflict } = combineHints(a.resetHint, b.resetHint)
  const totals = {
    count: a.count + sign * b.count,
    sum: a.sum + sign * b.sum,
    resetHint: hint,
    isFloat: true,
  }
  if (hasCustomBounds(a)) {
    const areEqual = areBoundsEqual(a, b)
    // Upstream takes what is left of a difference of other buckets for no counter any more.
    if (!areEqual && sign === -1) totals.resetHint = RESET_GAUGE
    const bounds = areEqual ? a.customBounds! : commonBounds(a.customBounds!, b.customBounds!)
    const [left, right] = areEqual ? [a, b] : [withBounds(a, bounds), withBounds(b, bounds)]
    const positive = mergeBuckets(left.positive, right.positive, sign)
    const histogram = {
      ...totals,
      schema: a.schema,
      ...NO_ZERO_BUCKET,
      positive,
      negative: NO_BUCKETS,
      customBounds: bounds,
    }
    return { histogram, hasHintConflict: hasConflict, wereBoundsReconciled: !areEqual }
  }
  const { first, zeroCount } = withSameZeroBucket(a, b)
  const schema = Math.min(a.schema, b.schema)
  const { zeroThreshold } = first
  // In this order, as upstream: a coarse bucket of `b` that reaches out of the zero bucket comes along whole.
  const merge = (left: HistogramBuckets, right: HistogramBuckets): HistogramBuckets =>
    mergeBuckets(
      toSchema(left, a.schema, schema),
      trimBuckets(toSchema(right, b.schema, schema), schema, zeroThreshold),
      sign,
    )
  const histogram = {
    ...totals,
    schema,
    zeroThreshold,
    zeroCount: first.zeroCount + sign * zeroCount,
    positive: merge(first.positive, b.positive),
    negative: merge(first.negative, b.negative),
    customBounds: undefined,
  }
  return { histogram, hasHintConflict: hasConflict, wereBoundsReconciled: false }
}

const NO_ZERO_BUCKET = { zeroThreshold: 0, zeroCount: 0 }

function combineHints(a: ResetHint, b: ResetHint): { hint: ResetHint; hasConflict: boolean } {
  if (a === b) return { hint: a, hasConflict: false }
  if (a === RESET_GAUGE || b === RESET_GAUGE) return { hint: RESET_GAUGE, hasConflict: false }
  return { hint: RESET_UNKNOWN, hasConflict: a !== RESET_UNKNOWN && b !== RESET_UNKNOWN }
}

/** Every count and the sum times `factor`. A negative factor makes a gauge of it. */
export function scaleHistogram(histogram: NativeHistogram, factor: number): NativeHistogram {
  return mapCounts(histogram, factor < 0, (count) => count * factor)
}

/** Every count and the sum by `divisor`. Dividing by 0 leaves no buckets, as upstream's does. */
export function divideHistogram(histogram: NativeHistogram, divisor: number): NativeHistogram {
  const divided = mapCounts(histogram, divisor < 0, (count) => count / divisor)
  return divisor === 0 ? { ...divided, positive: NO_BUCKETS, negative: NO_BUCKETS } : divided
}

function mapCounts(histogram: NativeHistogram, isGauge: boolean, map: (count: number) => number): NativeHistogram {
  const mapped = ({ indices, counts }: HistogramBuckets): HistogramBuckets => ({ indices, counts: counts.map(map) })
  return {
    ...histogram,
    zeroCount: map(histogram.zeroCount),
    count: map(histogram.count),
    sum: map(histogram.sum),
    positive: mapped(histogram.positive),
    negative: mapped(histogram.negative),
    resetHint: isGauge ? RESET_GAUGE : histogram.resetHint,
    isFloat: true,
  }
}

/**
 * The same observations at a coarser resolution. @pre both schemas are exponential and `schema` is not finer
 */
export function reduceResolution(histogram: NativeHistogram, schema: number): NativeHistogram {
  if (schema === histogram.schema) return histogram
  const { positive, negative } = histogram
  return {
    ...histogram,
    schema,
    positive: toSchema(positive, histogram.schema, schema),
    negative: toSchema(negative, histogram.schema, schema),
  }
}

/** Without buckets that hold nothing. */
export function compactHistogram(histogram: NativeHistogram): NativeHistogram {
  const positive = compactBuckets(histogram.positive)
  const negative = compactBuckets(histogram.negative)
  if (positive === histogram.positive && negative === histogram.negative) return histogram
  return { ...histogram, positive, negative }
}

function compactBuckets(buckets: HistogramBuckets): HistogramBuckets {
  if (!buckets.counts.includes(0)) return buckets
  return keepBuckets(buckets, (_, count) => count !== 0)
}

function keepBuckets(
  { indices, counts }: HistogramBuckets,
  keeps: (index: number, count: number) => boolean,
): HistogramBuckets {
  const isKept = (_: number, position: number): boolean => keeps(indices[position], counts[position])
  return { indices: indices.filter(isKept), counts: counts.filter(isKept) }
}

/** Whether the same observations stand in the same buckets, apart from empty ones; NaN equals NaN. Hints are not compared. */
export function areHistogramsEqual(left: NativeHistogram, right: NativeHistogram): boolean {
  const [a, b] = [compactHistogram(left), compactHistogram(right)]
  return (
    a.schema === b.schema &&
    Object.is(a.count, b.count) &&
    (Object.is(a.sum, b.sum) || a.sum === b.sum) &&
    a.zeroThreshold === b.zeroThreshold &&
    a.zeroCount === b.zeroCount &&
    areBoundsEqual(a, b) &&
    areBucketsEqual(a.positive, b.positive) &&
    areBucketsEqual(a.negative, b.negative)
  )
}

function areBucketsEqual(a: HistogramBuckets, b: HistogramBuckets): boolean {
  return areNumbersEqual(a.indices, b.indices) && areNumbersEqual(a.counts, b.counts)
}

function areBoundsEqual(a: NativeHistogram, b: NativeHistogram): boolean {
  return areNumbersEqual(a.customBounds ?? NO_BUCKETS.counts, b.customBounds ?? NO_BUCKETS.counts)
}

function areNumbersEqual(a: Float64Array | Int32Array, b: Float64Array | Int32Array): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index])
}

/**
 * Whether observations of `previous` are missing from `current`, so that its counter must have begun anew in between. A hint that says yes or
 * no is believed.
 */
export function isReset(current: NativeHistogram, previous: NativeHistogram): boolean {
  if (current.resetHint === RESET_YES) return true
  if (current.resetHint === RESET_NO) return false
  if (current.count < previous.count) return true
  if (hasCustomBounds(current) !== hasCustomBounds(previous)) return true
  if (hasCustomBounds(current)) {
    if (areBoundsEqual(current, previous)) return hasLess(current.positive, previous.positive)
    const bounds = commonBounds(current.customBounds!, previous.customBounds!)
    return hasLess(withBounds(current, bounds).positive, withBounds(previous, bounds).positive)
  }
  // Resolution only ever falls and the zero bucket only ever grows during the life of a counter.
  if (current.schema > previous.schema || current.zeroThreshold < previous.zeroThreshold) return true
  const wider = withZeroThreshold(previous, current.zeroThreshold)
  if (wider.zeroThreshold !== current.zeroThreshold || current.zeroCount < wider.zeroCount) return true
  const { schema } = current
  const outside = trimToThreshold(current, current.zeroThreshold)
  return (
    hasLess(
      outside.positive,
      trimBuckets(toSchema(wider.positive, previous.schema, schema), schema, current.zeroThreshold),
    ) ||
    hasLess(
      outside.negative,
      trimBuckets(toSchema(wider.negative, previous.schema, schema), schema, current.zeroThreshold),
    )
  )
}

/** Whether any bucket of `previous` holds more than the same one of `current`. */
function hasLess(current: HistogramBuckets, previous: HistogramBuckets): boolean {
  let position = 0
  for (let i = 0; i < previous.indices.length; i++) {
    const index = previous.indices[i]
    while (position < current.indices.length && current.indices[position] < index) position++
    const isThere = position < current.indices.length && current.indices[position] === index
    if ((isThere ? current.counts[position] : 0) < previous.counts[i]) return true
  }
  return false
}

function toSchema(buckets: HistogramBuckets, from: number, to: number): HistogramBuckets {
  if (from === to || buckets.indices.length === 0) return buckets
  const shift = from - to
  const indices = new Int32Array(buckets.indices.length)
  const counts = new Float64Array(buckets.indices.length)
  let size = 0
  for (let i = 0; i < buckets.indices.length; i++) {
    const index = ((buckets.indices[i] - 1) >> shift) + 1
    if (size > 0 && indices[size - 1] === index) counts[size - 1] += buckets.counts[i]
    else {
      indices[size] = index
      counts[size++] = buckets.counts[i]
    }
  }
  return { indices: indices.subarray(0, size), counts: counts.subarray(0, size) }
}

/** The union of two ascending lists of buckets. */
function mergeBuckets(a: HistogramBuckets, b: HistogramBuckets, sign: 1 | -1): HistogramBuckets {
  const indices = new Int32Array(a.indices.length + b.indices.length)
  const counts = new Float64Array(indices.length)
  let size = 0
  for (let i = 0, j = 0; i < a.indices.length || j < b.indices.length; size++) {
    const left = i < a.indices.length ? a.indices[i] : Infinity
    const right = j < b.indices.length ? b.indices[j] : Infinity
    indices[size] = Math.min(left, right)
    if (left <= right) counts[size] = a.counts[i++]
    if (right <= left) counts[size] += sign * b.counts[j++]
  }
  return { indices: indices.subarray(0, size), counts: counts.subarray(0, size) }
}

/** The bounds that stand in both of two ascending lists. */
function commonBounds(a: Float64Array, b: Float64Array): Float64Array {
  const known = new Set(b)
  return a.filter((bound) => known.has(bound))
}

/** @param bounds are among the histogram's own, so that every bucket lies in one of the new ones */
function withBounds(histogram: NativeHistogram, bounds: Float64Array): NativeHistogram {
  const own = histogram.customBounds!
  const { indices, counts } = histogram.positive
  const merged = new Map<number, number>()
  let target = 0
  for (let i = 0; i < indices.length; i++) {
    const upper = indices[i] < own.length ? own[indices[i]] : Infinity
    while (target < bounds.length && bounds[target] < upper) target++
    merged.set(target, (merged.get(target) ?? 0) + counts[i])
  }
  const positive = { indices: Int32Array.from(merged.keys()), counts: Float64Array.from(merged.values()) }
  return { ...histogram, positive, customBounds: bounds }
}

/**
 * Widens the narrower zero bucket, and both when a bound falls into a populated bucket, until they are the same.
 * @returns `a` with that bucket, and what `b` has in its own
 */
function withSameZeroBucket(a: NativeHistogram, b: NativeHistogram): { first: NativeHistogram; zeroCount: number } {
  let [first, second] = [a, b]
  while (first.zeroThreshold !== second.zeroThreshold) {
    if (first.zeroThreshold > second.zeroThreshold) second = withZeroThreshold(second, first.zeroThreshold)
    else first = withZeroThreshold(first, second.zeroThreshold)
  }
  return { first, zeroCount: second.zeroCount }
}

/** With a zero bucket up to `threshold`, or up to the end of the populated bucket that `threshold` falls into. */
function withZeroThreshold(histogram: NativeHistogram, threshold: number): NativeHistogram {
  if (threshold === histogram.zeroThreshold) return histogram
  let limit = threshold
  for (;;) {
    const positive = countBelow(histogram.positive, histogram.schema, limit)
    const negative = countBelow(histogram.negative, histogram.schema, Math.max(limit, positive.limit))
    limit = Math.max(positive.limit, negative.limit)
    // A negative bucket that sticks out moves the limit for the positive side, too.
    if (limit === positive.limit) {
      const zeroCount = histogram.zeroCount + positive.count + negative.count
      return trimToThreshold({ ...histogram, zeroCount, zeroThreshold: limit }, limit)
    }
  }
}

function countBelow(
  { indices, counts }: HistogramBuckets,
  schema: number,
  threshold: number,
): { count: number; limit: number } {
  let count = 0
  for (let i = 0; i < indices.length; i++) {
    if (exponentialBound(indices[i] - 1, schema) >= threshold) break
    count += counts[i]
    const upper = exponentialBound(indices[i], schema)
    if (upper > threshold) return { count, limit: counts[i] === 0 ? threshold : upper }
  }
  return { count, limit: threshold }
}

function trimToThreshold(histogram: NativeHistogram, threshold: number): NativeHistogram {
  const { schema } = histogram
  const positive = trimBuckets(histogram.positive, schema, threshold)
  const negative = trimBuckets(histogram.negative, schema, threshold)
  if (positive === histogram.positive && negative === histogram.negative) return histogram
  return { ...histogram, positive, negative }
}

/** Without the buckets that lie in the zero bucket as a whole. */
function trimBuckets(buckets: HistogramBuckets, schema: number, threshold: number): HistogramBuckets {
  const { indices } = buckets
  let first = 0
  while (first < indices.length && exponentialBound(indices[first], schema) <= threshold) first++
  if (first === 0) return buckets
  return { indices: indices.subarray(first), counts: buckets.counts.subarray(first) }
}
