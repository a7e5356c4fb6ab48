import assert from 'node:assert/strict'
import { test } from 'node:test'
import { column, frame } from '../../datasources/frame.ts'
import { cellsOf, segmentsOf, timelineRows } from './segments.ts'
import { timeTicks } from './ticks.ts'

const range = { fromMs: 0, toMs: 100 }
const same = (_field: unknown, value: unknown): unknown => value
const show = (segments: readonly { fromMs: number; toMs: number; index: number }[]): string =>
  segments.map(({ fromMs, toMs, index }) => `${index}:${fromMs}-${toMs}`).join(' ')

test('equal neighbours are one stretch, the last value holds to the end', () => {
  const field = column('string', 'a', ['up', 'up', 'down', 'up'])
  assert.equal(show(segmentsOf([0, 10, 20, 30], field, { ...range, keyOf: same })), '0:0-20 2:20-30 3:30-100')
  assert.equal(show(segmentsOf([0, 10, 20, 30], field, range)), '0:0-10 1:10-20 2:20-30 3:30-100')
})

test('nulls are gaps unless they are to be bridged', () => {
  const field = column('number', 'a', [1, null, null, 1])
  const times = [0, 10, 20, 30]
  assert.equal(show(segmentsOf(times, field, { ...range, keyOf: same })), '0:0-10 3:30-100')
  assert.equal(show(segmentsOf(times, field, { ...range, keyOf: same, spanNulls: () => true })), '0:0-100')
  assert.equal(show(segmentsOf(times, field, { ...range, keyOf: same, spanNulls: () => 20 })), '0:0-10 3:30-100')
  assert.equal(show(segmentsOf(times, field, { ...range, keyOf: same, spanNulls: () => 21 })), '0:0-100')
})

test('what lies outside of the time is cut off', () => {
  const field = column('number', 'a', [1, 2, 3, 4])
  assert.equal(show(segmentsOf([0, 10, 20, 30], field, { fromMs: 15, toMs: 25 })), '1:15-20 2:20-25')
})

test('cells stand around their samples', () => {
  const field = column('number', 'a', [1, null, 3])
  assert.equal(show(cellsOf([10, 20, 30], field, range)), '0:5-15 2:25-35')
})

test('fields of all frames are rows, hidden ones are not', () => {
  const hidden = column('number', 'b', [1], { config: { custom: { hideFrom: { viz: true } } } })
  const frames = [
    frame({ fields: [column('time', 'Time', [0]), column('number', 'a', [1]), hidden] }),
    frame({ fields: [column('string', 'no time', ['x'])] }),
  ]
  assert.deepEqual(
    timelineRows(frames, range).map(({ field }) => field.name),
    ['a'],
  )
})

test('ticks fall on full steps of the time zone', () => {
  const hour = 3_600_000
  const ticks = timeTicks({ fromMs: 10 * 60_000, toMs: 6 * hour, maximum: 6, offsetMs: 0 })
  assert.deepEqual(
    ticks.timesMs.map((timeMs) => timeMs / hour),
    [1, 2, 3, 4, 5, 6],
  )
  assert.equal(ticks.format, 'HH:mm')
  const half = timeTicks({ fromMs: 0, toMs: 24 * hour, maximum: 8, offsetMs: hour / 2 })
  assert.equal(half.timesMs[0], 2.5 * hour)
  assert.equal(timeTicks({ fromMs: 0, toMs: 60_000, maximum: 6, offsetMs: 0 }).format, 'HH:mm:ss')
  assert.equal(timeTicks({ fromMs: 0, toMs: 24 * hour * 30, maximum: 6, offsetMs: 0 }).format, 'MM/DD')
})
