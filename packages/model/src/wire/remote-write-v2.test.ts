import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CUSTOM_BUCKETS_SCHEMA, NO_BUCKETS } from '../metric/native-histogram.ts'
import type { NativeHistogram } from '../metric/native-histogram.ts'
import { bucketsFromSpans, spansOf } from './bucket-spans.ts'
import { writeNativeHistogram } from './native-histogram-proto.ts'
import { WireError } from './proto-reader.ts'
import { ProtoWriter } from './proto-writer.ts'
import { RemoteWriteReader } from './remote-write.ts'
import { RemoteWriteV2Reader } from './remote-write-v2.ts'

const WHOLE: NativeHistogram = {
  schema: -2,
  zeroThreshold: 0.5,
  zeroCount: 3,
  count: 25,
  sum: -1.5,
  positive: { indices: Int32Array.of(-3, -2, 4), counts: Float64Array.of(1, 0, 6) },
  negative: { indices: Int32Array.of(0), counts: Float64Array.of(15) },
  customBounds: undefined,
  resetHint: 1,
  isFloat: false,
}
const CUSTOM: NativeHistogram = {
  ...WHOLE,
  schema: CUSTOM_BUCKETS_SCHEMA,
  zeroThreshold: 0,
  zeroCount: 0,
  positive: { indices: Int32Array.of(0, 2), counts: Float64Array.of(1.5, 0.25) },
  negative: NO_BUCKETS,
  customBounds: Float64Array.of(-1, 2),
  resetHint: 3,
  isFloat: true,
}

function request(): Uint8Array {
  const writer = new ProtoWriter()
  const start = writer.begin(5)
  // Packed and alone, and before the symbols: all are allowed.
  writer.bytes(1, Uint8Array.of(1, 2)).uint(1, 3).uint(1, 4)
  for (const [timeMs, histogram] of [
    [7, WHOLE],
    [8, CUSTOM],
  ] as const) {
    const at = writer.begin(3)
    writeNativeHistogram(writer, timeMs, histogram)
    writer.finish(at)
  }
  writer.int64(6, 5)
  writer.finish(start)
  for (const symbol of ['', '__name__', 'h', 'job', 'a label value that is longer than others'])
    writer.string(4, symbol)
  return writer.toBytes()
}

test('labels are the bytes that version 1.0 would have sent, histograms are read back as they were', () => {
  const reader = new RemoteWriteV2Reader()
  reader.read(request())
  assert.deepEqual(
    reader.histograms.map(({ seriesIndex, timeMs, histogram }) => [seriesIndex, timeMs, histogram]),
    [
      [0, 7, WHOLE],
      [0, 8, CUSTOM],
    ],
  )
  assert.equal(reader.createdMs[0], 5)
  const writer = new ProtoWriter()
  const series = writer.begin(1)
  for (const [name, value] of [
    ['__name__', 'h'],
    ['job', 'a label value that is longer than others'],
  ]) {
    const label = writer.begin(1)
    writer.string(1, name).string(2, value)
    writer.finish(label)
  }
  writer.finish(series)
  const first = new RemoteWriteReader()
  first.read(writer.toBytes())
  assert.deepEqual(
    Buffer.from(reader.bytes.subarray(reader.seriesStart[0], reader.seriesEnd[0])),
    Buffer.from(first.bytes.subarray(first.seriesStart[0], first.seriesEnd[0])),
  )
})

test('schemas that are finer than stored ones are merged', () => {
  const writer = new ProtoWriter()
  const start = writer.begin(5)
  const at = writer.begin(3)
  const positive = { indices: Int32Array.of(1, 2, 3), counts: Float64Array.of(1, 2, 4) }
  writeNativeHistogram(writer, 7, { ...WHOLE, schema: 9, positive, negative: NO_BUCKETS })
  writer.finish(at)
  writer.finish(start)
  const reader = new RemoteWriteV2Reader()
  reader.read(writer.toBytes())
  const { schema, positive: merged } = reader.histograms[0].histogram
  assert.deepEqual([schema, [...merged.indices], [...merged.counts]], [8, [1, 2], [3, 4]])
})

test('spans say where buckets lie', () => {
  assert.deepEqual(spansOf(WHOLE.positive), [
    { offset: -3, length: 2 },
    { offset: 5, length: 1 },
  ])
  assert.deepEqual(bucketsFromSpans(spansOf(WHOLE.positive), [1, 0, 6], false), WHOLE.positive)
  assert.match(String(bucketsFromSpans([{ offset: 0, length: 2 }], [1], false)), /spans need 2 buckets, have 1 buckets/)
  const backwards = [
    { offset: 0, length: 1 },
    { offset: -1, length: 1 },
  ]
  assert.match(String(bucketsFromSpans(backwards, [1, 2], false)), /span number 2 with offset -1/)
})

test('any damage gives a value or a WireError', () => {
  const good = request()
  let state = 42
  const below = (bound: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 4294967296) * bound)
  }
  const reader = new RemoteWriteV2Reader()
  for (let run = 0; run < 20_000; run++) {
    const bytes = below(5)
      ? good.slice(0, below(3) ? good.length : below(good.length))
      : Uint8Array.from({ length: below(60) }, () => below(256))
    for (let count = below(4); count >= 0 && bytes.length > 0; count--) bytes[below(bytes.length)] = below(256)
    try {
      reader.read(bytes)
    } catch (error) {
      assert.ok(error instanceof WireError, `run ${run}: ${error}`)
    }
  }
})
