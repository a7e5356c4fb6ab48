import { CUSTOM_BUCKETS_SCHEMA, MAX_SCHEMA, MIN_SCHEMA, NO_BUCKETS, RESET_GAUGE, RESET_UNKNOWN } from '@quartet/model'
import type {
  HistogramBuckets,
  NativeHistogram,
  OtlpBuckets,
  OtlpExponentialPoint,
  OtlpHistogramPoint,
  OtlpTemporality,
} from '@quartet/model'
import { OtlpNameError } from './otlp-names.ts'

/** Upstream's, for senders that do not say theirs. */
const DEFAULT_ZERO_THRESHOLD = 1e-128

/**
 * An exponential histogram as a native one: as it is, or merged to the finest schema that is stored.
 * @throws OtlpNameError, which is any part that cannot be translated, with upstream's text
 */
export function exponentialToNative(point: OtlpExponentialPoint, temporality: OtlpTemporality): NativeHistogram {
  const { scale } = point
  if (scale < MIN_SCHEMA) {
    const text = `Scale must be >= ${MIN_SCHEMA}, was ${scale}`
    throw new OtlpNameError(`cannot convert exponential to native histogram. ${text}`)
  }
  const shift = Math.max(0, scale - MAX_SCHEMA)
  return {
    schema: Math.min(scale, MAX_SCHEMA),
    zeroThreshold: point.zeroThreshold > 0 ? point.zeroThreshold : DEFAULT_ZERO_THRESHOLD,
    zeroCount: point.zeroCount,
    count: point.count,
    sum: point.sum ?? 0,
    positive: exponentialBuckets(point.positive, shift),
    negative: exponentialBuckets(point.negative, shift),
    customBounds: undefined,
    resetHint: hintOf(temporality),
    isFloat: false,
  }
}

/** A histogram with explicit bounds as a native one with custom buckets. */
export function explicitToNative(point: OtlpHistogramPoint, temporality: OtlpTemporality): NativeHistogram {
  const bounds = point.bounds.at(-1) === Infinity ? point.bounds.slice(0, -1) : point.bounds
  return {
    schema: CUSTOM_BUCKETS_SCHEMA,
    zeroThreshold: 0,
    zeroCount: 0,
    count: point.count,
    sum: point.sum ?? 0,
    positive: populated(point.bucketCounts, (index) => index),
    negative: NO_BUCKETS,
    customBounds: Float64Array.from(bounds),
    resetHint: hintOf(temporality),
    isFloat: false,
  }
}

/** What is not cumulative must not be searched for resets. Upstream trusts no sender to know that there was none. */
function hintOf(temporality: OtlpTemporality): NativeHistogram['resetHint'] {
  return temporality === 'delta' ? RESET_GAUGE : RESET_UNKNOWN
}

/** OTLP's bucket 0 is (1, base], Prometheus' is (1/base, 1]. */
function exponentialBuckets({ offset, counts }: OtlpBuckets, shift: number): HistogramBuckets {
  return populated(counts, (index) => ((offset + index) >> shift) + 1)
}

/** Buckets that hold something; neighbours that come to lie in one are added up. */
function populated(counts: readonly number[], indexOf: (position: number) => number): HistogramBuckets {
  const indices: number[] = []
  const values: number[] = []
  for (const [position, count] of counts.entries()) {
    if (count === 0) continue
    const index = indexOf(position)
    if (indices.at(-1) === index) values[values.length - 1] += count
    else {
      indices.push(index)
      values.push(count)
    }
  }
  return indices.length === 0 ? NO_BUCKETS : { indices: Int32Array.from(indices), counts: Float64Array.from(values) }
}
