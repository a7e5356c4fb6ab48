import type { FastifyRequest } from 'fastify'
import type { IncomingMessage, ServerResponse } from 'node:http'

const RESPONSE = Symbol('response')
const SIGNAL = Symbol('signal')

interface TrackedRequest extends IncomingMessage {
  [RESPONSE]?: ServerResponse
  [SIGNAL]?: AbortSignal
}

/** Called by the server for every request: one property, no allocation, so that ingestion pays nothing for it. */
export function trackResponse(request: IncomingMessage, response: ServerResponse): void {
  ;(request as TrackedRequest)[RESPONSE] = response
}

/**
 * Aborts when the client goes away before the whole response is written. The same signal for every call on one request.
 */
export function requestSignal(request: IncomingMessage | FastifyRequest): AbortSignal {
  const incoming: TrackedRequest = 'raw' in request ? request.raw : request
  const known = incoming[SIGNAL]
  if (known) return known
  const controller = new AbortController()
  incoming[SIGNAL] = controller.signal
  const response = incoming[RESPONSE]
  const abort = (): void => {
    if (!response?.writableFinished) controller.abort(new ClientGoneError())
  }
  if (incoming.socket.destroyed) abort()
  else (response ?? incoming).once('close', abort)
  return controller.signal
}

/** The reason of {@link requestSignal}. Upstreams answer 499, though nobody reads it. */
export class ClientGoneError extends Error {
  constructor() {
    super('context canceled')
    this.name = 'ClientGoneError'
  }
}
