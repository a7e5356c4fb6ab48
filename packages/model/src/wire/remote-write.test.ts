import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bitsOf, isStaleAt, writeStale } from '../metric/stale.ts'
import { ProtoReader, WireError } from './proto-reader.ts'
import { ProtoWriter } from './proto-writer.ts'
import { readLabelPair, RemoteWriteReader } from './remote-write.ts'

function labelsOf(bytes: Uint8Array, start: number, end: number): Record<string, string> {
  const reader = new ProtoReader(bytes, start, end)
  const range = { nameStart: 0, nameEnd: 0, valueStart: 0, valueEnd: 0 }
  const labels: Record<string, string> = {}
  const text = Buffer.from(bytes)
  while (readLabelPair(reader, range)) {
    labels[text.toString('utf8', range.nameStart, range.nameEnd)] = text.toString(
      'utf8',
      range.valueStart,
      range.valueEnd,
    )
  }
  return labels
}

function label(writer: ProtoWriter, field: number, name: string, value: string): void {
  const start = writer.begin(field)
  writer.string(1, name).string(2, value)
  writer.finish(start)
}

function sampleField(writer: ProtoWriter, value: number, timeMs: number): void {
  const start = writer.begin(2)
  writer.double(1, value).int64(2, timeMs)
  writer.finish(start)
}

function request(): Uint8Array {
  const writer = new ProtoWriter()
  let series = writer.begin(1)
  label(writer, 1, '__name__', 'up')
  label(writer, 1, 'job', 'a')
  sampleField(writer, 1.5, 1_700_000_000_000)
  sampleField(writer, -2, -5)
  const exemplar = writer.begin(3)
  label(writer, 1, 'trace_id', 'abc')
  writer.double(2, 0.25).int64(3, 77)
  writer.finish(exemplar)
  writer.finish(series)
  series = writer.begin(1)
  label(writer, 1, '__name__', 'scattered')
  sampleField(writer, 3, 4)
  label(writer, 1, 'job', 'b')
  const histogram = writer.begin(4)
  writer.uint(1, 12)
  writer.finish(histogram)
  writer.finish(series)
  const metadata = writer.begin(3)
  writer.uint(1, 1).string(2, 'up').string(4, 'Helps.').string(5, 'ratio')
  writer.finish(metadata)
  return writer.toBytes()
}

test('reads series, samples, exemplars, metadata and histograms', () => {
  const reader = new RemoteWriteReader()
  reader.read(request())
  assert.equal(reader.seriesCount, 2)
  assert.deepEqual(labelsOf(reader.bytes, reader.seriesStart[0], reader.seriesEnd[0]), { __name__: 'up', job: 'a' })
  assert.deepEqual(labelsOf(reader.bytes, reader.seriesStart[1], reader.seriesEnd[1]), {
    __name__: 'scattered',
    job: 'b',
  })
  assert.deepEqual([...reader.sampleSeries.subarray(0, reader.sampleCount)], [0, 0, 1])
  assert.deepEqual([...reader.values.subarray(0, 3)], [1.5, -2, 3])
  assert.deepEqual([...reader.timesMs.subarray(0, 3)], [1_700_000_000_000, -5, 4])
  assert.deepEqual(
    reader.histograms.map(({ seriesIndex, histogram: { count } }) => [seriesIndex, count]),
    [[1, 12]],
  )
  const [exemplar] = reader.exemplars
  assert.deepEqual(labelsOf(reader.bytes, exemplar.labelsStart, exemplar.labelsEnd), { trace_id: 'abc' })
  assert.deepEqual([exemplar.seriesIndex, exemplar.value, exemplar.timeMs], [0, 0.25, 77])
  assert.deepEqual(reader.metadata, [{ family: 'up', type: 'counter', help: 'Helps.', unit: 'ratio' }])
})

test('keeps the bits of a stale marker', () => {
  const value = new Float64Array(1)
  writeStale(bitsOf(value), 0)
  const writer = new ProtoWriter()
  const series = writer.begin(1)
  const sample = writer.begin(2)
  writer.tag(1, 1).raw(new Uint8Array(value.buffer))
  writer.finish(sample)
  writer.finish(series)
  const reader = new RemoteWriteReader()
  reader.read(writer.toBytes())
  assert.ok(isStaleAt(bitsOf(reader.values), 0))
})

test('grows with the message and forgets the one before', () => {
  const writer = new ProtoWriter()
  for (let index = 0; index < 1000; index++) {
    const series = writer.begin(1)
    label(writer, 1, 'n', String(index))
    sampleField(writer, index, index)
    writer.finish(series)
  }
  const reader = new RemoteWriteReader()
  reader.read(writer.toBytes())
  assert.equal(reader.seriesCount, 1000)
  assert.deepEqual(labelsOf(reader.bytes, reader.seriesStart[999], reader.seriesEnd[999]), { n: '999' })
  assert.equal(reader.values[999], 999)
  reader.read(request())
  assert.equal(reader.seriesCount, 2)
  reader.read(new Uint8Array(0))
  assert.deepEqual(
    [reader.seriesCount, reader.sampleCount, reader.exemplars.length, reader.metadata.length],
    [0, 0, 0, 0],
  )
})

test('any damage gives a value or a WireError', () => {
  const good = request()
  let state = 42
  const below = (bound: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 4294967296) * bound)
  }
  const reader = new RemoteWriteReader()
  for (let run = 0; run < 20_000; run++) {
    const bytes = below(5)
      ? good.slice(0, below(3) ? good.length : below(good.length))
      : Uint8Array.from({ length: below(60) }, () => below(256))
    for (let count = below(4); count >= 0 && bytes.length > 0; count--) bytes[below(bytes.length)] = below(256)
    try {
      reader.read(bytes)
      for (let index = 0; index < reader.seriesCount; index++) {
        labelsOf(reader.bytes, reader.seriesStart[index], reader.seriesEnd[index])
      }
    } catch (error) {
      assert.ok(error instanceof WireError, `run ${run}: ${error}`)
    }
  }
})
