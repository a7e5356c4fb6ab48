import { CUSTOM_BUCKETS_SCHEMA, NO_BUCKETS, RESET_UNKNOWN } from './native-histogram.ts'
import type { NativeHistogram } from './native-histogram.ts'

export interface ClassicHistogram {
  /** Cumulative counts by upper bound (`le`), in any order; +Inf may be missing. */
  readonly buckets: ReadonlyMap<number, number>
  /** `undefined` when there is no `_count`: then the last bucket's. */
  readonly count: number | undefined
  readonly sum: number
}

/**
 * A classic histogram as a native one with custom bounds (NHCB), which is the same with less. Source: upstream's util/convertnhcb.
 * @returns a text instead when its counts contradict each other
 */
export function classicToNative({ buckets, count, sum }: ClassicHistogram): NativeHistogram | string {
  const sorted = [...buckets].sort(([a], [b]) => a - b)
  const total = count ?? sorted.at(-1)?.[1] ?? 0
  const bounds = sorted.map(([bound]) => bound).filter((bound) => bound !== Infinity)
  const cumulative = sorted.filter(([bound]) => bound !== Infinity).map(([, below]) => below)
  const infinite = buckets.get(Infinity)
  if (infinite !== undefined && count !== undefined && infinite !== count)
    return `the count ${count} is not that of the bucket +Inf, ${infinite}`
  const indices: number[] = []
  const counts: number[] = []
  for (const [index, below] of [...cumulative, total].entries()) {
    const own = below - (index === 0 ? 0 : cumulative[index - 1])
    if (own < 0) return `the bucket at ${bounds[index] ?? '+Inf'} holds less than the one before it`
    if (own === 0) continue
    indices.push(index)
    counts.push(own)
  }
  return {
    schema: CUSTOM_BUCKETS_SCHEMA,
    zeroThreshold: 0,
    zeroCount: 0,
    count: total,
    sum,
    positive: { indices: Int32Array.from(indices), counts: Float64Array.from(counts) },
    negative: NO_BUCKETS,
    customBounds: Float64Array.from(bounds),
    resetHint: RESET_UNKNOWN,
    isFloat: ![total, ...counts].every(Number.isInteger),
  }
}
