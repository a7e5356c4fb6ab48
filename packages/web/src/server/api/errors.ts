import { HttpError } from '@quartet/runtime'
import type { Logger } from '@quartet/runtime'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { StoreError } from '../query/store-client.ts'
import { DashboardError } from '../storage/dashboard-rules.ts'

/** Statuses and bodies of errors as upstream's: always JSON with a `message`. */
export function errorHandler(logger: Logger) {
  return (error: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const { status, body } = describe(error)
    if (status >= 500 && !(error instanceof StoreError)) {
      logger.error({ err: error, method: request.method, path: request.url }, 'request handler failed')
    }
    void reply.code(status).send(body)
  }
}

function describe(error: unknown): { status: number; body: object } {
  if (error instanceof DashboardError) {
    const { status, message, reason } = error
    return { status, body: reason === undefined ? { message } : { message, status: reason } }
  }
  if (error instanceof StoreError)
    return { status: error.status, body: { message: error.message, error: STORE_ERROR[error.status] } }
  if (error instanceof HttpError) return { status: error.status, body: { message: error.message } }
  const status = (error as { statusCode?: unknown } | undefined)?.statusCode
  // Fastify's own, such as a body that is not JSON or too large.
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return { status, body: { message: 'bad request data', error: error instanceof Error ? error.message : '' } }
  }
  return { status: 500, body: { message: 'Internal server error' } }
}

const STORE_ERROR: Readonly<Record<number, string>> = { 502: 'Bad Gateway', 504: 'Gateway Timeout' }
