import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashLabels } from './labels-hash.ts'
import { xxhash64 } from './xxhash64.ts'

test('xxHash64 of the specification', () => {
  assert.equal(xxhash64(Buffer.from('')), 0xef46db3751d8e999n)
  assert.equal(xxhash64(Buffer.from('a')), 0xd24ec4f1a98c6e5bn)
  assert.equal(xxhash64(Buffer.from('abc')), 0x44bc2cf5ad770999n)
  assert.equal(xxhash64(Buffer.from('Nobody inspects the spammish repetition')), 0xfbcea83c8a378bf1n)
})

test('labels are packed as sizes and strings, long ones with three bytes of size', () => {
  assert.equal(hashLabels([['ab', 'c']]), xxhash64(Buffer.from('\x02ab\x01c')))
  const long = 'x'.repeat(300)
  assert.equal(hashLabels([['a', long]]), xxhash64(Buffer.concat([Buffer.of(1, 97, 255, 44, 1, 0), Buffer.from(long)])))
})
