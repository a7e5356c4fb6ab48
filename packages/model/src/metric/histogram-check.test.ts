import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CUSTOM_BUCKETS_SCHEMA, NO_BUCKETS } from './native-histogram.ts'
import type { NativeHistogram } from './native-histogram.ts'
import { histogramProblem } from './histogram-check.ts'

const GOOD: NativeHistogram = {
  schema: 0,
  zeroThreshold: 0.01,
  zeroCount: 2,
  count: 3,
  sum: 333,
  positive: { indices: Int32Array.of(0), counts: Float64Array.of(1) },
  negative: NO_BUCKETS,
  customBounds: undefined,
  resetHint: 0,
  isFloat: false,
}
const CUSTOM: NativeHistogram = {
  ...GOOD,
  schema: CUSTOM_BUCKETS_SCHEMA,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 1,
  customBounds: Float64Array.of(1, 2),
}
const EQUAL =
  "histogram's observation count should equal the number of observations found in the buckets (in absence of NaN)"

test('what cannot be stored is refused with upstream’s text', () => {
  const cases: [NativeHistogram, string | undefined][] = [
    [GOOD, undefined],
    [CUSTOM, undefined],
    [{ ...GOOD, count: 4 }, `3 observations found in buckets, but the Count field is 4: ${EQUAL}`],
    [{ ...GOOD, count: 4, sum: NaN }, undefined],
    [{ ...GOOD, count: 4, isFloat: true }, undefined],
    [
      { ...GOOD, count: 2, sum: NaN },
      "3 observations found in buckets, but the Count field is 2: histogram's observation count should be at least the number of observations found in the buckets",
    ],
    [
      { ...GOOD, negative: { indices: Int32Array.of(1, 2), counts: Float64Array.of(1, -1) } },
      'negative side: bucket number 2 has observation count of -1: histogram has a bucket whose observation count is negative',
    ],
    [
      { ...GOOD, schema: 9 },
      'histogram has an invalid schema, which must be between -4 and 8 for exponential buckets, or -53 for custom buckets, got schema 9',
    ],
    [
      { ...CUSTOM, customBounds: Float64Array.of(2, 1) },
      'custom buckets: previous bound is 2.000000 and current is 1.000000: histogram custom bounds must be in strictly increasing order',
    ],
    [
      { ...CUSTOM, customBounds: Float64Array.of(2, Infinity) },
      'custom buckets: last +Inf bound must not be explicitly defined: histogram custom bounds must be finite',
    ],
    [
      { ...CUSTOM, positive: { indices: Int32Array.of(3), counts: Float64Array.of(1) } },
      'custom buckets: only 2 custom bounds defined which is insufficient to cover total span length of 4: histogram custom bounds are too few',
    ],
    [{ ...CUSTOM, zeroCount: 1, count: 2 }, 'custom buckets: must have zero count of 0'],
    [{ ...CUSTOM, zeroThreshold: 1 }, 'custom buckets: must have zero threshold of 0'],
  ]
  for (const [histogram, problem] of cases) assert.equal(histogramProblem(histogram), problem)
})
