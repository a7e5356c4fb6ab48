import assert from 'node:assert/strict'
import { test } from 'node:test'
import { timeTicks, valueTicks } from './chart-axes.ts'

test('values have round ticks around all of them, told apart', () => {
  const texts = (low: number, high: number): string[] => valueTicks(low, high, 6).map(({ text }) => text)
  assert.deepEqual(texts(0, 1), ['0', '0.2', '0.4', '0.6', '0.8', '1.0'])
  assert.deepEqual(texts(1300, 5200), ['1k', '2k', '3k', '4k', '5k', '6k'])
  assert.deepEqual(texts(-3, 3), ['-3', '-2', '-1', '0', '1', '2', '3'])
  for (const [low, high] of [
    [5, 5],
    [0, 0],
    [-1e9, 1e18],
    [1e-9, 2e-9],
    [123456.1, 123456.2],
    [1, 1 + Number.EPSILON],
    [1e16, 1e16 + 1e9],
    [0, Number.MIN_VALUE],
    [-1e300, 1e300],
  ] as const) {
    const ticks = valueTicks(low, high, 6)
    assert.ok(ticks.length >= 3 && ticks.length <= 9, `${low} ${high}: ${ticks.length}`)
    assert.ok(ticks[0].at <= low && ticks.at(-1)!.at >= high, `${low} ${high}`)
    assert.equal(new Set(ticks.map(({ text }) => text)).size, ticks.length, ticks.map(({ text }) => text).join(' '))
  }
})

test('times have round ticks of UTC', () => {
  const texts = (from: string, to: string): string[] =>
    timeTicks(Date.parse(from), Date.parse(to), 6).map(({ text }) => text)
  assert.deepEqual(texts('2026-01-01T10:07:00Z', '2026-01-01T11:07:00Z'), [
    '10:10',
    '10:20',
    '10:30',
    '10:40',
    '10:50',
    '11:00',
  ])
  assert.deepEqual(texts('2026-01-01T20:00:00Z', '2026-01-02T08:00:00Z'), [
    '20:00',
    '22:00',
    '01-02',
    '02:00',
    '04:00',
    '06:00',
    '08:00',
  ])
  assert.deepEqual(texts('2026-01-01T00:00:30Z', '2026-01-01T00:00:40Z'), [
    '00:00:30',
    '00:00:32',
    '00:00:34',
    '00:00:36',
    '00:00:38',
    '00:00:40',
  ])
})
