/** Whether a histogram continues the one before it in its series. The values are those of remote write's `ResetHint`. */
export const RESET_UNKNOWN = 0
export const RESET_YES = 1
export const RESET_NO = 2
/** A gauge: counts may fall, nothing ever resets. */
export const RESET_GAUGE = 3
export type ResetHint = typeof RESET_UNKNOWN | typeof RESET_YES | typeof RESET_NO | typeof RESET_GAUGE

/** The schema that says that bucket bounds are listed in {@link NativeHistogram.customBounds} (NHCB). */
export const CUSTOM_BUCKETS_SCHEMA = -53
/** Exponential schemas that are stored; finer ones (up to 52) are reduced to {@link MAX_SCHEMA} first. */
export const MIN_SCHEMA = -4
export const MAX_SCHEMA = 8

/**
 * Populated buckets of one sign, ascending by index. With an exponential schema bucket `i` of the positive side holds
 * (base^(i-1), base^i], base = 2^(2^-schema), and the negative side mirrors it; with custom bounds it holds (bounds[i-1], bounds[i]].
 * Upstream stores spans and deltas; sparse columns hold the same and are simpler to add and to compare. A count of 0 says no
 * more than a missing bucket.
 */
export interface HistogramBuckets {
  readonly indices: Int32Array
  /** Observations of each bucket by itself: neither cumulative nor deltas. */
  readonly counts: Float64Array
}

/**
 * A native histogram sample (https://prometheus.io/docs/specs/native_histograms/). Immutable: whoever changes one makes another. A stale
 * marker is one whose `sum` has the stale marker's bits; storage hands it out as a stale float instead.
 */
export interface NativeHistogram {
  readonly schema: number
  /** Observations with an absolute value up to this are counted in {@link zeroCount}. 0 with custom bounds. */
  readonly zeroThreshold: number
  readonly zeroCount: number
  readonly count: number
  readonly sum: number
  readonly positive: HistogramBuckets
  /** Empty with custom bounds. */
  readonly negative: HistogramBuckets
  /** Upper bounds, ascending, without +Inf; only with {@link CUSTOM_BUCKETS_SCHEMA}. */
  readonly customBounds: Float64Array | undefined
  readonly resetHint: ResetHint
  /** Whether it was written with fractional counts; arithmetic makes every histogram one. */
  readonly isFloat: boolean
}

export const NO_BUCKETS: HistogramBuckets = { indices: new Int32Array(0), counts: new Float64Array(0) }

export function hasCustomBounds(histogram: NativeHistogram): boolean {
  return histogram.schema === CUSTOM_BUCKETS_SCHEMA
}
