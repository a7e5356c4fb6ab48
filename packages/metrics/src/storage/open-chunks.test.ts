import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bitsOf } from '@quartet/model'
import { seededRandom } from '@quartet/storage/testing'
import { OPEN_SAMPLES, OpenChunks } from './open-chunks.ts'

const SEED = Number(process.env.QUARTET_SEED ?? 1)
const SERIES = 700

interface Model {
  times: number[]
  values: number[]
}

function assertSame(chunks: OpenChunks, series: number, model: Model, label: string): void {
  const times = new Float64Array(OPEN_SAMPLES + 2)
  const values = new Float64Array(OPEN_SAMPLES + 2)
  assert.equal(chunks.read(series, times, bitsOf(values), 2), model.times.length, label)
  assert.deepEqual([...times.subarray(2, 2 + model.times.length)], model.times, label)
  assert.deepEqual([...values.subarray(2, 2 + model.times.length)], model.values, label)
  assert.equal(chunks.count(series), model.times.length, label)
  if (model.times.length === 0) return
  assert.equal(chunks.baseMs(series), model.times[0], label)
  const last = bitsOf(Float64Array.of(model.values.at(-1)!))
  assert.ok(chunks.endsWith(series, last[0], last[1]), label)
  assert.ok(!chunks.endsWith(series, last[0] ^ 1, last[1]), label)
}

for (const [name, jitter, gaps] of [
  ['scraped together', 0, 0],
  ['mostly together, with gaps and dead ones', 0.01, 0.02],
  ['each when it likes', 1, 0.3],
] as const) {
  test(`samples come back as they went in: ${name}`, () => {
    const random = seededRandom(SEED)
    const chunks = new OpenChunks()
    const models: Model[] = []
    const value = new Float64Array(1)
    const bits = bitsOf(value)
    for (let round = 0; round < 200; round++) {
      // Some come later, as new series do.
      while (models.length < Math.min(SERIES, 100 + 40 * round)) models.push({ times: [], values: [] })
      chunks.reserve(models.length)
      for (const [series, model] of models.entries()) {
        if (gaps > 0 && (random.next() < gaps || (series % 50 === 0 && round > 90))) continue
        const timeMs = 1e12 + round * 15_000 + (random.next() < jitter ? random.below(9000) : 0)
        if (chunks.isFull(series, timeMs) || (gaps > 0 && random.next() < 0.002)) {
          assertSame(chunks, series, model, `seed ${SEED}, round ${round}, series ${series}`)
          chunks.clear(series)
          model.times = []
          model.values = []
        }
        value[0] = random.next()
        chunks.append(series, timeMs, bits[0], bits[1])
        model.times.push(timeMs)
        model.values.push(value[0])
      }
    }
    for (const [series, model] of models.entries()) assertSame(chunks, series, model, `seed ${SEED}, series ${series}`)
  })
}

test('a sample too far behind the first begins a new chunk', () => {
  const chunks = new OpenChunks()
  chunks.reserve(1)
  chunks.append(0, 1000, 0, 0)
  assert.ok(!chunks.isFull(0, 1000 + 0xffffffff))
  assert.ok(chunks.isFull(0, 1001 + 0xffffffff))
  chunks.clear(0)
  assert.ok(!chunks.isFull(0, 1001 + 0xffffffff))
})
