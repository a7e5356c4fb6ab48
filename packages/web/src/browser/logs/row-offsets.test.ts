import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rowOffsets, rowsInView } from './row-offsets.ts'

test('offsets add up', () => {
  assert.deepEqual([...rowOffsets([10, 20, 5])], [0, 10, 30, 35])
})

test('only overlapping rows are in view', () => {
  const offsets = rowOffsets(Array.from({ length: 100 }, () => 10))
  assert.deepEqual(rowsInView(offsets, { top: 205, height: 30, overscan: 0 }), { first: 20, end: 24 })
  assert.deepEqual(rowsInView(offsets, { top: 0, height: 20, overscan: 5 }), { first: 0, end: 8 })
  assert.deepEqual(rowsInView(offsets, { top: 990, height: 100, overscan: 5 }), { first: 94, end: 100 })
})

test('no rows, nothing in view', () => {
  assert.deepEqual(rowsInView(rowOffsets([]), { top: 0, height: 100, overscan: 5 }), { first: 0, end: 0 })
})
