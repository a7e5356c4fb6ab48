import { QueryLimitError } from '@quartet/query'
import { EvaluationError } from '../query/errors.ts'

/** Upstream's error types. */
export type ErrorKind =
  | 'bad_data'
  | 'execution'
  | 'canceled'
  | 'timeout'
  | 'internal'
  | 'unavailable'
  | 'not_found'
  | 'not_acceptable'

/** Quirks included: `unavailable` is a 500. Source: web/api/v1/api.go, getDefaultErrorCode. */
export const STATUS: Readonly<Record<ErrorKind, number>> = {
  bad_data: 400,
  execution: 422,
  canceled: 499,
  timeout: 503,
  internal: 500,
  unavailable: 500,
  not_found: 404,
  not_acceptable: 406,
}

/** A request that fails, in the words that the client gets. */
export class ApiError extends Error {
  readonly kind: ErrorKind
  constructor(kind: ErrorKind, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'ApiError'
    this.kind = kind
  }
}

export function invalidParameter(name: string, problem: unknown): ApiError {
  const message = problem instanceof Error ? problem.message : String(problem)
  return new ApiError('bad_data', `invalid parameter "${name}": ${message}`, { cause: problem })
}

/** What is known about an error that came up while a request was served; undefined for a bug. */
export function apiErrorOf(error: unknown): ApiError | undefined {
  if (error instanceof ApiError) return error
  if (error instanceof QueryLimitError) {
    const kinds: Record<typeof error.limit, ErrorKind> = {
      samples: 'execution',
      timeout: 'timeout',
      canceled: 'canceled',
    }
    return new ApiError(kinds[error.limit], error.message, { cause: error })
  }
  if (error instanceof EvaluationError) return new ApiError('execution', error.message, { cause: error })
  return undefined
}
