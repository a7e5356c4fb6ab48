import assert from 'node:assert/strict'
import { test } from 'node:test'
import { otlpJsonToProto } from './otlp-json.ts'
import { OtlpMetricsReader } from './otlp-metrics.ts'
import { WireError } from './proto-reader.ts'

const attributes = [{ key: 'a', value: { stringValue: 'b' } }]
const times = { startTimeUnixNano: '1700000000000000000', timeUnixNano: '1700000001999999999' }
const exemplar = {
  timeUnixNano: '1700000001000000000',
  asInt: '-7',
  spanId: '0001020304050607',
  traceId: '000102030405060708090a0b0c0d0e0f',
  filteredAttributes: attributes,
}

const request = otlpJsonToProto(
  'metrics',
  JSON.stringify({
    resourceMetrics: [
      {
        resource: { attributes },
        schemaUrl: 'r',
        scopeMetrics: [
          {
            scope: { name: 's', version: '1' },
            schemaUrl: 'u',
            metrics: [
              {
                name: 'g',
                unit: 'By',
                description: 'd',
                gauge: { dataPoints: [{ attributes, ...times, asInt: '-3' }] },
              },
              {
                name: 'c',
                sum: {
                  aggregationTemporality: 2,
                  isMonotonic: true,
                  dataPoints: [{ ...times, asDouble: 1.5, flags: 1, exemplars: [exemplar] }],
                },
              },
              {
                name: 'h',
                histogram: {
                  aggregationTemporality: 1,
                  dataPoints: [{ ...times, count: '3', sum: 4.5, bucketCounts: ['1', '2'], explicitBounds: [0.5] }],
                },
              },
              {
                name: 'e',
                exponentialHistogram: {
                  aggregationTemporality: 2,
                  dataPoints: [
                    {
                      ...times,
                      count: '5',
                      scale: -2,
                      zeroCount: '1',
                      positive: { offset: -3, bucketCounts: ['1', '300'] },
                    },
                  ],
                },
              },
              {
                name: 'q',
                summary: {
                  dataPoints: [{ ...times, count: '2', sum: 3, quantileValues: [{ quantile: 0.5, value: 1 }] }],
                },
              },
              { name: 'nothing' },
            ],
          },
        ],
      },
    ],
  }),
)

test('reads all kinds of metrics', () => {
  const [{ resource, schemaUrl, scopes }] = new OtlpMetricsReader().read(request)
  assert.equal(schemaUrl, 'r')
  assert.equal(resource.attributes[0].key, 'a')
  const [{ scope, schemaUrl: scopeUrl, metrics }] = scopes
  assert.deepEqual([scope.name, scope.version, scopeUrl], ['s', '1', 'u'])
  const [gauge, sum, histogram, exponential, summary, empty] = metrics.map(({ data }) => data)
  assert.ok(gauge.kind === 'gauge' && gauge.points[0].value === -3)
  assert.deepEqual([gauge.points[0].startTimeMs, gauge.points[0].timeMs], [1700000000000, 1700000001999])
  assert.deepEqual([metrics[0].unit, metrics[0].description], ['By', 'd'])
  assert.ok(sum.kind === 'sum' && sum.isMonotonic && sum.temporality === 'cumulative')
  assert.ok(sum.points[0].isStale && sum.points[0].value === 1.5)
  const [found] = sum.points[0].exemplars
  assert.deepEqual([found.value, found.timeMs], [-7, 1700000001000])
  assert.equal(Buffer.from(found.traceId).toString('hex'), exemplar.traceId)
  assert.equal(Buffer.from(found.spanId).toString('hex'), exemplar.spanId)
  assert.ok(histogram.kind === 'histogram' && histogram.temporality === 'delta')
  const [point] = histogram.points
  assert.deepEqual([point.count, point.sum, point.bucketCounts, point.bounds], [3, 4.5, [1, 2], [0.5]])
  assert.ok(exponential.kind === 'exponentialHistogram')
  assert.deepEqual([exponential.points[0].scale, exponential.points[0].sum], [-2, undefined])
  assert.deepEqual(exponential.points[0].positive, { offset: -3, counts: [1, 300] })
  assert.ok(summary.kind === 'summary')
  assert.deepEqual(summary.points[0].quantiles, [{ quantile: 0.5, value: 1 }])
  assert.equal(empty.kind, 'empty')
})

test('any damage gives a value or a WireError', () => {
  let state = 7
  const below = (bound: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 4294967296) * bound)
  }
  const reader = new OtlpMetricsReader()
  for (let run = 0; run < 10_000; run++) {
    const bytes = request.slice(0, below(3) ? request.length : below(request.length))
    for (let count = below(4); count >= 0 && bytes.length > 0; count--) bytes[below(bytes.length)] = below(256)
    try {
      reader.read(bytes)
    } catch (error) {
      assert.ok(error instanceof WireError, `run ${run}: ${error}`)
    }
  }
})
