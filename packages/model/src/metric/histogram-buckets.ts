import { lowerBound, upperBound } from './bucket-bounds.ts'
import { hasCustomBounds } from './native-histogram.ts'
import type { NativeHistogram } from './native-histogram.ts'

export interface Bucket {
  readonly lower: number
  readonly upper: number
  readonly isLowerInclusive: boolean
  readonly isUpperInclusive: boolean
  readonly count: number
}

/**
 * All buckets in ascending order: negative, zero, positive, empty ones among them when they are listed. A bucket next to the zero bucket begins
 * where that ends.
 */
export function allBuckets(histogram: NativeHistogram): Bucket[] {
  const { positive, negative, zeroCount, zeroThreshold } = histogram
  const isCustom = hasCustomBounds(histogram)
  const buckets: Bucket[] = []
  for (let i = negative.indices.length - 1; i >= 0; i--) {
    const index = negative.indices[i]
    buckets.push({
      lower: -upperBound(histogram, index),
      upper: Math.min(-lowerBound(histogram, index), -zeroThreshold),
      isLowerInclusive: true,
      isUpperInclusive: false,
      count: negative.counts[i],
    })
  }
  if (zeroCount > 0)
    buckets.push({
      lower: -zeroThreshold,
      upper: zeroThreshold,
      isLowerInclusive: true,
      isUpperInclusive: true,
      count: zeroCount,
    })
  for (let i = 0; i < positive.indices.length; i++) {
    const index = positive.indices[i]
    const lower = lowerBound(histogram, index)
    buckets.push({
      lower: isCustom ? lower : Math.max(lower, zeroThreshold),
      upper: upperBound(histogram, index),
      isLowerInclusive: isCustom && index === 0,
      isUpperInclusive: true,
      count: positive.counts[i],
    })
  }
  return buckets
}
