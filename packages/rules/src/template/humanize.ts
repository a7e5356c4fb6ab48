import { parseGoFloat } from '@quartet/model'
import { GoDuration, GoTime, sprintf, TemplateFunctionError } from '@quartet/query'

/*
 * The humanize functions take numbers and texts alike, and show four significant digits. Source: Prometheus's template/template.go
 * and prometheus/common's helpers/templates.
 */

const LARGE = ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y']
const SMALL = ['m', 'u', 'n', 'p', 'f', 'a', 'z', 'y']
const BINARY = ['ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'Zi', 'Yi']
/** Go's int64 of nanoseconds. */
const MAX_NS = 2 ** 63

/** @throws TemplateFunctionError */
export function toNumber(value: unknown): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof GoDuration) return value.Seconds()
  if (typeof value !== 'string') throw new TemplateFunctionError(`can't convert ${typeOf(value)} to float`)
  const number = parseGoFloat(value)
  if (number !== undefined) return number
  const reason = /^[+-]?[\d.]+(?:e[+-]?\d+)?$/i.test(value) ? 'value out of range' : 'invalid syntax'
  throw new TemplateFunctionError(`strconv.ParseFloat: parsing ${JSON.stringify(value)}: ${reason}`)
}

function typeOf(value: unknown): string {
  if (value === undefined || value === null) return '<nil>'
  return typeof value === 'boolean' ? 'bool' : (value as object).constructor.name
}

export function humanize(given: unknown): string {
  const value = toNumber(given)
  if (value === 0 || !Number.isFinite(value)) return four(value)
  return Math.abs(value) >= 1 ? scaled(value, 1000, LARGE) : shrunk(value)
}

export function humanize1024(given: unknown): string {
  const value = toNumber(given)
  return Math.abs(value) <= 1 || !Number.isFinite(value) ? four(value) : scaled(value, 1024, BINARY)
}

export function humanizeDuration(given: unknown): string {
  const value = toNumber(given)
  if (!Number.isFinite(value)) return four(value)
  if (value === 0) return `${four(value)}s`
  if (Math.abs(value) < 1) return `${shrunk(value)}s`
  const sign = value < 0 ? '-' : ''
  const whole = Math.trunc(Math.abs(value))
  const seconds = whole % 60
  const minutes = Math.trunc(whole / 60) % 60
  const hours = Math.trunc(whole / 3600) % 24
  const days = Math.trunc(whole / 86_400)
  if (days > 0) return `${sign}${days}d ${hours}h ${minutes}m ${seconds}s`
  if (hours > 0) return `${sign}${hours}h ${minutes}m ${seconds}s`
  if (minutes > 0) return `${sign}${minutes}m ${seconds}s`
  return `${sign}${four(Math.abs(value))}s`
}

export function humanizePercentage(given: unknown): string {
  return `${four(toNumber(given) * 100)}%`
}

export function humanizeTimestamp(given: unknown): string {
  const value = toNumber(given)
  return Number.isFinite(value) ? toTime(value).toString() : four(value)
}

/** Unix seconds as a time, to the millisecond. */
export function toTime(given: unknown): GoTime {
  const value = toNumber(given)
  checkRange(value, 'timestamp')
  return GoTime.ofMs(value * 1000)
}

export function toDuration(given: unknown): GoDuration {
  const value = toNumber(given)
  checkRange(value, 'duration')
  return new GoDuration(BigInt(Math.trunc(value * 1e9)))
}

function checkRange(value: number, what: string): void {
  if (!Number.isFinite(value)) throw new TemplateFunctionError('value is NaN or Inf')
  if (Math.abs(value * 1e9) <= MAX_NS && value * 1e9 !== MAX_NS) return
  const text = sprintf('%v', [value])
  throw new TemplateFunctionError(`${text} cannot be represented as a nanoseconds ${what} since it overflows int64`)
}

function scaled(value: number, base: number, prefixes: readonly string[]): string {
  let rest = value
  let prefix = ''
  for (const next of prefixes) {
    if (Math.abs(rest) < base) break
    prefix = next
    rest /= base
  }
  return four(rest) + prefix
}

function shrunk(value: number): string {
  let rest = value
  let prefix = ''
  for (const next of SMALL) {
    if (Math.abs(rest) >= 1) break
    prefix = next
    rest *= 1000
  }
  return four(rest) + prefix
}

function four(value: number): string {
  return sprintf('%.4g', [value])
}
