import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ProtoReader, ProtoWriter, readLabelPair, RemoteWriteReader, SnappyDecoder } from '@quartet/model'
import { seededRandom } from '@quartet/storage/testing'
import type { Random } from '@quartet/storage/testing'
import { compressSync } from 'snappy'
import { readLabels } from '../../src/storage/label-messages.ts'
import { SeriesKernel } from '../../src/storage/series-kernel.ts'
import { encodeLabels, INVALID_SERIES, SeriesTable } from '../../src/storage/series-table.ts'

const RUNS = Number(process.env.QUARTET_PROPERTY_RUNS ?? 150)
const SEED = Number(process.env.QUARTET_SEED ?? 1)
const MAX_BYTES = 1 << 20
const NO_REF = 0xffffffff

type Pair = readonly [string, string]

function pairsOf(random: Random, series: number): Pair[] {
  const pairs: Pair[] = [['__name__', `metric_${series % 7}`]]
  const count = random.below(6)
  for (let index = 0; index < count; index++) pairs.push([`label_${index}`, 'x'.repeat(1 + random.below(160))])
  pairs.push(['series', String(series)])
  return pairs
}

function timeOf(random: Random): number {
  const draw = random.next()
  if (draw < 0.1) return 0
  if (draw < 0.2) return -random.below(2 ** 45)
  return 1_795_392_045_000 + random.below(1e9)
}

/** A request as Go writes it, zeroes left out; with `isOdd` also what the kernel does not know. */
function requestOf(random: Random, isOdd: boolean): Buffer {
  const writer = new ProtoWriter()
  const count = random.below(40)
  for (let index = 0; index < count; index++) {
    const series = random.below(60)
    const start = writer.begin(1)
    const own = seededRandom(series)
    for (const [name, value] of pairsOf(own, series)) {
      const label = writer.begin(1)
      writer.string(1, name).string(2, value)
      writer.finish(label)
      if (isOdd && random.next() < 0.01) writer.double(9, 1)
    }
    for (let samples = random.below(3); samples >= 0; samples--) {
      const sample = writer.begin(2)
      const value = random.next() < 0.2 ? 0 : random.next() * 1e6
      const timeMs = timeOf(random)
      if (value !== 0) writer.double(1, value)
      if (timeMs !== 0) writer.int64(2, timeMs)
      if (isOdd && random.next() < 0.02) writer.double(1, random.next())
      writer.finish(sample)
    }
    if (isOdd && random.next() < 0.05) {
      const exemplar = writer.begin(3)
      writer.double(2, 1)
      writer.finish(exemplar)
    }
    writer.finish(start)
  }
  return Buffer.from(writer.toBytes())
}

function damaged(random: Random, bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  for (let changes = 1 + random.below(3); changes > 0 && copy.length > 0; changes--) {
    copy[random.below(copy.length)] = random.below(256)
  }
  return random.next() < 0.2 ? copy.subarray(0, random.below(copy.length)) : copy
}

/** What the readers of `model` make of a request, or undefined when they refuse it. */
function readByTwin(
  decoder: SnappyDecoder,
  reader: RemoteWriteReader,
  body: Uint8Array,
): RemoteWriteReader | undefined {
  try {
    reader.read(decoder.decode(body))
    return reader
  } catch (error) {
    assert.equal((error as Error).name, 'WireError')
    return undefined
  }
}

function bits(values: Float64Array): BigUint64Array {
  return new BigUint64Array(Float64Array.from(values).buffer)
}

test('the kernel reads what its twin reads, or leaves it to the twin', () => {
  const random = seededRandom(SEED)
  const kernel = new SeriesKernel()
  const decoder = new SnappyDecoder(MAX_BYTES)
  const reader = new RemoteWriteReader()
  const known = new Map<string, number>()
  let plain = 0
  for (let run = 0; run < RUNS * 4; run++) {
    const kind = run % 4
    const request = requestOf(random, kind === 1)
    const body =
      kind === 2
        ? compressSync(damaged(random, request))
        : kind === 3
          ? damaged(random, compressSync(request))
          : compressSync(request)
    const label = `seed ${SEED}, run ${run}`
    const isRead = kernel.readRequest(body, MAX_BYTES)
    const twin = readByTwin(decoder, reader, body)
    if (kind === 0) assert.ok(isRead, `${label}: a plain request is read`)
    if (!isRead) continue
    plain++
    assert.ok(twin, `${label}: the twin refuses it`)
    assert.equal(twin.exemplars.length + twin.histograms.length + twin.metadata.length, 0, label)
    assert.equal(kernel.seriesCount, twin.seriesCount, label)
    assert.equal(kernel.sampleCount, twin.sampleCount, label)
    const count = twin.sampleCount
    assert.deepEqual(kernel.sampleSeries, twin.sampleSeries.slice(0, count), label)
    assert.deepEqual(bits(kernel.timesMs), bits(twin.timesMs.slice(0, count)), label)
    assert.deepEqual(bits(kernel.values), bits(twin.values.slice(0, count)), label)
    assert.equal(kernel.maxMs, Math.max(...twin.timesMs.subarray(0, count)), label)
    const texts = Array.from({ length: twin.seriesCount }, (_, index) =>
      Buffer.from(twin.bytes.slice(twin.seriesStart[index], twin.seriesEnd[index])).toString('latin1'),
    )
    const refs = texts.map((text) => known.get(text) ?? NO_REF)
    assert.deepEqual([...kernel.seriesRefs], refs, label)
    assert.equal(kernel.unknownCount, refs.filter((ref) => ref === NO_REF).length, label)
    assert.deepEqual(
      [...kernel.sampleRefs],
      Array.from(kernel.sampleSeries, (series) => refs[series]),
      label,
    )
    for (const [index, text] of texts.entries()) {
      const bytes = Buffer.from(text, 'latin1')
      assert.deepEqual(
        Buffer.from(kernel.bytes.slice(kernel.seriesStart(index), kernel.seriesEnd(index))),
        bytes,
        label,
      )
      if (known.has(text) || random.next() < 0.3) continue
      known.set(text, known.size)
      const spelling = kernel.add(bytes, 0, bytes.length, known.size - 1)
      assert.deepEqual(Buffer.from(kernel.bytes.slice(kernel.startOf(spelling), kernel.endOf(spelling))), bytes, label)
    }
  }
  assert.ok(plain > RUNS, `${plain} requests were plain`)
  for (const [text, series] of known) {
    const bytes = Buffer.from(text, 'latin1')
    assert.equal(kernel.seriesOf(kernel.find(bytes, 0, bytes.length)), series)
  }
})

test('spellings are found again while table and memory grow', () => {
  const kernel = new SeriesKernel()
  const count = 20_000
  const text = (index: number): Buffer => Buffer.from(`spelling ${index} ${'-'.repeat(index % 300)}`)
  for (let index = 0; index < count; index++) {
    const bytes = text(index)
    assert.equal(kernel.find(bytes, 0, bytes.length), 0)
    kernel.add(bytes, 0, bytes.length, index)
  }
  for (let index = 0; index < count; index += 7) {
    const bytes = text(index)
    assert.equal(kernel.seriesOf(kernel.find(bytes, 0, bytes.length)), index)
  }
  assert.ok(kernel.sizeBytes < kernel.bytes.length)
})

/** Sorted, without empty values; undefined when no series can have them. */
function canonicalPairs(pairs: readonly Pair[]): Pair[] | undefined {
  const text = pairs.flat().join('')
  if (text.includes('�')) return undefined
  const sorted = pairs.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
  if (sorted.some(([name], index) => name === '' || (index > 0 && sorted[index - 1][0] === name))) return undefined
  const filled = sorted.filter(([, value]) => value !== '')
  return filled.some(([name]) => name === '__name__') ? filled : undefined
}

function labelMessages(random: Random): Buffer {
  const names = ['__name__', '__name_', 'a', 'ab', 'b', '', 'ü', 'n'.repeat(127), 'n'.repeat(128)]
  const values = ['', 'x', 'wert', 'größe', '\ud83d\ude00', 'v'.repeat(125), 'v'.repeat(130), 'v'.repeat(17_000)]
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random.next() ** 2 * list.length)]
  const pairs = Array.from({ length: 1 + random.below(4) }, (): Pair => [pick(names), pick(values)])
  if (random.next() < 0.7) pairs.sort(([a], [b]) => (a < b ? -1 : 1))
  const writer = new ProtoWriter()
  for (const [name, value] of pairs) {
    const start = writer.begin(1)
    if (random.next() < 0.05) writer.string(2, value).string(1, name)
    else writer.string(1, name).string(2, value)
    if (random.next() < 0.05) writer.double(3, 1)
    writer.finish(start)
  }
  const bytes = Buffer.from(writer.toBytes())
  if (random.next() < 0.2) bytes[random.below(bytes.length)] = random.below(256)
  return bytes
}

test('a series has its labels sorted and once, however they are written', () => {
  const random = seededRandom(SEED)
  const table = new SeriesTable()
  const series = new Map<string, number>()
  let canonical = 0
  for (let run = 0; run < RUNS * 20; run++) {
    const bytes = labelMessages(random)
    const label = `seed ${SEED}, run ${run}: ${bytes.subarray(0, 200).toString('latin1')}`
    try {
      const reader = new ProtoReader(bytes)
      while (readLabelPair(reader, { nameStart: 0, nameEnd: 0, valueStart: 0, valueEnd: 0 }));
    } catch {
      assert.throws(() => table.add(bytes, 0, bytes.length), { name: 'WireError' }, label)
      continue
    }
    const pairs = canonicalPairs(readLabels(bytes, 0, bytes.length))
    const added = table.add(bytes, 0, bytes.length)
    if (pairs === undefined) {
      assert.equal(added, INVALID_SERIES, label)
      continue
    }
    const key = JSON.stringify(pairs)
    const before = series.get(key) ?? series.size
    series.set(key, before)
    assert.equal(added, before, label)
    assert.deepEqual(table.labelsOf(added), pairs, label)
    const message = encodeLabels(new ProtoWriter(), pairs)
    assert.deepEqual(Buffer.from(table.message(added)), Buffer.from(message), label)
    assert.equal(table.lookup(bytes, 0, bytes.length), added, label)
    assert.equal(table.lookup(message, 0, message.length), added, label)
    if (table.kernel.isCanonical(bytes, 0, bytes.length)) {
      canonical++
      assert.deepEqual(bytes, Buffer.from(message), label)
    }
  }
  assert.ok(canonical > RUNS / 3, `${canonical} were canonical`)
})

test('the module was made from the source beside it', () => {
  const folder = new URL('../../src/storage/', import.meta.url)
  const digest = createHash('sha256')
    .update(readFileSync(new URL('series-kernel.as', folder)))
    .digest()
  const module = readFileSync(new URL('series-kernel.wasm', folder))
  assert.deepEqual(module.subarray(-digest.length), digest, 'run node scripts/build-kernels.ts')
})
