import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NO_RESOURCE, NO_SCOPE } from '@quartet/model'
import type { OtlpExponentialPoint, OtlpMetricData, OtlpResourceMetrics } from '@quartet/model'
import { DeltaAccumulator } from './otlp-deltas.ts'

const POINT = { attributes: [], startTimeMs: 1, isStale: false, exemplars: [] }

function request(data: OtlpMetricData, name = 'm'): OtlpResourceMetrics[] {
  const metrics = [{ name, description: '', unit: '', data }]
  return [{ resource: NO_RESOURCE, schemaUrl: '', scopes: [{ scope: NO_SCOPE, schemaUrl: '', metrics }] }]
}

function sum(timeMs: number, value: number, more: object = {}): OtlpMetricData {
  return { kind: 'sum', temporality: 'delta', isMonotonic: true, points: [{ ...POINT, timeMs, value, ...more }] }
}

function run(accumulator: DeltaAccumulator, data: OtlpMetricData, name?: string): OtlpMetricData | undefined {
  return accumulator.cumulative(request(data, name))[0].scopes[0].metrics.at(0)?.data
}

function valuesOf(data: OtlpMetricData | undefined): unknown[] {
  if (data?.kind !== 'sum') return assert.fail()
  assert.equal(data.temporality, 'cumulative')
  return data.points.map(({ value, startTimeMs, timeMs }) => [value, startTimeMs, timeMs])
}

test('deltas of a stream are added up, each stream by itself', () => {
  const accumulator = new DeltaAccumulator(() => 0)
  assert.deepEqual(valuesOf(run(accumulator, sum(10, 3))), [[3, 1, 10]])
  assert.deepEqual(valuesOf(run(accumulator, sum(20, 4, { startTimeMs: 10 }))), [[7, 1, 20]])
  const attributes = [{ key: 'a', value: { kind: 'string', value: 'x' } as const }]
  assert.deepEqual(valuesOf(run(accumulator, sum(20, 4, { attributes }))), [[4, 1, 20]])
  assert.deepEqual(valuesOf(run(accumulator, sum(20, 5), 'other')), [[5, 1, 20]])
  assert.equal(accumulator.streamCount, 3)
})

test('late points and those of an earlier beginning are dropped, what is not a delta passes', () => {
  const accumulator = new DeltaAccumulator(() => 0)
  run(accumulator, sum(20, 3))
  assert.equal(run(accumulator, sum(20, 4)), undefined)
  assert.equal(run(accumulator, sum(30, 4, { startTimeMs: 0 })), undefined)
  const cumulative = { ...sum(5, 9), temporality: 'cumulative' } as OtlpMetricData
  assert.deepEqual(run(accumulator, cumulative), cumulative)
})

test('a stream that was silent for five minutes begins anew', () => {
  let nowMs = 0
  const accumulator = new DeltaAccumulator(() => nowMs)
  run(accumulator, sum(20, 3))
  nowMs = 301_000
  assert.deepEqual(valuesOf(run(accumulator, sum(30, 4, { startTimeMs: 20 }))), [[4, 20, 30]])
})

test('histograms are added bucket by bucket, and begin anew with other bounds', () => {
  const accumulator = new DeltaAccumulator(() => 0)
  const histogram = (timeMs: number, bounds: number[], bucketCounts: number[]): OtlpMetricData => {
    const count = bucketCounts.reduce((total, one) => total + one, 0)
    return {
      kind: 'histogram',
      temporality: 'delta',
      points: [{ ...POINT, timeMs, count, sum: count, bounds, bucketCounts }],
    }
  }
  const show = (data: OtlpMetricData | undefined): unknown => {
    if (data?.kind !== 'histogram') return assert.fail()
    const { count, sum: total, bucketCounts } = data.points[0]
    return [count, total, bucketCounts]
  }
  run(accumulator, histogram(1, [1, 2], [1, 0, 2]))
  assert.deepEqual(show(run(accumulator, histogram(2, [1, 2], [0, 5, 1]))), [9, 9, [1, 5, 3]])
  assert.deepEqual(show(run(accumulator, histogram(3, [1], [4, 1]))), [5, 5, [4, 1]])
})

test('exponential histograms are added in the coarser scale, and never grow beyond their limit', () => {
  const accumulator = new DeltaAccumulator(() => 0)
  const exponential = (timeMs: number, scale: number, offset: number, counts: number[]): OtlpMetricData => {
    const positive = { offset, counts }
    const common = { ...POINT, timeMs, sum: 1, zeroCount: 1, zeroThreshold: 0, negative: { offset: 0, counts: [] } }
    const count = 1 + counts.reduce((total, one) => total + one, 0)
    return { kind: 'exponentialHistogram', temporality: 'delta', points: [{ ...common, count, scale, positive }] }
  }
  const show = (data: OtlpMetricData | undefined): OtlpExponentialPoint =>
    data?.kind === 'exponentialHistogram' ? data.points[0] : assert.fail()
  run(accumulator, exponential(1, 2, -3, [1, 2, 3, 4]))
  const merged = show(run(accumulator, exponential(2, 1, 0, [7, 1])))
  assert.deepEqual([merged.scale, merged.count, merged.zeroCount, merged.sum], [1, 20, 2, 2])
  assert.deepEqual(merged.positive, { offset: -2, counts: [1, 5, 11, 1] })
  const wide = show(run(accumulator, exponential(3, 1, 1000, [1])))
  assert.ok(wide.positive.counts.length <= 160)
  assert.equal(
    wide.positive.counts.reduce((total, one) => total + one, 0),
    19,
  )
})
