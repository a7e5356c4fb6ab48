import assert from 'node:assert/strict'
import { test } from 'node:test'
import { selectExpired } from './retention.ts'

const blocks = [
  { id: 'a', sizeBytes: 10, meta: { maxMs: 100 } },
  { id: 'c', sizeBytes: 30, meta: { maxMs: 300 } },
  { id: 'b', sizeBytes: 20, meta: { maxMs: 200 } },
]

test('keeps everything without limits', () => {
  assert.deepEqual(selectExpired(blocks, { nowMs: 1e9 }), [])
  assert.deepEqual(selectExpired(blocks, { nowMs: 1e9, maxAgeMs: 0, maxBytes: 0 }), [])
})

test('expires blocks whose newest data is too old', () => {
  assert.deepEqual(selectExpired(blocks, { nowMs: 1000, maxAgeMs: 800 }), ['a'])
  assert.deepEqual(selectExpired(blocks, { nowMs: 1000, maxAgeMs: 799 }), ['a', 'b'])
})

test('expires the oldest blocks over the size, counting other bytes', () => {
  assert.deepEqual(selectExpired(blocks, { nowMs: 0, maxBytes: 60 }), [])
  assert.deepEqual(selectExpired(blocks, { nowMs: 0, maxBytes: 59 }), ['a'])
  assert.deepEqual(selectExpired(blocks, { nowMs: 0, maxBytes: 60, otherBytes: 11 }), ['a', 'b'])
})
