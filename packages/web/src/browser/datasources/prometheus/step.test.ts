import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stepOf } from './step.ts'

const hourMs = 3_600_000
const base = { startMs: 0, endMs: hourMs, intervalMs: 5_000, minimumMs: 15_000, scrapeIntervalMs: 15_000 }

test('the step is at least what the target asks for', () => {
  assert.equal(stepOf(base).stepMs, 15_000)
  assert.equal(stepOf({ ...base, intervalMs: 60_000 }).stepMs, 60_000)
})

test('a long range never asks for more than 11000 points', () => {
  const step = stepOf({ ...base, endMs: 365 * 24 * hourMs, intervalMs: 1, minimumMs: 0 })
  assert.ok((365 * 24 * hourMs) / step.stepMs <= 11_000)
})

test('the rate interval covers four scrapes, and more when the step is wide', () => {
  assert.equal(stepOf(base).rateIntervalMs, 60_000)
  assert.equal(stepOf({ ...base, intervalMs: 120_000 }).rateIntervalMs, 135_000)
})

test('start and end are multiples of the step', () => {
  const step = stepOf({ ...base, startMs: 1_234_567, endMs: 1_234_567 + hourMs })
  assert.equal(step.startMs % step.stepMs, 0)
  assert.equal(step.endMs % step.stepMs, 0)
})
