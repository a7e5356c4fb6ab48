import assert from 'node:assert/strict'
import { test } from 'node:test'
import { classicToNative } from './classic-histogram.ts'

test('cumulative counts become those of each bucket, empty ones are left out', () => {
  const native = classicToNative({
    buckets: new Map([
      [Infinity, 9],
      [1, 2],
      [5, 2],
      [10, 6],
    ]),
    count: 9,
    sum: 42,
  })
  assert.ok(typeof native !== 'string')
  assert.deepEqual([...native.customBounds!], [1, 5, 10])
  assert.deepEqual(
    [[...native.positive.indices], [...native.positive.counts]],
    [
      [0, 2, 3],
      [2, 4, 3],
    ],
  )
  assert.deepEqual([native.count, native.sum, native.isFloat], [9, 42, false])
})

test('without _count and +Inf the last bucket tells the count', () => {
  const native = classicToNative({ buckets: new Map([[1, 2.5]]), count: undefined, sum: 0 })
  assert.ok(typeof native !== 'string')
  assert.deepEqual([native.count, native.isFloat], [2.5, true])
})

test('counts that contradict each other are told', () => {
  assert.match(
    String(
      classicToNative({
        buckets: new Map([
          [1, 3],
          [2, 2],
        ]),
        count: 3,
        sum: 0,
      }),
    ),
    /at 2 holds less/,
  )
  assert.match(String(classicToNative({ buckets: new Map([[1, 3]]), count: 2, sum: 0 })), /at \+Inf holds less/)
  assert.match(String(classicToNative({ buckets: new Map([[Infinity, 3]]), count: 4, sum: 0 })), /count 4 is not/)
})
