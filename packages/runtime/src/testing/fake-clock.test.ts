import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from './fake-clock.ts'

test('runs timers in order of time, with the time they were set for', async () => {
  const clock = new FakeClock({ nowMs: 1000 })
  const seen: [string, number][] = []
  clock.after(30, () => seen.push(['late', clock.nowMs()]))
  clock.after(10, () => seen.push(['early', clock.nowMs()]))
  const every = clock.every(20, () => seen.push(['every', clock.nowMs()]))
  clock.after(5, () => assert.fail('cancelled')).cancel()
  await clock.advance(45)
  assert.deepEqual(seen, [
    ['early', 1010],
    ['every', 1020],
    ['late', 1030],
    ['every', 1040],
  ])
  assert.equal(clock.nowMs(), 1045)
  every.cancel()
  assert.equal(clock.pendingCount, 0)
})

test('sleep resolves when its time has come and lets the sleeper go on before the next timer', async () => {
  const clock = new FakeClock()
  const steps: string[] = []
  const loop = (async () => {
    for (let turn = 0; turn < 3; turn++) {
      await clock.sleep(10)
      steps.push(`turn ${turn}`)
    }
  })()
  clock.after(25, () => steps.push('25'))
  await clock.advance(30)
  await loop
  assert.deepEqual(steps, ['turn 0', 'turn 1', '25', 'turn 2'])
})

test('sleep rejects with the reason of its signal', async () => {
  const clock = new FakeClock()
  const controller = new AbortController()
  const sleeping = clock.sleep(1000, controller.signal)
  controller.abort(new Error('stopped'))
  await assert.rejects(sleeping, /stopped/)
  assert.equal(clock.pendingCount, 0)
})
