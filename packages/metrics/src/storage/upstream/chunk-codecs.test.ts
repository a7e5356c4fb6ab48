import assert from 'node:assert/strict'
import { test } from 'node:test'
import { areHistogramsEqual, RESET_GAUGE, storedHint } from '@quartet/model'
import type { NativeHistogram } from '@quartet/model'
import { seededRandom } from '@quartet/storage/testing'
import type { Random } from '@quartet/storage/testing'
import { SampleColumns } from '../../query/source.ts'
import { RandomHistograms } from '../../../test/support/random-histograms.ts'
import { BitReader } from './bit-reader.ts'
import { BitWriter } from './bit-writer.ts'
import { decodeChunk, FLOAT_HISTOGRAM, HISTOGRAM, XOR } from './chunk-files.ts'
import { UpstreamFormatError } from './format-error.ts'
import { decodeHistogramChunk, encodeHistogramChunk, histogramRunEnd } from './histogram-chunk.ts'
import { decodeXorChunk, encodeXorChunk } from './xor-chunk.ts'

const seed = Number(process.env['QUARTET_SEED'] ?? 20_261_123)

test(`varbits of every size come back (seed ${seed})`, () => {
  const random = seededRandom(seed)
  const values = [
    0,
    4,
    -3,
    5,
    32,
    -31,
    33,
    256,
    2048,
    131072,
    2 ** 24,
    2 ** 55,
    -(2 ** 55),
    2 ** 52 + 1,
    -(2 ** 53),
    2 ** 60,
  ]
  for (let index = 0; index < 500; index++) values.push(Math.round((random.next() - 0.5) * 2 ** random.below(54)) || 0)
  const writer = new BitWriter()
  for (const value of values)
    writer
      .varbit(value)
      .uvarbit(Math.abs(value))
      .bits(1, 1)
      .varint((value % 2 ** 52) + 0)
  const reader = new BitReader().open(writer.toBytes(), 0)
  for (const value of values) {
    assert.equal(reader.varbit(), value)
    assert.equal(reader.uvarbit(), Math.abs(value))
    assert.equal(reader.bit(), 1)
    assert.ok(reader.varint() === value % 2 ** 52)
  }
})

test(`chunks of floats come back to the bit (seed ${seed})`, () => {
  const random = seededRandom(seed)
  for (let round = 0; round < 200; round++) {
    const columns = randomFloats(random)
    const read = new SampleColumns()
    decodeXorChunk(encodeXorChunk(columns, 0, columns.count), read)
    assert.equal(read.count, columns.count)
    assert.deepEqual(read.timesMs.subarray(0, read.count), columns.timesMs.subarray(0, columns.count))
    assert.deepEqual(read.bits.subarray(0, 2 * read.count), columns.bits.subarray(0, 2 * columns.count))
  }
})

test(`runs of histograms come back (seed ${seed})`, () => {
  const random = seededRandom(seed)
  for (let round = 0; round < 200; round++) {
    const columns = randomHistograms(random)
    const read = new SampleColumns()
    for (let start = 0, end = 0; start < columns.count; start = end) {
      end = histogramRunEnd(columns, start, columns.count)
      const first = columns.histograms![start]!
      decodeHistogramChunk(encodeHistogramChunk(columns, start, end), first.isFloat, read)
    }
    assert.deepEqual(read.timesMs.subarray(0, read.count), columns.timesMs.subarray(0, columns.count))
    for (let at = 0; at < columns.count; at++) {
      const [want, got] = [columns.histograms![at]!, read.histograms![at]!]
      assert.ok(areHistogramsEqual(want, got), `${JSON.stringify(want)} came back as ${JSON.stringify(got)}`)
      assert.deepEqual([got.isFloat, got.resetHint], [want.isFloat, want.resetHint])
    }
  }
})

test('a chunk that Prometheus wrote is written the same', () => {
  const data = Buffer.from(
    '00028080f4f6905d3ff0000000000000e0d403c26fff404 24cd133'.replaceAll(' ', ''),
    'hex',
  ).subarray(0, 23)
  const columns = new SampleColumns()
  decodeXorChunk(data, columns)
  assert.deepEqual([...columns.timesMs.subarray(0, 2)], [1_600_000_000_000, 1_600_000_060_000])
  assert.deepEqual([...columns.values.subarray(0, 2)], [1, 2.5])
  assert.deepEqual(Buffer.from(encodeXorChunk(columns, 0, 2)).toString('hex'), data.toString('hex'))
})

test(`random and damaged chunks give samples or a typed error (seed ${seed})`, () => {
  const random = seededRandom(seed)
  const columns = new SampleColumns()
  for (let round = 0; round < 3000; round++) {
    const encoding = [XOR, HISTOGRAM, FLOAT_HISTOGRAM][random.below(3)]
    let bytes = random.bytes(random.below(200))
    if (random.below(2) === 0) {
      const source = encoding === XOR ? randomFloats(random) : randomHistograms(random)
      const end = encoding === XOR ? source.count : histogramRunEnd(source, 0, source.count)
      bytes = new Uint8Array((encoding === XOR ? encodeXorChunk : encodeHistogramChunk)(source, 0, end))
      for (let flips = random.below(4); flips > 0; flips--) bytes[random.below(bytes.length)] ^= 1 << random.below(8)
    }
    columns.count = 0
    columns.histograms = undefined
    try {
      decodeChunk(encoding, bytes, columns)
    } catch (error) {
      assert.ok(error instanceof UpstreamFormatError, `round ${round}: ${String(error)}`)
    }
  }
})

function randomFloats(random: Random): SampleColumns {
  const columns = new SampleColumns()
  const count = 1 + random.below(130)
  columns.reserve(count)
  let timeMs = 1_600_000_000_000 + random.below(1e9)
  const kind = random.below(4)
  let value = random.below(1000)
  for (let at = 0; at < count; at++) {
    columns.timesMs[at] = timeMs
    timeMs += random.below(8) === 0 ? 1 + random.below(2 ** random.below(31)) : 15_000
    if (kind === 0) value += random.below(50)
    else if (kind === 1) value = random.next() * 1e6 - 5e5
    columns.values[at] = value
    if (kind === 3) {
      // Any bits at all, NaN with payload among them.
      columns.bits[2 * at] = random.below(2 ** 32)
      columns.bits[2 * at + 1] = random.below(3) === 0 ? 0x7ff00000 : random.below(2 ** 32)
    }
  }
  columns.count = count
  return columns
}

function randomHistograms(random: Random): SampleColumns {
  const columns = new SampleColumns()
  const source = new RandomHistograms(random)
  const count = 1 + random.below(40)
  columns.reserve(count)
  columns.histograms = []
  let previous: NativeHistogram | undefined
  for (let at = 0; at < count; at++) {
    columns.timesMs[at] = 1_600_000_000_000 + at * 15_000 + random.below(100)
    const next = source.next()
    const resetHint = next.resetHint === RESET_GAUGE ? RESET_GAUGE : storedHint(previous, next)
    columns.histograms[at] = { ...next, resetHint }
    previous = columns.histograms[at]
  }
  columns.count = count
  return columns
}
