import assert from 'node:assert/strict'
import { test } from 'node:test'
import { groupOffsetMs, slotBefore } from './group-slot.ts'

test('a group has its place in the interval, the same after every start', () => {
  const offset = groupOffsetMs('/a.yml', 'g', 60_000)
  assert.ok(offset >= 0 && offset < 60_000)
  assert.equal(groupOffsetMs('/a.yml', 'g', 60_000), offset)
  assert.notEqual(groupOffsetMs('/a.yml', 'h', 60_000), offset)
  assert.notEqual(groupOffsetMs('/a.yml', 'x'.repeat(300), 60_000), offset)
})

test('the slot before a time is never after it', () => {
  assert.equal(slotBefore(120_000, 60_000, 0), 120_000)
  assert.equal(slotBefore(119_999, 60_000, 0), 60_000)
  assert.equal(slotBefore(125_000, 60_000, 10_000), 70_000)
  assert.equal(slotBefore(5_000, 60_000, 10_000), -50_000)
})
