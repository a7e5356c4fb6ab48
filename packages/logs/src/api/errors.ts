import { LabelsSyntaxError, LokiPushJsonError, OtlpJsonError, WireError } from '@quartet/model'
import { QueryLimitError } from '@quartet/query'
import { ClientGoneError, HttpError } from '@quartet/runtime'
import { WalError } from '@quartet/storage'
import { PushError } from '../ingest/distributor.ts'
import { LogqlExecutionError, LogqlLimitError, LogqlParseError } from '../query/errors.ts'
import { StageError } from '../query/stages/stage.ts'

/** Status and text of everything that a request may end with; upstream answers in plain text. */
export function toAnswer(error: unknown): { status: number; message: string } | undefined {
  if (error instanceof HttpError || error instanceof PushError) return { status: error.status, message: error.message }
  if (
    error instanceof LogqlParseError ||
    error instanceof LogqlLimitError ||
    error instanceof LogqlExecutionError ||
    error instanceof StageError
  ) {
    return { status: 400, message: error.message }
  }
  if (
    error instanceof WireError ||
    error instanceof LokiPushJsonError ||
    error instanceof OtlpJsonError ||
    error instanceof LabelsSyntaxError
  ) {
    return { status: 400, message: error.message }
  }
  if (error instanceof QueryLimitError) {
    if (error.limit === 'timeout')
      return {
        status: 504,
        message:
          'Request timed out, decrease the duration of the request or add more label matchers (prefer exact match over regex match) to reduce the amount of data processed.',
      }
    if (error.limit === 'canceled') return { status: 499, message: 'The request was cancelled by the client.' }
    return { status: 400, message: 'the query reads too many samples; reduce its time range or its cardinality' }
  }
  // Nothing was stored; a 5xx makes clients try again.
  if (error instanceof WalError) return { status: 500, message: error.message }
  if (error instanceof ClientGoneError) return { status: 499, message: 'The request was cancelled by the client.' }
  return undefined
}
