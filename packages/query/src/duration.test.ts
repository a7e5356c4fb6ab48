import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DurationError, formatDuration, formatGoDuration, parseDuration, parseGoDuration } from './duration.ts'

test('reads and writes Prometheus durations', () => {
  const cases: [string, number, string][] = [
    ['0', 0, '0s'],
    ['324ms', 324, '324ms'],
    ['1m30s', 90_000, '1m30s'],
    ['4d1h', 349_200_000, '4d1h'],
    ['14d', 1_209_600_000, '2w'],
    ['3w2d1h', 1_990_800_000, '23d1h'],
    ['10y', 315_360_000_000, '10y'],
    ['90s', 90_000, '1m30s'],
  ]
  for (const [text, ms, canonical] of cases) {
    assert.equal(parseDuration(text), ms, text)
    assert.equal(formatDuration(ms), canonical, text)
  }
  assert.equal(formatDuration(-420_000), '-7m')
})

test('refuses what Prometheus refuses', () => {
  for (const text of ['1', '1y1m1d', '1.5d', 'd', '', '294y', '107675d', '5m1m', '-1s']) {
    assert.throws(() => parseDuration(text), DurationError, text)
  }
  assert.throws(() => parseDuration('5m1m'), { message: 'not a valid duration string: "5m1m"' })
})

test('reads and writes Go durations', () => {
  const cases: [string, bigint, string][] = [
    ['1.5h', 5_400_000_000_000n, '1h30m0s'],
    ['300ms', 300_000_000n, '300ms'],
    ['-2m3.5s', -123_500_000_000n, '-2m3.5s'],
    ['1us', 1_000n, '1µs'],
    ['1h', 3_600_000_000_000n, '1h0m0s'],
    ['0', 0n, '0s'],
    ['.5s', 500_000_000n, '500ms'],
  ]
  for (const [text, ns, canonical] of cases) {
    assert.equal(parseGoDuration(text), ns, text)
    assert.equal(formatGoDuration(ns), canonical, text)
  }
  assert.throws(() => parseGoDuration('1'), { message: 'time: missing unit in duration "1"' })
  assert.throws(() => parseGoDuration('1d'), { message: 'time: unknown unit "d" in duration "1d"' })
  assert.throws(() => parseGoDuration('x'), { message: 'time: invalid duration "x"' })
})
