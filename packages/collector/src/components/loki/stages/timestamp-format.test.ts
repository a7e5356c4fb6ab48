import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isUsableLayout, parseTime } from './timestamp-format.ts'

test("reads Go's layouts, their names and Unix times", () => {
  for (const [layout, text, iso] of [
    ['RFC3339Nano', '2026-01-02T03:04:05.123456789Z', '2026-01-02T03:04:05.123456789Z'],
    ['02/Jan/2006:15:04:05 -0700', '25/Jan/2000:14:00:01 -0500', '2000-01-25T19:00:01.000000000Z'],
    ['Jan _2 15:04:05', 'Feb  3 04:05:06', '0000-02-03T04:05:06.000000000Z'],
    ['2006-01-02 15:04:05,000', '2026-12-31 23:59:59,250', '2026-12-31T23:59:59.250000000Z'],
    ['January 2, 2006 3:04 PM', 'May 7, 2026 12:30 AM', '2026-05-07T00:30:00.000000000Z'],
    ['RFC1123', 'Mon, 05 Jan 2026 01:02:03 GMT', '2026-01-05T01:02:03.000000000Z'],
    ['Unix', '1562708916.5', '2019-07-09T21:48:36.500000000Z'],
    ['UnixMs', '1562708916414', '2019-07-09T21:48:36.414000000Z'],
  ] as const) {
    assert.equal(parseTime(layout, text), parseTime('RFC3339Nano', iso), `${layout} ${text}`)
    const ns = parseTime(layout, text)!
    const ms = Number((ns - (((ns % 1_000_000n) + 1_000_000n) % 1_000_000n)) / 1_000_000n)
    assert.equal(new Date(ms).toISOString(), `${iso.slice(0, 23)}Z`, `${layout} ${text}`)
  }
})

test('what does not fit has no time', () => {
  for (const [layout, text] of [
    ['RFC3339', '2026-02-30T00:00:00Z'],
    ['RFC3339', '2026-01-01T24:00:00Z'],
    ['RFC3339', 'soon'],
    ['2006', '26'],
    ['Unix', 'x'],
    ['UnixNs', '1.5'],
  ] as const)
    assert.equal(parseTime(layout, text), undefined, `${layout} ${text}`)
})

test('a layout without a part of a time, or with one twice, is none', () => {
  assert.equal(isUsableLayout('yyyy-mm-dd'), false)
  assert.equal(isUsableLayout('2006 2006'), false)
  assert.equal(isUsableLayout('UnixUs'), true)
})
