import { HttpError } from '@quartet/runtime'

const UNITS_MS: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
}

/**
 * Epoch milliseconds of a time as `/api/ds/query` takes it: epoch milliseconds as text, RFC 3339, or `now`, `now-1h`, `now-1d/d`.
 * @throws HttpError 400
 */
export function parseTimeText(text: unknown, nowMs: number, isEnd: boolean): number {
  const value = String(text ?? '')
  if (/^\d+$/.test(value)) return Number(value)
  const relative = /^now(?:([+-])(\d+)([smhdwMy]))?(?:\/([smhdwMy]))?$/.exec(value)
  if (relative) {
    const [, sign, amount, unit, rounding] = relative
    let ms = nowMs
    if (unit !== undefined) ms = shift(ms, (sign === '-' ? -1 : 1) * Number(amount), unit)
    return rounding === undefined ? ms : round(ms, rounding, isEnd)
  }
  const parsed = value.includes('T') ? Date.parse(value) : Number.NaN
  if (Number.isNaN(parsed)) throw new HttpError(400, `cannot parse "${value}" as a time`)
  return parsed
}

function shift(ms: number, amount: number, unit: string): number {
  if (UNITS_MS[unit] !== undefined) return ms + amount * UNITS_MS[unit]
  const date = new Date(ms)
  if (unit === 'M') date.setUTCMonth(date.getUTCMonth() + amount)
  else date.setUTCFullYear(date.getUTCFullYear() + amount)
  return date.getTime()
}

/** To the start of the unit in UTC, or to its last millisecond. Weeks begin on Monday. */
function round(ms: number, unit: string, isEnd: boolean): number {
  const date = new Date(ms)
  let start: number
  if (unit === 'y') start = Date.UTC(date.getUTCFullYear(), 0)
  else if (unit === 'M') start = Date.UTC(date.getUTCFullYear(), date.getUTCMonth())
  else if (unit === 'w') {
    const weekday = (date.getUTCDay() + 6) % 7
    start = Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() - weekday)
  } else start = Math.floor(ms / UNITS_MS[unit]) * UNITS_MS[unit]
  return isEnd ? shift(start, 1, unit) - 1 : start
}
