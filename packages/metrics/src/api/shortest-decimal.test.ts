import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@quartet/storage/testing'
import { writeShortest } from './shortest-decimal.ts'

const buffer = Buffer.alloc(64)

function written(value: number): string | undefined {
  const end = writeShortest(value, buffer, 3)
  return end < 0 ? undefined : buffer.toString('latin1', 3, end)
}

test('writes what String writes, or leaves it to String', () => {
  const seed = Number(process.env['QUARTET_SEED'] ?? 1)
  const random = seededRandom(seed)
  const unit = (): number => random.below(2 ** 31) / 2 ** 31
  const kinds: readonly (() => number)[] = [
    () => unit() * 10 ** (random.below(21) - 5),
    () => random.below(1e6) / (1 + random.below(1e5)),
    () => random.below(1e9) / 10 ** random.below(9),
    () => random.below(1000) * 0.1,
    () => 2 ** (random.below(66) - 16) * (1 + (random.below(5) - 2) * Number.EPSILON),
    () => 10 ** (random.below(20) - 5) * (1 + (random.below(9) - 4) * Number.EPSILON),
    () => (unit() + unit() / 2 ** 31) * 10 ** random.below(5),
  ]
  let taken = 0
  const count = 300_000
  for (let index = 0; index < count; index++) {
    const value = kinds[index % kinds.length]()
    const text = written(value)
    if (text === undefined) continue
    taken++
    if (text !== String(value)) assert.fail(`seed ${seed}: ${value} was written as ${text}`)
  }
  assert.ok(taken > count * 0.8, `only ${taken} of ${count} were taken`)
})

test('leaves what is out of its bounds', () => {
  for (const value of [0, -1, NaN, Infinity, 1e-7, 1e15, 1e300, 5e-324]) assert.equal(written(value), undefined)
})
