import { allBuckets, hasCustomBounds } from '@quartet/model'
import type { Bucket, NativeHistogram } from '@quartet/model'

export interface NativeQuantile {
  readonly value: number
  /** NaN was observed: it stands in no bucket, and the result is higher than it should be, or NaN itself. */
  readonly nanEffect: 'none' | 'skewed' | 'result'
}

/** Interpolates within a bucket on a logarithmic scale, around zero and with custom bounds on a linear one. */
export function nativeQuantile(q: number, histogram: NativeHistogram): NativeQuantile {
  const plain = (value: number): NativeQuantile => ({ value, nanEffect: 'none' })
  if (q < 0) return plain(-Infinity)
  if (q > 1) return plain(Infinity)
  if (histogram.count === 0 || Number.isNaN(q)) return plain(NaN)
  const hasNan = Number.isNaN(histogram.sum)
  const isForward = hasNan || q < 0.5
  const buckets = populatedBuckets(histogram)
  if (!isForward) buckets.reverse()
  const target = (isForward ? q : 1 - q) * histogram.count
  let below = 0
  let bucket = buckets[0]
  for (bucket of buckets) {
    below += bucket.count
    if (below >= target) break
  }
  if (bucket === undefined) return { value: NaN, nanEffect: hasNan ? 'result' : 'none' }
  const { lower, upper } = ends(bucket, histogram)
  if (hasCustomBounds(histogram)) {
    if (lower === -Infinity) return plain(upper)
    if (upper === Infinity) return plain(lower)
  }
  below = Math.min(below, histogram.count)
  if (below < target) return hasNan ? { value: NaN, nanEffect: 'result' } : plain(upper)
  const rank = isForward ? target - (below - bucket.count) : below - target
  const value = interpolate({ lower, upper }, rank / bucket.count, histogram)
  return { value, nanEffect: hasNan ? 'skewed' : 'none' }
}

function interpolate(
  { lower, upper }: { lower: number; upper: number },
  fraction: number,
  histogram: NativeHistogram,
): number {
  if (hasCustomBounds(histogram) || (lower <= 0 && upper >= 0)) return lower + (upper - lower) * fraction
  const logLower = Math.log2(Math.abs(lower))
  const logUpper = Math.log2(Math.abs(upper))
  if (lower > 0) return 2 ** (logLower + (logUpper - logLower) * fraction)
  return -(2 ** (logUpper + (logLower - logUpper) * (1 - fraction)))
}

/** The share of observations between two values; NaNs count among all, in no part. */
export function nativeFraction(lower: number, upper: number, histogram: NativeHistogram): number {
  const { count } = histogram
  if (count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return NaN
  if (lower >= upper) return 0
  const buckets = populatedBuckets(histogram)
  return (rankBelow(upper, buckets, histogram) - rankBelow(lower, buckets, histogram)) / count
}

/** How many observations lie below `limit`. */
function rankBelow(limit: number, buckets: readonly Bucket[], histogram: NativeHistogram): number {
  let rank = 0
  for (const bucket of buckets) {
    const { lower, upper } = ends(bucket, histogram)
    if (lower >= limit) return rank
    if (upper > limit) return rank + bucket.count * shareBelow(limit, { lower, upper }, histogram)
    rank += bucket.count
  }
  return Number.isNaN(histogram.sum) ? rank : histogram.count
}

function shareBelow(
  limit: number,
  { lower, upper }: { lower: number; upper: number },
  histogram: NativeHistogram,
): number {
  // A bucket without an end has no inside: everything in it lies at the bound that it has.
  if (lower === -Infinity) return upper <= limit ? 1 : 0
  if (upper === Infinity) return 0
  if (hasCustomBounds(histogram) || (lower <= 0 && upper >= 0)) return (limit - lower) / (upper - lower)
  const logLower = Math.log2(Math.abs(lower))
  const logUpper = Math.log2(Math.abs(upper))
  const logLimit = Math.log2(Math.abs(limit))
  if (limit > 0) return (logLimit - logLower) / (logUpper - logLower)
  return 1 - (logLimit - logUpper) / (logLower - logUpper)
}

function populatedBuckets(histogram: NativeHistogram): Bucket[] {
  return allBuckets(histogram).filter(({ count }) => count !== 0)
}

/** A bucket around zero ends at zero when all other observations lie on one side of it. */
function ends({ lower, upper }: Bucket, { positive, negative }: NativeHistogram): { lower: number; upper: number } {
  const isAroundZero = lower < 0 && upper > 0
  if (!isAroundZero) return { lower, upper }
  if (negative.indices.length === 0 && positive.indices.length > 0) return { lower: 0, upper }
  if (positive.indices.length === 0 && negative.indices.length > 0) return { lower, upper: 0 }
  return { lower, upper }
}
