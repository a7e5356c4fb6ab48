import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OtlpExponentialPoint } from '@quartet/model'
import { explicitToNative, exponentialToNative } from './otlp-histograms.ts'

const COMMON = { attributes: [], startTimeMs: 0, timeMs: 1, isStale: false, exemplars: [] }
const POINT: OtlpExponentialPoint = {
  ...COMMON,
  count: 14,
  sum: 30,
  scale: 3,
  zeroCount: 2,
  zeroThreshold: 0,
  positive: { offset: -2, counts: [1, 0, 2, 3] },
  negative: { offset: 4, counts: [6] },
}

test('an exponential histogram keeps its buckets, one index up', () => {
  const native = exponentialToNative(POINT, 'cumulative')
  assert.deepEqual([native.schema, native.count, native.zeroCount, native.sum], [3, 14, 2, 30])
  assert.deepEqual(native.positive, { indices: Int32Array.of(-1, 1, 2), counts: Float64Array.of(1, 2, 3) })
  assert.deepEqual(native.negative, { indices: Int32Array.of(5), counts: Float64Array.of(6) })
  assert.deepEqual([native.zeroThreshold, native.resetHint], [1e-128, 0])
  assert.equal(exponentialToNative({ ...POINT, zeroThreshold: 0.5 }, 'delta').zeroThreshold, 0.5)
  assert.equal(exponentialToNative(POINT, 'delta').resetHint, 3)
})

test('finer scales than 8 are merged, coarser ones than -4 refused', () => {
  const native = exponentialToNative({ ...POINT, scale: 9 }, 'cumulative')
  assert.equal(native.schema, 8)
  assert.deepEqual(native.positive, { indices: Int32Array.of(0, 1), counts: Float64Array.of(1, 5) })
  assert.throws(
    () => exponentialToNative({ ...POINT, scale: -5 }, 'cumulative'),
    /^OtlpNameError: cannot convert exponential to native histogram\. Scale must be >= -4, was -5$/,
  )
})

test('explicit bounds become custom buckets', () => {
  const point = { ...COMMON, count: 7, sum: undefined, bucketCounts: [0, 3, 4], bounds: [1, 2] }
  const native = explicitToNative(point, 'cumulative')
  assert.deepEqual([native.schema, native.count, native.sum], [-53, 7, 0])
  assert.deepEqual(native.positive, { indices: Int32Array.of(1, 2), counts: Float64Array.of(3, 4) })
  assert.deepEqual(native.customBounds, Float64Array.of(1, 2))
})
