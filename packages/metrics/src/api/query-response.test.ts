import { NO_BUCKETS, RESET_UNKNOWN } from '@quartet/model'
import type { NativeHistogram } from '@quartet/model'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Annotations } from '../query/annotations.ts'
import type { QueryValue } from '../query/engine.ts'
import { newSeries, setHistogram } from '../query/steps.ts'
import { encodeQueryResult } from './query-response.ts'

const HISTOGRAM: NativeHistogram = {
  schema: 0,
  zeroThreshold: 0.001,
  zeroCount: 1,
  count: 8,
  sum: 3.5,
  positive: { indices: Int32Array.of(0, 1, 2), counts: Float64Array.of(2, 0, 4) },
  negative: { indices: Int32Array.of(1), counts: Float64Array.of(1) },
  customBounds: undefined,
  resetHint: RESET_UNKNOWN,
  isFloat: false,
}
const JSON_HISTOGRAM =
  '{"count":"8","sum":"3.5","buckets":[[1,"-2","-1","1"],[3,"-0.001","0.001","1"],[0,"0.5","1","2"],[0,"2","4","4"]]}'

async function encode(value: QueryValue): Promise<string> {
  const result = { value, annotations: new Annotations(), peakSamples: 0, totalSamples: 0 }
  return (await encodeQueryResult(result, { query: 'x', limit: 0, withStats: false })).toString()
}

test('a vector of native histograms has "histogram" in place of "value"', async () => {
  const series = newSeries([['a', 'b']], 1)
  setHistogram(series, 0, HISTOGRAM)
  assert.equal(
    await encode({ kind: 'vector', timeMs: 1500, series: [series] }),
    `{"status":"success","data":{"resultType":"vector","result":[{"metric":{"a":"b"},"histogram":[1.500,${JSON_HISTOGRAM}]}]}}`,
  )
})

test('a matrix shows floats and histograms of a series apart', async () => {
  const series = newSeries([], 3)
  series.present.set([1, 0, 0])
  series.values.set([7, 0, 0])
  setHistogram(series, 2, HISTOGRAM)
  const grid = { startMs: 1000, endMs: 3000, stepMs: 1000, count: 3 }
  assert.equal(
    await encode({ kind: 'matrix', grid, series: [series] }),
    `{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[1,"7"]],"histograms":[[3,${JSON_HISTOGRAM}]]}]}}`,
  )
})

test('stored samples of both kinds; a histogram without observations has no buckets', async () => {
  const empty = { ...HISTOGRAM, count: 0, sum: 0, zeroCount: 0, positive: NO_BUCKETS, negative: NO_BUCKETS }
  const samples = {
    timesMs: Float64Array.of(1000, 2000),
    values: Float64Array.of(0, 5),
    histograms: [empty, undefined],
  }
  assert.equal(
    await encode({ kind: 'samples', series: [{ labels: [], ...samples }] }),
    '{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[2,"5"]],"histograms":[[1,{"count":"0","sum":"0"}]]}]}}',
  )
})
