import { parseGoDuration, DurationError } from '@quartet/query'
import { HttpError } from '@quartet/runtime'
import { parseDurationNs, UnitError } from '../config/units.ts'

const NANOS = 1_000_000_000n
const DEFAULT_LIMIT = 100
const DEFAULT_SINCE_NS = 3600n * NANOS
const MAX_POINTS = 11_000n

/** Upstream's forms of a time: RFC 3339, Unix seconds with a fraction, Unix nanoseconds. @throws HttpError 400 */
export function parseTimeNs(text: string, fallbackNs: bigint): bigint {
  if (text === '') return fallbackNs
  if (/^-?[0-9]+$/.test(text)) return text.length <= 10 ? BigInt(text) * NANOS : BigInt(text)
  const float = /^(-?[0-9]+)\.([0-9]+)$/.exec(text)
  if (float) return BigInt(float[1]) * NANOS + BigInt(float[2].padEnd(9, '0').slice(0, 9))
  const match =
    /^([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]+))?(Z|[-+][0-9]{2}:[0-9]{2})$/.exec(text)
  const ms = match ? Date.parse(match[1] + match[3]) : Number.NaN
  if (!match || Number.isNaN(ms)) {
    throw new HttpError(
      400,
      `could not parse ${JSON.stringify(text)} as a timestamp: it is neither RFC3339 nor a Unix time`,
    )
  }
  return BigInt(ms) * 1_000_000n + BigInt((match[2] ?? '').padEnd(9, '0').slice(0, 9))
}

/** `start`, `end` and `since` as upstream combines them; end defaults to now, start to an hour before it. @throws HttpError 400 */
export function parseBounds(values: URLSearchParams, nowNs: bigint): { startNs: bigint; endNs: bigint } {
  const endNs = named(values, 'end', (text) => parseTimeNs(text, nowNs))
  const since = values.get('since') ?? ''
  const sinceNs = since === '' ? DEFAULT_SINCE_NS : named(values, 'since', durationNs)
  const reference = endNs > nowNs ? nowNs : endNs
  const startNs = named(values, 'start', (text) => parseTimeNs(text, reference - sinceNs))
  return { startNs, endNs }
}

function named<T>(values: URLSearchParams, name: string, parse: (text: string) => T): T {
  try {
    return parse(values.get(name) ?? '')
  } catch (error) {
    if (error instanceof HttpError) throw new HttpError(400, `could not parse '${name}' parameter: ${error.message}`)
    if (error instanceof DurationError || error instanceof UnitError)
      throw new HttpError(400, `could not parse '${name}' parameter: ${error.message}`)
    throw error
  }
}

function durationNs(text: string): bigint {
  return /[dwy]/.test(text) ? BigInt(Math.trunc(parseDurationNs(text))) : parseGoDuration(text)
}

export interface RangeParameters {
  readonly query: string
  readonly startNs: bigint
  readonly endNs: bigint
  readonly stepNs: bigint
  readonly intervalNs: bigint
  readonly limit: number
  readonly direction: 'forward' | 'backward'
}

/** @throws HttpError 400 with upstream's text */
export function parseRangeParameters(values: URLSearchParams, nowNs: bigint): RangeParameters {
  const { startNs, endNs } = parseBounds(values, nowNs)
  if (endNs < startNs) throw new HttpError(400, 'end timestamp must not be before or equal to start time')
  const limit = parseLimit(values)
  const direction = parseDirection(values)
  const stepNs = parseStep(values, startNs, endNs)
  if (stepNs <= 0n)
    throw new HttpError(400, 'zero or negative query resolution step widths are not accepted. Try a positive integer')
  if ((endNs - startNs) / stepNs > MAX_POINTS) {
    throw new HttpError(
      400,
      'exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter',
    )
  }
  const intervalText = values.get('interval') ?? ''
  const intervalNs = intervalText === '' ? 0n : secondsOrDuration(intervalText)
  if (intervalNs < 0n) throw new HttpError(400, 'interval must be >= 0')
  return { query: required(values), startNs, endNs, stepNs, intervalNs, limit, direction }
}

export interface InstantParameters {
  readonly query: string
  readonly timeNs: bigint
  readonly limit: number
  readonly direction: 'forward' | 'backward'
}

export function parseInstantParameters(values: URLSearchParams, nowNs: bigint): InstantParameters {
  return {
    query: required(values),
    timeNs: named(values, 'time', (text) => parseTimeNs(text, nowNs)),
    limit: parseLimit(values),
    direction: parseDirection(values),
  }
}

/** Upstream's default step: a 250th of the range, at least a second. */
export function defaultStepNs(startNs: bigint, endNs: bigint): bigint {
  const seconds = Math.max(Math.floor(Number((endNs - startNs) / NANOS) / 250), 1)
  return BigInt(seconds) * NANOS
}

function parseStep(values: URLSearchParams, startNs: bigint, endNs: bigint): bigint {
  const text = values.get('step') ?? ''
  return text === '' ? defaultStepNs(startNs, endNs) : secondsOrDuration(text)
}

/** A number of seconds or a duration. */
export function secondsOrDuration(text: string): bigint {
  if (/^-?[0-9]+(?:\.[0-9]*)?$/.test(text)) return BigInt(Math.round(Number(text) * 1e9))
  try {
    return BigInt(Math.trunc(parseDurationNs(text)))
  } catch (error) {
    if (error instanceof UnitError) throw new HttpError(400, `cannot parse ${JSON.stringify(text)} to a valid duration`)
    throw error
  }
}

export function parseLimit(values: URLSearchParams, fallback: number = DEFAULT_LIMIT): number {
  const text = values.get('limit') ?? ''
  if (text === '') return fallback
  if (!/^-?[0-9]+$/.test(text))
    throw new HttpError(400, `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`)
  const limit = Number(text)
  if (limit <= 0) throw new HttpError(400, 'limit must be a positive value')
  return limit
}

function parseDirection(values: URLSearchParams): 'forward' | 'backward' {
  const text = (values.get('direction') ?? '').toLowerCase()
  if (text === '' || text === 'backward') return 'backward'
  if (text === 'forward') return 'forward'
  throw new HttpError(400, `invalid direction '${values.get('direction')}'`)
}

function required(values: URLSearchParams): string {
  return values.get('query') ?? ''
}
