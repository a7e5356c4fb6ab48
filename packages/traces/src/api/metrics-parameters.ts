import { DurationError, parseGoDuration } from '@quartet/query'
import { HttpError } from '@quartet/runtime'

export interface MetricsRange {
  readonly startNs: bigint
  readonly endNs: bigint
  readonly stepNs: bigint
}

const HOUR_NS = 3_600_000_000_000n
const SECOND_NS = 1_000_000_000n
/** A graph of an hour has about this many points when no step is asked for. */
const DEFAULT_POINTS = 240n
const MAX_INTERVALS = 11_000n

/**
 * `start`, `end`, `since` and `step` of a metrics query; the last hour by default. The range is widened to whole steps.
 * @throws HttpError 400
 */
export function parseMetricsRange(parameters: URLSearchParams, nowMs: number): MetricsRange {
  const nowNs = BigInt(Math.trunc(nowMs)) * 1_000_000n
  const since = parameters.get('since')
  const end = parseTimestamp(parameters.get('end') ?? '', nowNs)
  const start = since
    ? end - parseDurationOf('since', since)
    : parseTimestamp(parameters.get('start') ?? '', end - HOUR_NS)
  if (end <= start) throw new HttpError(400, 'end must be greater than start')
  const stepText = parameters.get('step')
  const step = stepText ? parseStep(stepText) : defaultStep(end - start)
  if (step <= 0n) throw new HttpError(400, 'invalid step: must be greater than 0')
  if ((end - start) / step > MAX_INTERVALS) {
    throw new HttpError(400, `step of ${step} ns gives more than ${MAX_INTERVALS} intervals; ask for a larger step`)
  }
  return { startNs: start - (start % step), endNs: ((end + step - 1n) / step) * step, stepNs: step }
}

/** Unix seconds with or without a fraction, Unix nanoseconds (19 digits), or RFC 3339. @throws HttpError 400 */
export function parseTimestamp(text: string, otherwiseNs: bigint): bigint {
  if (text === '') return otherwiseNs
  if (/^\d+$/.test(text)) return text.length <= 10 ? BigInt(text) * SECOND_NS : BigInt(text)
  const decimal = /^(\d+)\.(\d{1,9})$/.exec(text)
  if (decimal !== null) return BigInt(decimal[1]) * SECOND_NS + BigInt(decimal[2].padEnd(9, '0'))
  const date = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.(\d{1,9}))?(?:Z|[+-]\d\d:\d\d)$/.exec(text)
  const ms = date === null ? NaN : Date.parse(text.replace(/\.\d+/, ''))
  if (Number.isNaN(ms)) throw new HttpError(400, `cannot parse ${JSON.stringify(text)} as a time`)
  return BigInt(ms) * 1_000_000n + BigInt((date![1] ?? '').padEnd(9, '0'))
}

function parseStep(text: string): bigint {
  return /^\d+(\.\d+)?$/.test(text) ? BigInt(Math.round(Number(text) * 1e9)) : parseDurationOf('step', text)
}

function parseDurationOf(name: string, text: string): bigint {
  try {
    return parseGoDuration(text)
  } catch (error) {
    if (!(error instanceof DurationError)) throw error
    throw new HttpError(400, `invalid ${name}: ${error.message}`, { cause: error })
  }
}

function defaultStep(rangeNs: bigint): bigint {
  const step = rangeNs / DEFAULT_POINTS / SECOND_NS
  return (step > 0n ? step : 1n) * SECOND_NS
}
