import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exponentialBound } from './bucket-bounds.ts'
import {
  areHistogramsEqual,
  combineHistograms,
  compactHistogram,
  divideHistogram,
  IncompatibleHistogramsError,
  isReset,
  reduceResolution,
  scaleHistogram,
} from './histogram-arithmetic.ts'
import { allBuckets } from './histogram-buckets.ts'
import {
  CUSTOM_BUCKETS_SCHEMA,
  NO_BUCKETS,
  RESET_GAUGE,
  RESET_NO,
  RESET_UNKNOWN,
  RESET_YES,
} from './native-histogram.ts'
import type { HistogramBuckets, NativeHistogram } from './native-histogram.ts'

function buckets(counts: Record<number, number>): HistogramBuckets {
  const indices = Object.keys(counts)
    .map(Number)
    .sort((a, b) => a - b)
  return { indices: Int32Array.from(indices), counts: Float64Array.from(indices, (index) => counts[index]) }
}

function exponential(
  parts: Partial<Omit<NativeHistogram, 'positive' | 'negative'>> & {
    positive?: Record<number, number>
    negative?: Record<number, number>
  },
): NativeHistogram {
  const positive = buckets(parts.positive ?? {})
  const negative = buckets(parts.negative ?? {})
  const total = [...positive.counts, ...negative.counts].reduce((sum, count) => sum + count, parts.zeroCount ?? 0)
  return {
    schema: 0,
    zeroThreshold: 0,
    zeroCount: 0,
    count: total,
    sum: 0,
    customBounds: undefined,
    resetHint: RESET_UNKNOWN,
    isFloat: true,
    ...parts,
    positive,
    negative,
  }
}

function custom(bounds: number[], counts: Record<number, number>): NativeHistogram {
  return {
    ...exponential({ positive: counts }),
    schema: CUSTOM_BUCKETS_SCHEMA,
    customBounds: Float64Array.from(bounds),
  }
}

const shown = ({ indices, counts }: HistogramBuckets): Record<number, number> =>
  Object.fromEntries(Array.from(indices, (index, i) => [index, counts[i]]))

test('bounds double per index at schema 0, and end at the largest float', () => {
  assert.deepEqual(
    [-2, -1, 0, 1, 2].map((index) => exponentialBound(index, 0)),
    [0.25, 0.5, 1, 2, 4],
  )
  assert.equal(exponentialBound(1, -2), 16)
  assert.equal(exponentialBound(1, 1), 1.414213562373095)
  assert.equal(exponentialBound(1024, 0), Number.MAX_VALUE)
  assert.equal(exponentialBound(1, -10 + 6), 65536)
  assert.equal(exponentialBound(-1074, 0), 5e-324)
})

test('adding brings the finer one to the coarser resolution', () => {
  const fine = exponential({ schema: 1, positive: { 1: 1, 2: 2, 3: 4 } })
  const coarse = exponential({ schema: 0, positive: { 1: 10 } })
  for (const [a, b] of [[fine, coarse] as const, [coarse, fine] as const]) {
    const { histogram } = combineHistograms(a, b, 1)
    assert.equal(histogram.schema, 0)
    assert.deepEqual(shown(histogram.positive), { 1: 13, 2: 4 })
    assert.equal(histogram.count, 17)
  }
})

test('a narrower zero bucket is widened, to the end of a populated bucket that the bound falls into', () => {
  const narrow = exponential({ zeroThreshold: 0.25, zeroCount: 1, positive: { [-1]: 2, 0: 4, 3: 8 } })
  const wide = exponential({ zeroThreshold: 0.75, zeroCount: 16, positive: { 3: 32 } })
  const { histogram } = combineHistograms(wide, narrow, 1)
  assert.equal(histogram.zeroThreshold, 1)
  assert.equal(histogram.zeroCount, 23)
  assert.deepEqual(shown(histogram.positive), { 3: 40 })
})

test('a negative bucket that sticks out moves the bound for the positive side, too', () => {
  const narrow = exponential({ zeroThreshold: 0.25, positive: { 0: 1, 1: 2 }, negative: { 1: 4 } })
  const wide = exponential({ zeroThreshold: 1.5 })
  const { histogram } = combineHistograms(narrow, wide, 1)
  assert.deepEqual([histogram.zeroThreshold, histogram.zeroCount], [2, 7])
})

test('custom bounds that differ are reduced to those that both have', () => {
  const a = custom([1, 2, 5, 10], { 0: 1, 1: 2, 2: 4, 3: 8, 4: 16 })
  const b = custom([2, 10, 20], { 0: 1, 1: 2, 2: 4, 3: 8 })
  const { histogram, wereBoundsReconciled } = combineHistograms(a, b, 1)
  assert.ok(wereBoundsReconciled)
  assert.deepEqual([...histogram.customBounds!], [2, 10])
  assert.deepEqual(shown(histogram.positive), { 0: 4, 1: 14, 2: 28 })
  assert.throws(() => combineHistograms(a, exponential({}), 1), IncompatibleHistogramsError)
})

test('hints: a gauge makes a gauge, a conflict is told', () => {
  const hinted = (resetHint: NativeHistogram['resetHint']): NativeHistogram => ({ ...exponential({}), resetHint })
  const combine = (a: NativeHistogram['resetHint'], b: NativeHistogram['resetHint']): [number, boolean] => {
    const { histogram, hasHintConflict } = combineHistograms(hinted(a), hinted(b), 1)
    return [histogram.resetHint, hasHintConflict]
  }
  assert.deepEqual(combine(RESET_YES, RESET_GAUGE), [RESET_GAUGE, false])
  assert.deepEqual(combine(RESET_UNKNOWN, RESET_NO), [RESET_UNKNOWN, false])
  assert.deepEqual(combine(RESET_YES, RESET_NO), [RESET_UNKNOWN, true])
})

test('scaling by a negative number makes a gauge; dividing by 0 leaves no buckets', () => {
  const histogram = exponential({ zeroCount: 1, positive: { 1: 3 }, sum: 8 })
  const scaled = scaleHistogram(histogram, -2)
  assert.deepEqual(
    [scaled.count, scaled.sum, scaled.resetHint, shown(scaled.positive)],
    [-8, -16, RESET_GAUGE, { 1: -6 }],
  )
  const divided = divideHistogram(histogram, 0)
  assert.deepEqual([divided.count, divided.positive], [Infinity, NO_BUCKETS])
})

test('a reset is a lower count anywhere, more resolution or a smaller zero bucket', () => {
  const before = exponential({ zeroThreshold: 0.5, zeroCount: 1, positive: { 1: 4, 2: 2 }, negative: { 3: 1 } })
  const with_ = (change: Parameters<typeof exponential>[0]): NativeHistogram =>
    exponential({
      zeroThreshold: 0.5,
      zeroCount: 1,
      positive: { 1: 4, 2: 2 },
      negative: { 3: 1 },
      count: 100,
      ...change,
    })
  assert.equal(isReset(with_({}), before), false)
  assert.equal(isReset(with_({ positive: { 1: 3, 2: 9 } }), before), true)
  assert.equal(isReset(with_({ positive: { 2: 9 } }), before), true)
  assert.equal(isReset(with_({ negative: {} }), before), true)
  assert.equal(isReset(with_({ schema: 1 }), before), true)
  assert.equal(isReset(with_({ zeroThreshold: 0.25 }), before), true)
  assert.equal(isReset(with_({ zeroCount: 0 }), before), true)
  // Wider to a bound that falls into nothing: what was in between counts as zero from now on.
  assert.equal(isReset(with_({ zeroThreshold: 2, zeroCount: 5, positive: { 2: 2 } }), before), false)
  assert.equal(isReset(with_({ zeroThreshold: 1.5, zeroCount: 5 }), before), true)
  assert.equal(isReset({ ...with_({ positive: {} }), resetHint: RESET_NO }, before), false)
  assert.equal(isReset({ ...with_({}), resetHint: RESET_YES }, before), true)
})

test('equality and compaction look past empty buckets', () => {
  const sparse = exponential({ positive: { 1: 4, 3: 1 } })
  const padded = exponential({ positive: { 1: 4, 2: 0, 3: 1 } })
  assert.ok(areHistogramsEqual(sparse, padded))
  assert.deepEqual(shown(compactHistogram(padded).positive), { 1: 4, 3: 1 })
  assert.ok(!areHistogramsEqual(sparse, reduceResolution(sparse, -1)))
})

test('all buckets in order; the neighbours of the zero bucket begin where it ends', () => {
  const histogram = exponential({
    zeroThreshold: 0.75,
    zeroCount: 1,
    positive: { 0: 2, 1: 3 },
    negative: { 0: 4, 2: 5 },
  })
  assert.deepEqual(
    allBuckets(histogram).map(({ lower, upper, count }) => [lower, upper, count]),
    [
      [-4, -2, 5],
      [-1, -0.75, 4],
      [-0.75, 0.75, 1],
      [0.75, 1, 2],
      [1, 2, 3],
    ],
  )
  assert.deepEqual(
    allBuckets(custom([5], { 0: 1, 1: 2 })).map(({ lower, upper, isLowerInclusive }) => [
      lower,
      upper,
      isLowerInclusive,
    ]),
    [
      [-Infinity, 5, true],
      [5, Infinity, false],
    ],
  )
})
