import { FakeClock } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Kept } from './kept.ts'

test('keeps for a while, and the latest only', async () => {
  const clock = new FakeClock()
  const kept = new Kept<{ id: string }>({ clock, maxCount: 3, maxAgeMs: 1000 })
  const ids = Array.from({ length: 5 }, () => kept.put((id) => ({ id })).id)
  assert.equal(new Set(ids).size, 5)
  assert.deepEqual(
    ids.map((id) => kept.get(id)?.id),
    [undefined, undefined, ...ids.slice(2)],
  )
  await clock.advance(999)
  assert.ok(kept.get(ids[4]))
  await clock.advance(1)
  assert.equal(kept.get(ids[4]), undefined)
  assert.equal(kept.get('unknown'), undefined)
})
