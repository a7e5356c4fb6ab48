import { FakeClock } from '@quartet/runtime/testing'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settleWhenIdle } from './settle.ts'

const MB = 1 << 20

function fixture(): { clock: FakeClock; load: { busy: number; heap: number }; compactions: () => number } {
  const clock = new FakeClock()
  const load = { busy: 0, heap: 40 * MB }
  let count = 0
  const compact = (): void => {
    count++
    load.heap = 30 * MB
  }
  settleWhenIdle(clock, { utilization: () => load.busy, heapBytes: () => load.heap }, compact)
  return { clock, load, compactions: () => count }
}

test('compacts once after the start and then leaves an idle thread alone', async () => {
  const { clock, compactions } = fixture()
  await clock.advance(3000)
  assert.equal(compactions(), 1)
  await clock.advance(600_000)
  assert.equal(compactions(), 1)
})

test('compacts again after a burst, once the thread is idle', async () => {
  const { clock, load, compactions } = fixture()
  await clock.advance(3000)
  Object.assign(load, { busy: 0.8, heap: 90 * MB })
  await clock.advance(120_000)
  assert.equal(compactions(), 1)
  load.busy = 0.01
  await clock.advance(60_000)
  assert.equal(compactions(), 2)
})
