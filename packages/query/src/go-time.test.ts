import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import { goLayout, namedGoLayout } from './go-layout.ts'
import { GoDuration, GoTime, parseGoTime } from './go-time.ts'

const NS = 1_000_000_000n
/** Thursday, the 64th day of its year. */
const TIME = new GoTime(BigInt(Date.UTC(2026, 2, 5, 15, 4, 9)) * 1_000_000n + 120_300_000n)

test('every part of a layout', () => {
  for (const [layout, text] of [
    ['2006-01-02T15:04:05.999999999Z07:00', '2026-03-05T15:04:09.1203Z'],
    ['Monday, January 2 2006', 'Thursday, March 5 2026'],
    ['Mon Jan _2 15:04:05 MST 2006', 'Thu Mar  5 15:04:09 UTC 2026'],
    ['06/1/2 3:4:5 PM', '26/3/5 3:4:9 PM'],
    ['03.04.05.000 pm', '03.04.09.120 pm'],
    ['05,000000', '09,120300'],
    ['002 __2', '064  64'],
    ['-0700 -07:00 -07 Z0700 Z07', '+0000 +00:00 +00 Z Z'],
    // Words that only begin like a month or a day, and a year behind an underscore.
    ['Janet Money _2006', 'Janet Money _2026'],
    ['no part', 'no part'],
  ] as const)
    assert.equal(TIME.Format(layout), text, layout)
  assert.equal(String(TIME), '2026-03-05 15:04:09.1203 +0000 UTC')
  assert.equal(JSON.stringify(TIME), '"2026-03-05T15:04:09.1203Z"')
  assert.equal(String(GoTime.ZERO), '0001-01-01 00:00:00 +0000 UTC')
})

test('zones', () => {
  const summer = GoTime.ofMs(Date.UTC(2026, 6, 1, 22)).inZone('Europe/Berlin')!
  assert.equal(summer.Format('2006-01-02 15:04 -07:00'), '2026-07-02 00:00 +02:00')
  assert.equal(TIME.inZone('America/New_York')!.toString(), '2026-03-05 10:04:09.1203 -0500 EST')
  assert.equal(TIME.inZone('Asia/Kolkata')!.Format('-07:00:00 -0700 -07'), '+05:30:00 +0530 +05')
  assert.equal(TIME.inZone('Nowhere/Else'), undefined)
  assert.equal(TIME.inZone('UTC')!.toString(), TIME.toString())
  assert.equal(
    parseGoTime('2006-01-02 15:04', '2026-07-01 12:00', 'Europe/Berlin')!.toJSON(),
    '2026-07-01T12:00:00+02:00',
  )
  assert.equal(parseGoTime('2006', '2026', 'Nowhere/Else'), undefined)
})

test('UTC does without the library of zones', () => {
  const script = `
    const { GoTime, parseGoTime } = await import(${JSON.stringify(new URL('./go-time.ts', import.meta.url).href)})
    Intl.DateTimeFormat = class { constructor() { throw new Error('Intl was used') } }
    console.log(parseGoTime('2006-01-02 15:04 MST', '2026-01-02 03:04 UTC').inZone('UTC').Format('Jan 2 MST -07'))
    console.log(parseGoTime('2006', '2026').toString())`
  const text = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
  assert.equal(text, 'Jan 2 UTC +00\n2026-01-01 00:00:00 +0000 UTC\n')
})

test('reads what it writes', () => {
  for (const layout of [
    '2006-01-02T15:04:05.999999999Z07:00',
    '2006-01-02T15:04:05.999999999-07:00',
    'Monday, 02-Jan-2006 03:04:05.000000000 PM Z0700',
    'January _2 2006 3:4:5.000000000pm -07',
    '2006 002 15:04:05.999999999',
    '__2/06 15:04:05.999999999',
  ]) {
    for (const time of [
      TIME,
      TIME.Add(new GoDuration(12n * 3600n * NS)),
      new GoTime(-1n),
      new GoTime(951_825_600n * NS),
    ]) {
      assert.equal(parseGoTime(layout, time.Format(layout))?.toJSON(), time.toJSON(), `${layout} ${time}`)
    }
  }
  const east = parseGoTime('2006-01-02T15:04:05Z07:00', '2026-03-05T15:04:09+05:30')!
  assert.equal(east.toJSON(), '2026-03-05T15:04:09+05:30')
  assert.equal(east.UTC().toJSON(), '2026-03-05T09:34:09Z')
})

test('what a text leaves out, may add and must not be', () => {
  const read = (layout: string, text: string): string | undefined => parseGoTime(layout, text)?.toJSON()
  assert.equal(read('Jan _2 15:04:05', 'Feb  3 04:05:06'), '0000-02-03T04:05:06Z')
  // A fraction behind the seconds needs no place in the layout; one with zeros needs its digits.
  assert.equal(read('15:04:05', '01:02:03,5'), '0000-01-01T01:02:03.5Z')
  assert.equal(read('15:04:05.000', '01:02:03'), undefined)
  assert.equal(read('15:04:05.999', '01:02:03'), '0000-01-01T01:02:03Z')
  assert.equal(read('Jan 2 2006', 'FEB 29 2024'), '2024-02-29T00:00:00Z')
  assert.equal(read('2006-01-02 MST', '2026-01-02 EST'), '2026-01-02T00:00:00Z')
  assert.equal(read('3 PM', '12 AM'), '0000-01-01T00:00:00Z')
  assert.equal(read('2 06', '1 69'), '1969-01-01T00:00:00Z')
  for (const [layout, text] of [
    ['2006-01-02', '2026-02-29'],
    ['2006-01-02', '2026-13-01'],
    ['2006 002', '2026 366'],
    ['15:04', '24:00'],
    ['3:04 PM', '13:00 PM'],
    ['15:04', '12:60'],
    ['3 PM', '3 pm'],
    ['2006', '26'],
    ['Mon', 'Moo'],
    ['2006-01-02', '2026-01-02 '],
    ['(2006)', '2026'],
  ] as const)
    assert.equal(read(layout, text), undefined, `${layout} ${text}`)
})

test('arithmetic and comparison', () => {
  const later = TIME.Add(new GoDuration(90n * NS))
  assert.equal(String(later.Sub(TIME)), '1m30s')
  assert.deepEqual([TIME.Before(later), TIME.After(later), TIME.Equal(TIME.UTC())], [true, false, true])
  assert.deepEqual([new GoTime(-1n).Unix(), new GoTime(-1n).UnixMilli(), new GoTime(-1n).UnixNano()], [-1n, -1n, -1n])
  assert.deepEqual([GoTime.ZERO.IsZero(), TIME.IsZero()], [true, false])
  assert.deepEqual([TIME.Year(), TIME.Month(), TIME.Weekday(), TIME.Hour()], [2026n, 'March', 'Thursday', 15n])
})

test('layouts with names', () => {
  assert.equal(namedGoLayout('RFC3339'), '2006-01-02T15:04:05Z07:00')
  assert.equal(namedGoLayout('toString'), 'toString')
  assert.deepEqual(goLayout('at 15:04').parts, [
    { literal: 'at ', part: '15' },
    { literal: ':', part: '04' },
  ])
})
