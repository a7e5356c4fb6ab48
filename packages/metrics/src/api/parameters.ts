import type { FastifyRequest } from 'fastify'
import { DurationError, matchesEmpty, parseDuration, parseTime, TimeError } from '@quartet/query'
import type { Matcher } from '@quartet/query'
import { ParseError } from '../query/syntax/parse-error.ts'
import { parseSelector } from '../query/syntax/parser.ts'
import { ApiError, invalidParameter } from './errors.ts'

/** Query parameters and form fields of one request, form fields first as in Go's Request.Form. */
export class Parameters {
  readonly #values: URLSearchParams

  constructor(values: URLSearchParams) {
    this.#values = values
  }

  static of(request: FastifyRequest): Parameters {
    const url = request.raw.url ?? ''
    const queryAt = url.indexOf('?')
    const values = new URLSearchParams(request.body instanceof URLSearchParams ? request.body : undefined)
    if (queryAt >= 0)
      for (const [name, value] of new URLSearchParams(url.slice(queryAt + 1))) values.append(name, value)
    return new Parameters(values)
  }

  get(name: string): string {
    return this.#values.get(name) ?? ''
  }

  all(name: string): string[] {
    return this.#values.getAll(name)
  }

  /** A required time. */
  time(name: string): number {
    try {
      return parseApiTime(this.get(name))
    } catch (error) {
      if (error instanceof TimeError) throw invalidParameter(name, error)
      throw error
    }
  }

  timeOr(name: string, fallbackMs: number): number {
    const text = this.get(name)
    if (text === '') return fallbackMs
    try {
      return parseApiTime(text)
    } catch (error) {
      if (!(error instanceof TimeError)) throw error
      throw invalidParameter(name, `Invalid time value for '${name}': ${error.message}`)
    }
  }

  /** A duration as float seconds or with units; undefined when it is not given. */
  duration(name: string): number | undefined {
    const text = this.get(name)
    return text === '' ? undefined : this.requiredDuration(name)
  }

  requiredDuration(name: string): number {
    const text = this.get(name)
    try {
      return parseApiDuration(text)
    } catch (error) {
      if (!(error instanceof DurationError)) throw error
      throw invalidParameter(name, error)
    }
  }

  /** 0 is no limit. */
  limit(name = 'limit'): number {
    const text = this.get(name)
    if (text === '') return 0
    if (!/^[+-]?\d+$/.test(text)) {
      throw invalidParameter(name, `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`)
    }
    if (Number(text) < 0) throw invalidParameter(name, 'limit must be non-negative')
    return Number(text)
  }

  /** Selectors of `match[]`; each must ask for at least one non-empty value. */
  matcherSets(): (readonly Matcher[])[] {
    return this.all('match[]').map((text) => {
      const matchers = parseMatch(text)
      if (!matchers.every(matchesEmpty)) return matchers
      throw new ApiError('bad_data', 'match[] must contain at least one non-empty matcher')
    })
  }
}

/** The matchers of one selector. */
export function parseMatch(text: string): readonly Matcher[] {
  try {
    return parseSelector(text)
  } catch (error) {
    if (error instanceof ParseError) throw new ApiError('bad_data', error.message, { cause: error })
    throw error
  }
}

/** The extremes that Go clients send for "from the beginning" and "to the end". */
const MIN_TIME = '-292273086-05-16T16:47:06Z'
const MAX_TIME = '292277025-08-18T07:12:54.999999999Z'
export const MIN_TIME_MS = Number.MIN_SAFE_INTEGER
export const MAX_TIME_MS = Number.MAX_SAFE_INTEGER

function parseApiTime(text: string): number {
  if (text === MIN_TIME) return MIN_TIME_MS
  if (text === MAX_TIME) return MAX_TIME_MS
  return parseTime(text)
}

const MAX_SECONDS = 2 ** 63 / 1e9

function parseApiDuration(text: string): number {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text)) {
    const seconds = Number(text)
    if (Math.abs(seconds) > MAX_SECONDS) {
      throw new DurationError(`cannot parse ${JSON.stringify(text)} to a valid duration. It overflows int64`)
    }
    return Math.trunc(seconds * 1000)
  }
  try {
    return parseDuration(text)
  } catch (error) {
    if (!(error instanceof DurationError)) throw error
    throw new DurationError(`cannot parse ${JSON.stringify(text)} to a valid duration`)
  }
}
