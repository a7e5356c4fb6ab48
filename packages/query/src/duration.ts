/** Text that is not a duration; the message is upstream's. */
export class DurationError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'DurationError'
  }
}

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS
const WEEK_MS = 7 * DAY_MS
const YEAR_MS = 365 * DAY_MS

/** Go's time.Duration holds 2^63-1 nanoseconds. */
const MAX_MS = 9_223_372_036_854

const PROMETHEUS = /^(?:(\d+)y)?(?:(\d+)w)?(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?(?:(\d+)ms)?$/
const UNITS_MS = [YEAR_MS, WEEK_MS, DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS, 1]

/**
 * Prometheus's durations: `1h30m`, units y w d h m s ms in this order, each at most once; `0` needs no unit.
 * @returns milliseconds
 * @throws DurationError
 */
export function parseDuration(text: string): number {
  if (text === '0') return 0
  if (text === '') throw new DurationError('empty duration string')
  const match = PROMETHEUS.exec(text)
  if (match === null) throw new DurationError(notADuration(text))
  let totalMs = 0
  for (let unit = 0; unit < UNITS_MS.length; unit++) {
    if (match[unit + 1] !== undefined) totalMs += Number(match[unit + 1]) * UNITS_MS[unit]
    if (totalMs > MAX_MS) throw new DurationError('duration out of range')
  }
  return totalMs
}

/** Upstream names a unit that it does not know, unless something else is wrong before it. */
function notADuration(text: string): string {
  const quoted = JSON.stringify(text)
  const part = /(\d+)(\D+)/y
  let position = 0
  for (let match = part.exec(text); match; match = part.exec(text)) {
    const place = UNIT_ORDER.indexOf(match[2])
    if (place < 0) return `unknown unit ${JSON.stringify(match[2])} in duration ${quoted}`
    if (place < position) break
    position = place + 1
  }
  return `not a valid duration string: ${quoted}`
}

const UNIT_ORDER = ['y', 'w', 'd', 'h', 'm', 's', 'ms']

/** As {@link parseDuration} with an optional minus sign in front. */
export function parseSignedDuration(text: string): number {
  return text.startsWith('-') ? -parseDuration(text.slice(1)) : parseDuration(text)
}

/** The canonical Prometheus text: `90000` is `1m30s`, years and weeks only when they leave no rest. */
export function formatDuration(durationMs: number): string {
  if (durationMs === 0) return '0s'
  let rest = Math.abs(Math.trunc(durationMs))
  let text = durationMs < 0 ? '-' : ''
  const put = (unit: string, unitMs: number, isExact: boolean): void => {
    if (isExact && rest % unitMs !== 0) return
    const count = Math.floor(rest / unitMs)
    if (count === 0) return
    text += `${count}${unit}`
    rest -= count * unitMs
  }
  put('y', YEAR_MS, true)
  put('w', WEEK_MS, true)
  put('d', DAY_MS, false)
  put('h', HOUR_MS, false)
  put('m', MINUTE_MS, false)
  put('s', SECOND_MS, false)
  put('ms', 1, false)
  return text
}

const GO_UNITS_NS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n, // U+00B5
  μs: 1_000n, // U+03BC
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}
const MAX_GO_NS = 9_223_372_036_854_775_807n

/**
 * Go's time.ParseDuration: `1.5h`, `-2m3.5s`, `300ms`.
 * @returns nanoseconds
 * @throws DurationError with Go's text
 */
export function parseGoDuration(text: string): bigint {
  const invalid = (): DurationError => new DurationError(`time: invalid duration ${JSON.stringify(text)}`)
  let rest = text
  const isNegative = rest.startsWith('-')
  if (isNegative || rest.startsWith('+')) rest = rest.slice(1)
  if (rest === '0') return 0n
  if (rest === '') throw invalid()
  let total = 0n
  while (rest !== '') {
    const number = /^(\d*)(?:\.(\d*))?/.exec(rest)
    if (number === null || (number[1] === '' && (number[2] ?? '') === '')) throw invalid()
    rest = rest.slice(number[0].length)
    const unit = /^[^.\d]+/.exec(rest)?.[0]
    if (unit === undefined) throw new DurationError(`time: missing unit in duration ${JSON.stringify(text)}`)
    const unitNs = Object.hasOwn(GO_UNITS_NS, unit) ? GO_UNITS_NS[unit] : undefined
    if (unitNs === undefined) {
      throw new DurationError(`time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`)
    }
    rest = rest.slice(unit.length)
    total += BigInt(number[1] || '0') * unitNs
    const fraction = (number[2] ?? '').slice(0, 18)
    if (fraction !== '') total += (BigInt(fraction) * unitNs) / 10n ** BigInt(fraction.length)
    if (total > MAX_GO_NS) throw invalid()
  }
  return isNegative ? -total : total
}

/** Go's Duration.String: `1h30m0s`, `1.5s`, `100ms`, `0s`. */
export function formatGoDuration(durationNs: bigint): string {
  if (durationNs === 0n) return '0s'
  const sign = durationNs < 0n ? '-' : ''
  const ns = durationNs < 0n ? -durationNs : durationNs
  if (ns < 1_000n) return `${sign}${ns}ns`
  if (ns < 1_000_000n) return `${sign}${decimal(ns, 1_000n)}µs`
  if (ns < 1_000_000_000n) return `${sign}${decimal(ns, 1_000_000n)}ms`
  const seconds = ns / 1_000_000_000n
  const minutes = seconds / 60n
  const text = `${decimal(ns - minutes * 60_000_000_000n, 1_000_000_000n)}s`
  if (minutes === 0n) return sign + text
  if (minutes < 60n) return `${sign}${minutes}m${text}`
  return `${sign}${minutes / 60n}h${minutes % 60n}m${text}`
}

function decimal(value: bigint, unit: bigint): string {
  const fraction = (value % unit)
    .toString()
    .padStart(unit.toString().length - 1, '0')
    .replace(/0+$/, '')
  return fraction === '' ? `${value / unit}` : `${value / unit}.${fraction}`
}
