import { reduceResolution } from './histogram-arithmetic.ts'
import { CUSTOM_BUCKETS_SCHEMA, MAX_SCHEMA, MIN_SCHEMA } from './native-histogram.ts'
import type { NativeHistogram } from './native-histogram.ts'

/**
 * A histogram with at most `limit` populated buckets, at a coarser resolution if need be. Source: `native_histogram_bucket_limit`.
 * @returns undefined when none is coarse enough
 */
export function limitBuckets(histogram: NativeHistogram, limit: number): NativeHistogram | undefined {
  let reduced = histogram
  while (reduced.positive.indices.length + reduced.negative.indices.length > limit) {
    if (reduced.schema === CUSTOM_BUCKETS_SCHEMA || reduced.schema <= MIN_SCHEMA) return undefined
    reduced = reduceResolution(reduced, reduced.schema - 1)
  }
  return reduced
}

/** A histogram with no finer schema than `schema`. */
export function limitSchema(histogram: NativeHistogram, schema: number): NativeHistogram {
  return histogram.schema === CUSTOM_BUCKETS_SCHEMA || histogram.schema <= schema
    ? histogram
    : reduceResolution(histogram, schema)
}

/** The finest schema whose buckets grow by at least `factor`. Source: `native_histogram_min_bucket_factor`. */
export function schemaOfFactor(factor: number): number {
  if (factor <= 1) return MAX_SCHEMA
  return Math.min(MAX_SCHEMA, Math.max(MIN_SCHEMA, Math.floor(-Math.log2(Math.log2(factor)))))
}
