import { CUSTOM_BUCKETS_SCHEMA, NO_BUCKETS } from '@quartet/model'
import type { HistogramBuckets, NativeHistogram, ResetHint } from '@quartet/model'
import type { Random } from '@quartet/storage/testing'

/** Histograms as one series may bring them: mostly growing, sometimes of another layout, reset, a gauge, or of floats. */
export class RandomHistograms {
  readonly #random: Random
  #last: NativeHistogram

  constructor(random: Random) {
    this.#random = random
    this.#last = this.#fresh()
  }

  next(): NativeHistogram {
    const random = this.#random
    const roll = random.below(20)
    if (roll === 0) this.#last = this.#fresh()
    else if (roll > 3) this.#last = this.#grown()
    return { ...this.#last, resetHint: random.below(4) as ResetHint }
  }

  #fresh(): NativeHistogram {
    const random = this.#random
    const isCustom = random.below(3) === 0
    const isFloat = random.below(3) === 0
    const bounds = isCustom ? Float64Array.from({ length: random.below(6) }, (_, index) => index * 1.5 - 2) : undefined
    const first = isCustom ? 0 : random.below(40) - 20
    const positive = this.#buckets(first, isCustom ? bounds!.length + 1 : random.below(20), isFloat)
    const negative =
      isCustom || random.below(2) ? NO_BUCKETS : this.#buckets(-random.below(9), random.below(5), isFloat)
    const zeroCount = isCustom ? 0 : random.below(5)
    return withCount({
      schema: isCustom ? CUSTOM_BUCKETS_SCHEMA : random.below(13) - 4,
      zeroThreshold: isCustom ? 0 : [0, 1e-3, 2 ** -128][random.below(3)],
      zeroCount,
      count: 0,
      sum: random.below(1000) / 8,
      positive,
      negative,
      customBounds: bounds,
      resetHint: 0,
      isFloat,
    })
  }

  #buckets(first: number, length: number, isFloat: boolean): HistogramBuckets {
    const random = this.#random
    const indices = Array.from({ length }, (_, index) => first + index).filter(() => random.below(4) > 0)
    if (indices.length === 0) return NO_BUCKETS
    const count = (): number => random.below(50) / (isFloat ? 3 : 1)
    return { indices: Int32Array.from(indices), counts: Float64Array.from(indices, count) }
  }

  #grown(): NativeHistogram {
    const random = this.#random
    const { positive, negative, isFloat, sum } = this.#last
    const grow = ({ indices, counts }: HistogramBuckets): HistogramBuckets =>
      indices.length === 0
        ? NO_BUCKETS
        : { indices, counts: counts.map((count) => count + random.below(4) * (isFloat ? 0.3 : 1)) }
    const isWider = this.#last.customBounds === undefined && random.below(6) === 0
    const grown = grow(positive)
    const wider = isWider
      ? {
          indices: Int32Array.of(...grown.indices, (grown.indices.at(-1) ?? 0) + 1 + random.below(3)),
          counts: Float64Array.of(...grown.counts, 1),
        }
      : grown
    return withCount({ ...this.#last, positive: wider, negative: grow(negative), sum: sum + random.below(9) })
  }
}

function withCount(histogram: NativeHistogram): NativeHistogram {
  const total = ({ counts }: HistogramBuckets): number => counts.reduce((sum, count) => sum + count, 0)
  return { ...histogram, count: histogram.zeroCount + total(histogram.positive) + total(histogram.negative) }
}
