import { NO_BUCKETS } from '../metric/native-histogram.ts'
import type { HistogramBuckets } from '../metric/native-histogram.ts'

/** A run of `length` neighbouring buckets, `offset` buckets behind the one before, or at that index when it is the first. */
export interface BucketSpan {
  readonly offset: number
  readonly length: number
}

/**
 * Buckets of one side as protocols write them: spans, with a count for every bucket in them. Empty buckets are kept.
 * @param areDeltas the counts are differences from the bucket before
 * @returns upstream's text when spans and counts contradict each other
 */
export function bucketsFromSpans(
  spans: readonly BucketSpan[],
  counts: readonly number[],
  areDeltas: boolean,
): HistogramBuckets | string {
  let total = 0
  for (const [index, { offset, length }] of spans.entries()) {
    if (index > 0 && offset < 0)
      return `span number ${index + 1} with offset ${offset}: histogram has a span whose offset is negative`
    total += length
  }
  if (total !== counts.length) {
    const text = 'histogram spans specify different number of buckets than provided'
    return `spans need ${total} buckets, have ${counts.length} buckets: ${text}`
  }
  if (total === 0) return NO_BUCKETS
  const indices = new Int32Array(total)
  const values = new Float64Array(total)
  let at = 0
  let bucket = 0
  let value = 0
  for (const { offset, length } of spans) {
    bucket += offset
    for (let index = 0; index < length; index++, at++, bucket++) {
      indices[at] = bucket
      value = areDeltas ? value + counts[at] : counts[at]
      values[at] = value
    }
  }
  return { indices, counts: values }
}

/** The inverse: gaps become new spans. */
export function spansOf({ indices }: HistogramBuckets): BucketSpan[] {
  const spans: { offset: number; length: number }[] = []
  let next = 0
  for (let at = 0; at < indices.length; at++) {
    if (at > 0 && indices[at] === next) spans[spans.length - 1].length++
    else spans.push({ offset: indices[at] - next, length: 1 })
    next = indices[at] + 1
  }
  return spans
}
