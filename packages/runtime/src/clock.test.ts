import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { systemClock } from './clock.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

test('timers of months wait for months', () => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval'] })
  try {
    let ended = 0
    let rounds = 0
    systemClock.after(60 * DAY_MS, () => ended++)
    const every = systemClock.every(30 * DAY_MS, () => rounds++)
    const cancelled = systemClock.after(40 * DAY_MS, () => assert.fail('it was cancelled'))
    for (let day = 1; day <= 61; day++) {
      for (let hour = 0; hour < 24; hour++) mock.timers.tick(HOUR_MS)
      if (day === 26) cancelled.cancel()
      if (day === 59) assert.equal(ended, 0)
    }
    assert.deepEqual({ ended, rounds }, { ended: 1, rounds: 2 })
    every.cancel()
    mock.timers.tick(60 * DAY_MS)
    assert.equal(rounds, 2)
  } finally {
    mock.timers.reset()
  }
})
