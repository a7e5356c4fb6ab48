import assert from 'node:assert/strict'
import { test } from 'node:test'
import { labelsFromRecord, NO_BUCKETS } from '@quartet/model'
import type { NativeHistogram, SampleBatch, SampleSink, SeriesRef } from '@quartet/model'
import { RecordingRule } from './recording-rule.ts'
import { SampleWriter } from './sample-writer.ts'

const HISTOGRAM: NativeHistogram = {
  schema: 0,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 2,
  sum: 3,
  positive: { indices: Int32Array.of(1), counts: Float64Array.of(2) },
  negative: NO_BUCKETS,
  customBounds: undefined,
  resetHint: 0,
  isFloat: true,
}

test('a recorded native histogram is written as one', async () => {
  const batches: SampleBatch[] = []
  const sink: SampleSink = {
    epoch: 0,
    resolve: () => 7 as SeriesRef,
    append: async (batch) => {
      batches.push(batch)
      return { outOfOrder: 0, tooOld: 0, duplicate: 0 }
    },
    describe: () => undefined,
  }
  const writer = new SampleWriter(sink)
  const labels = labelsFromRecord({ job: 'a' })
  await writer.write([
    { labels, timeMs: 5, value: 1 },
    { labels, timeMs: 5, value: 0, histogram: HISTOGRAM },
  ])
  await writer.write([{ labels, timeMs: 6, value: 1 }])
  assert.deepEqual(batches[0].histograms?.[1], HISTOGRAM)
  assert.equal(batches[0].histograms?.[0], undefined)
  assert.equal(batches[1].histograms, undefined)
  const spec = { name: 'r', expr: 'h', labels: [] } as unknown as RecordingRule['spec']
  const recorded = await new RecordingRule(spec).evaluate({
    timeMs: 9,
    queryOffsetMs: 0,
    limit: 0,
    evaluate: async () => [{ labels, value: 0, histogram: HISTOGRAM }],
    signal: new AbortController().signal,
  } as unknown as Parameters<RecordingRule['evaluate']>[0])
  assert.deepEqual(recorded[0].histogram, HISTOGRAM)
})
