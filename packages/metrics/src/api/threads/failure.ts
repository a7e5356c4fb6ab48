import { QueryLimitError } from '@quartet/query'
import { EvaluationError } from '../../query/errors.ts'
import type { Failure } from './messages.ts'

export function failureOf(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error), stack: undefined, limit: undefined }
  const { message, stack } = error
  const name = error instanceof EvaluationError ? 'EvaluationError' : error.name
  return { name, message, stack, limit: error instanceof QueryLimitError ? error.limit : undefined }
}

/** The error again, of the class by which the API tells what to answer. */
export function errorOf({ name, message, stack, limit }: Failure): Error {
  if (limit !== undefined) return new QueryLimitError(limit, message)
  if (name === 'EvaluationError') return new EvaluationError(message)
  const error = new Error(message)
  error.name = name
  if (stack !== undefined) error.stack = stack
  return error
}
