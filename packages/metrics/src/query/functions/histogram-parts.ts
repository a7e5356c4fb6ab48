import { allBuckets, hasCustomBounds } from '@quartet/model'
import type { NativeHistogram } from '@quartet/model'
import { KahanSum } from '../kahan.ts'

type Part = (histogram: NativeHistogram) => number

const parts: Readonly<Record<string, Part>> = {
  histogram_avg: ({ sum, count }) => sum / count,
  histogram_count: ({ count }) => count,
  histogram_sum: ({ sum }) => sum,
  histogram_stddev: (histogram) => Math.sqrt(variance(histogram)),
  histogram_stdvar: variance,
}

/** The functions that take one number out of a native histogram. */
export function histogramPart(name: string): Part {
  return parts[name]
}

/** Estimated: observations are taken to lie at the middle of their bucket, at 0 in the one around zero. */
function variance(histogram: NativeHistogram): number {
  const mean = histogram.sum / histogram.count
  const isCustom = hasCustomBounds(histogram)
  const squares = new KahanSum()
  for (const { lower, upper, count } of allBuckets(histogram)) {
    if (count === 0) continue
    const delta = middle(lower, upper, isCustom) - mean
    squares.add(count * delta * delta)
  }
  return squares.total / histogram.count
}

function middle(lower: number, upper: number, isCustom: boolean): number {
  if (isCustom) return (upper + lower) / 2
  if (lower <= 0 && upper >= 0) return 0
  const size = Math.sqrt(upper * lower)
  return upper < 0 ? -size : size
}
