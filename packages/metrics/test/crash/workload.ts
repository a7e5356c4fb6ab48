import assert from 'node:assert/strict'
import { NO_BUCKETS, ProtoWriter, writeNativeHistogram } from '@quartet/model'
import type { NativeHistogram } from '@quartet/model'
import type { SampleColumns } from '../../src/query/source.ts'

/** What the crash test's child writes and its parent expects: round `n` has one sample of each of these series. */
export const SERIES = 25
/** The others are native histograms. */
const FLOAT_SERIES = 20
export const START_MS = 1_700_006_400_000
export const STEP_MS = 1000
/** Short, so that blocks are cut, merged and checkpoints written every few hundred rounds. */
export const BLOCK_RANGE_MS = 60_000

function valueOf(round: number, series: number): number {
  return round * SERIES + series + 0.25
}

function histogramOf(round: number, series: number): NativeHistogram {
  // Every so often a bucket comes to be, so that the layout changes.
  const buckets = 1 + (Math.floor(round / 30) % 5)
  const indices = Int32Array.from({ length: buckets }, (_, index) => index * 2 - 3)
  return {
    schema: series % 3,
    zeroThreshold: 0.001,
    zeroCount: round,
    count: round + buckets * (round + 1),
    sum: valueOf(round, series),
    positive: { indices, counts: new Float64Array(buckets).fill(round + 1) },
    negative: NO_BUCKETS,
    customBounds: undefined,
    resetHint: 0,
    isFloat: series % 2 === 0,
  }
}

/** The sample at `index` is the one that the series has in the round. */
export function assertSample(columns: SampleColumns, index: number, round: number, series: number): void {
  if (series < FLOAT_SERIES) {
    assert.equal(columns.values[index], valueOf(round, series), `round ${round}, series ${series}`)
    return
  }
  const found = columns.histograms?.[index]
  assert.deepEqual(found && { ...found, resetHint: 0 }, histogramOf(round, series), `round ${round}, series ${series}`)
}

/** The request of one round. Every so often a label changes, so that new series come while others die. */
export function requestOf(round: number): Uint8Array {
  const writer = new ProtoWriter()
  for (let series = 0; series < SERIES; series++) {
    const start = writer.begin(1)
    label(writer, '__name__', 'crash')
    label(writer, 'generation', String(Math.floor(round / 100)))
    label(writer, 'series', String(series))
    const timeMs = START_MS + round * STEP_MS
    const isHistogram = series >= FLOAT_SERIES
    const sample = writer.begin(isHistogram ? 4 : 2)
    if (isHistogram) writeNativeHistogram(writer, timeMs, histogramOf(round, series))
    else writer.double(1, valueOf(round, series)).int64(2, timeMs)
    writer.finish(sample)
    writer.finish(start)
  }
  return writer.toBytes()
}

function label(writer: ProtoWriter, name: string, value: string): void {
  const start = writer.begin(1)
  writer.string(1, name).string(2, value)
  writer.finish(start)
}
