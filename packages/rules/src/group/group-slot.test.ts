import assert from 'node:assert/strict'
import { test } from 'node:test'
import { groupOffsetMs, slotBefore } from './group-slot.ts'
import { xxhash64 } from './xxhash64.ts'

test('xxHash64 of the specification', () => {
  assert.equal(xxhash64(Buffer.from('')), 0xef46db3751d8e999n)
  assert.equal(xxhash64(Buffer.from('a')), 0xd24ec4f1a98c6e5bn)
  assert.equal(xxhash64(Buffer.from('abc')), 0x44bc2cf5ad770999n)
  assert.equal(xxhash64(Buffer.from('Nobody inspects the spammish repetition')), 0xfbcea83c8a378bf1n)
})

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
