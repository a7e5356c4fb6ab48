/** The times at which a range query is evaluated: `startMs`, `startMs + stepMs`, … up to `endMs`. An instant query has one. */
export interface StepGrid {
  readonly startMs: number
  readonly endMs: number
  /** At least 1. */
  readonly stepMs: number
  readonly count: number
}

export function createStepGrid(options: { startMs: number; endMs: number; stepMs: number }): StepGrid {
  const { startMs, endMs, stepMs } = options
  const count = endMs < startMs ? 0 : Math.floor((endMs - startMs) / stepMs) + 1
  return { startMs, endMs, stepMs, count }
}

export function instantGrid(timeMs: number): StepGrid {
  return { startMs: timeMs, endMs: timeMs, stepMs: 1, count: 1 }
}

/** Text that is not a time. */
export class TimeError extends Error {
  constructor(text: string) {
    super(`cannot parse ${JSON.stringify(text)} to a valid timestamp`)
    this.name = 'TimeError'
  }
}

const RFC3339 = /^(\d{4})-(\d{2})-(\d{2})[Tt](\d{2}):(\d{2}):(\d{2})(?:[.,](\d+))?(?:[Zz]|([+-])(\d{2}):(\d{2}))$/
const FLOAT = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/
/** Beyond this, milliseconds are no longer exact. */
const MAX_TIME_MS = Number.MAX_SAFE_INTEGER

/**
 * RFC 3339 or seconds since 1970 with decimals, as in the query APIs of Prometheus.
 * @returns milliseconds, rounded
 * @throws TimeError
 */
export function parseTime(text: string): number {
  if (FLOAT.test(text)) {
    const ms = Math.round(Number(text) * 1000)
    if (!Number.isFinite(ms) || Math.abs(ms) > MAX_TIME_MS) throw new TimeError(text)
    return ms
  }
  const match = RFC3339.exec(text)
  if (match === null) throw new TimeError(text)
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number)
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  date.setUTCHours(hour, minute, second, 0)
  const isValid =
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day && hour < 24 && minute < 60 && second < 60
  if (!isValid) throw new TimeError(text)
  const fractionMs = Math.floor(Number(`0.${match[7] ?? '0'}`) * 1000 + 1e-9)
  const offsetMs = match[8] === undefined ? 0 : (Number(match[9]) * 60 + Number(match[10])) * 60_000
  return date.getTime() + fractionMs - (match[8] === '-' ? -offsetMs : offsetMs)
}
