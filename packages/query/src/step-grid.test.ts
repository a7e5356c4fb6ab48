import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createStepGrid, instantGrid, parseTime, TimeError } from './step-grid.ts'

test('counts the steps up to and including the end', () => {
  assert.equal(createStepGrid({ startMs: 0, endMs: 60_000, stepMs: 15_000 }).count, 5)
  assert.equal(createStepGrid({ startMs: 0, endMs: 59_999, stepMs: 15_000 }).count, 4)
  assert.equal(createStepGrid({ startMs: 1, endMs: 0, stepMs: 15_000 }).count, 0)
  assert.equal(instantGrid(5).count, 1)
})

test('reads seconds and RFC 3339', () => {
  const cases: [string, number][] = [
    ['123', 123_000],
    ['123.123', 123_123],
    ['1543578564.705', 1_543_578_564_705],
    ['-1.5', -1500],
    ['1e3', 1_000_000],
    ['2015-06-03T13:21:58.555Z', 1_433_337_718_555],
    ['2015-06-03T14:21:58.555+01:00', 1_433_337_718_555],
    ['1970-01-01T00:02:03Z', 123_000],
  ]
  for (const [text, ms] of cases) assert.equal(parseTime(text), ms, text)
})

test('refuses everything else', () => {
  for (const text of ['', 'abc', '30s', '2015-02-30T00:00:00Z', '2015-06-03', 'NaN', 'Inf', '1e400']) {
    assert.throws(() => parseTime(text), TimeError, text)
  }
  assert.throws(() => parseTime('abc'), { message: 'cannot parse "abc" to a valid timestamp' })
})
