import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NO_BUCKETS } from '@quartet/model'
import type { NativeHistogram } from '@quartet/model'
import { seededRandom } from '@quartet/storage/testing'
import { RandomHistograms } from '../../test/support/random-histograms.ts'
import { decodeHistogram, decodeHistograms, HistogramColumnError, HistogramEncoder } from './histogram-column.ts'

const PLAIN: NativeHistogram = {
  schema: 3,
  zeroThreshold: 2 ** -128,
  zeroCount: 1,
  count: 10,
  sum: 5,
  positive: { indices: Int32Array.of(-5, 0, 1, 7), counts: Float64Array.of(1, 2, 3, 3) },
  negative: NO_BUCKETS,
  customBounds: undefined,
  resetHint: 0,
  isFloat: false,
}

test('decoding undoes encoding, whatever changes from one histogram to the next', () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = seededRandom(seed)
    const source = new RandomHistograms(random)
    const encoder = new HistogramEncoder()
    const sums = new Float64Array(300)
    const expected: (NativeHistogram | undefined)[] = []
    for (let position = 0; position < 240; position++) {
      if (random.below(10) === 0) continue
      const histogram = source.next()
      sums[7 + position] = histogram.sum
      expected[7 + position] = histogram
      encoder.append(position, histogram)
    }
    const found: (NativeHistogram | undefined)[] = []
    decodeHistograms(encoder.view(), sums, 7, found)
    assert.deepEqual(found, expected, `seed ${seed}`)
  }
})

test('an early view does not see what is written later', () => {
  const encoder = new HistogramEncoder()
  encoder.append(0, PLAIN)
  const early = encoder.view()
  const copy = early.slice()
  for (let position = 1; position < 60; position++) encoder.append(position, { ...PLAIN, count: 10 + position })
  assert.deepEqual(early, copy)
  assert.deepEqual(decodeHistogram(early, 5), PLAIN)
})

test('a histogram that repeats costs two bytes, and one that grows evenly as little', () => {
  const encoder = new HistogramEncoder()
  encoder.append(0, PLAIN)
  encoder.append(1, PLAIN)
  const before = encoder.view().length
  encoder.append(2, PLAIN)
  assert.equal(encoder.view().length - before, 2)
})

test('counts that are no small whole numbers keep their bits', () => {
  for (const count of [0.1, -0, -3, NaN, Infinity, 2 ** 60, 5e-324]) {
    const encoder = new HistogramEncoder()
    encoder.append(0, { ...PLAIN, count, isFloat: true })
    const found = decodeHistogram(encoder.view(), 5)
    assert.ok(Object.is(found.count, count), String(count))
    assert.equal(found.isFloat, true)
  }
})

test('any damage gives histograms or a typed error', () => {
  const random = seededRandom(5)
  const encoder = new HistogramEncoder()
  const source = new RandomHistograms(random)
  for (let position = 0; position < 5; position++) encoder.append(position, source.next())
  const good = encoder.view()
  for (let run = 0; run < 20_000; run++) {
    const bytes = random.below(4)
      ? good.slice(0, random.below(3) ? good.length : random.below(good.length))
      : Uint8Array.from({ length: random.below(60) }, () => random.below(256))
    for (let count = random.below(4); count >= 0 && bytes.length > 0; count--)
      bytes[random.below(bytes.length)] = random.below(256)
    try {
      decodeHistograms(bytes, new Float64Array(600), 0, [])
    } catch (error) {
      assert.ok(error instanceof HistogramColumnError, `run ${run}: ${error}`)
    }
  }
})
