import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bitsOf, writeStale } from '@quartet/model'
import { seededRandom } from '@quartet/storage/testing'
import { COLUMN_SLACK, decodeColumn, encodeColumn } from './column-codec.ts'

function roundTrip(values: Float64Array): number {
  const encoded = encodeColumn(values, bitsOf(values), 0, values.length)
  const copy = new Uint8Array(3 + encoded.length + COLUMN_SLACK)
  copy.set(encoded, 3)
  const decoded = new Float64Array(values.length + 2)
  decodeColumn(new DataView(copy.buffer), 3, values.length, decoded, bitsOf(decoded), 1)
  assert.deepEqual(
    Buffer.from(decoded.buffer, 8, 8 * values.length).toString('hex'),
    Buffer.from(values.buffer).toString('hex'),
    `of ${values.length}: ${values.slice(0, 8).join()}`,
  )
  return encoded.length
}

test('gives back every bit of what it encodes', () => {
  const makers: ((random: ReturnType<typeof seededRandom>, index: number, before: number) => number)[] = [
    (_, index) => index * 15_000 + 1_700_000_000_000,
    (random, _, before) => before + random.below(1000),
    (random) => random.below(100) / 10,
    (random) => random.next(),
    (random) => random.below(1 << 30) * 4096,
    (random) => (random.next() - 0.5) * 2 ** random.below(60),
    (random) => Math.round((random.next() - 0.5) * 2 ** 53),
    (random) => [0, -0, NaN, Infinity, -Infinity, 5e-324, Number.MAX_VALUE, 0.1, 1e22, -7][random.below(10)],
    (random) => [0, -0][random.below(2)],
    (random) => random.below(1e6) / 1e6,
  ]
  for (let seed = 1; seed <= 2000; seed++) {
    const random = seededRandom(seed)
    const values = new Float64Array(1 + random.below(seed % 10 === 0 ? 512 : 70))
    const make = makers[seed % makers.length]
    for (let index = 0; index < values.length; index++) values[index] = make(random, index, values[index - 1] ?? 0)
    if (random.below(4) === 0) writeStale(bitsOf(values), random.below(values.length))
    try {
      roundTrip(values)
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error })
    }
  }
})

test('needs few bytes for regular columns', () => {
  assert.equal(roundTrip(new Float64Array(120).fill(3.25)), 9)
  assert.equal(roundTrip(Float64Array.from({ length: 120 }, (_, index) => 1.7e12 + index * 15_000)), 19)
  assert.ok(roundTrip(Float64Array.from({ length: 120 }, (_, index) => 1000 + ((index * 7) % 16))) < 120)
})
