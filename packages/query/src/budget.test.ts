import assert from 'node:assert/strict'
import { test } from 'node:test'
import { QueryBudget } from './budget.ts'

function budgetAt(clock: { nowMs: number }, options: { maxSamples?: number; signal?: AbortSignal } = {}): QueryBudget {
  return new QueryBudget({
    maxSamples: options.maxSamples ?? 10,
    deadlineMs: 1000,
    nowMs: () => clock.nowMs,
    signal: options.signal ?? new AbortController().signal,
  })
}

test('counts the samples that are held at one time', () => {
  const budget = budgetAt({ nowMs: 0 })
  budget.addSamples(10)
  budget.removeSamples(5)
  budget.addSamples(5)
  assert.equal(budget.peakSamples, 10)
  assert.equal(budget.totalSamples, 15)
  assert.throws(() => budget.addSamples(1), {
    limit: 'samples',
    message: 'query processing would load too many samples into memory in query execution',
  })
})

test('yields only after its slice of time', async () => {
  const clock = { nowMs: 0 }
  const budget = budgetAt(clock)
  assert.equal(budget.checkpoint(), undefined)
  clock.nowMs = 10
  let isOtherServed = false
  setImmediate(() => (isOtherServed = true))
  await budget.checkpoint()
  assert.ok(isOtherServed)
  assert.equal(budget.checkpoint(), undefined)
})

test('ends with its deadline and with its client', async () => {
  const clock = { nowMs: 0 }
  const late = budgetAt(clock)
  clock.nowMs = 1000
  assert.throws(() => late.checkpoint(), { limit: 'timeout', message: 'query timed out in query execution' })
  const controller = new AbortController()
  const abandoned = budgetAt({ nowMs: 0 }, { signal: controller.signal })
  assert.equal(abandoned.checkpoint(), undefined)
  controller.abort()
  assert.throws(() => abandoned.checkpoint(), { limit: 'canceled' })
})
