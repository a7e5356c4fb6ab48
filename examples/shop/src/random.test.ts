import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Random } from './random.ts'

const draw = (random: Random): number[] => Array.from({ length: 5 }, () => random.next())

test('the same seed and purpose give the same numbers, another purpose gives others', () => {
  assert.deepEqual(draw(new Random(7, 'orders')), draw(new Random(7, 'orders')))
  assert.notDeepEqual(draw(new Random(7, 'orders')), draw(new Random(7, 'payments')))
})

test('latencies lie around the median', () => {
  const random = new Random(1, 'latency')
  const values = Array.from({ length: 2001 }, () => random.latencyMs(20)).toSorted((a, b) => a - b)
  assert.ok(values[1000] > 17 && values[1000] < 23, `median ${values[1000]}`)
  assert.ok(values[0] > 0 && values[2000] > 50, 'has a tail')
})

test('chance is about as likely as asked', () => {
  const random = new Random(3, 'chance')
  const hits = Array.from({ length: 10_000 }, () => random.chance(0.05)).filter(Boolean).length
  assert.ok(hits > 400 && hits < 600, `${hits} of 10000`)
})
