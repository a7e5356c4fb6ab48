import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scanOtlp } from '@quartet/model'
import { spanNames, spans } from '../../../test/support/otlp.ts'
import { splitOtlp } from './split.ts'

test('cuts into parts of at most the size, keeps the order and repeats the resource', () => {
  const names = Array.from({ length: 10 }, (_, index) => `span-${index}`)
  const merged = Buffer.concat([spans(...names.slice(0, 4)).bytes, spans(...names.slice(4)).bytes])
  const parts = splitOtlp('traces', merged, 3)
  assert.deepEqual(
    parts.map(({ items }) => items),
    [3, 3, 3, 1],
  )
  assert.deepEqual(
    parts.flatMap(({ bytes }) => spanNames(bytes)),
    names,
  )
  for (const { bytes, items } of parts) {
    assert.equal(scanOtlp('traces', bytes).items, items)
    assert.ok(Buffer.from(bytes).includes('service.name'))
  }
})

test('a request that fits comes back whole', () => {
  const batch = spans('span-1', 'span-2')
  const parts = splitOtlp('traces', batch.bytes, 2)
  assert.deepEqual(
    parts.map(({ bytes }) => Buffer.from(bytes)),
    [Buffer.from(batch.bytes)],
  )
})
