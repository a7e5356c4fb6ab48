import { requestSignal } from '@quartet/runtime'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http'
import type { Readable } from 'node:stream'
import type { DataSource } from '../provisioning/data-sources.ts'
import { GRAFANA_VERSION } from './services.ts'
import type { Services } from './services.ts'

/** Cookies, credentials and addresses stay here; everything that shapes the answer goes on. */
const FORWARDED = [
  'accept',
  'accept-encoding',
  'content-type',
  'content-length',
  'x-query-tags',
  'x-loki-response-encoding-flags',
]
const RETURNED = [
  'content-type',
  'content-length',
  'content-encoding',
  'vary',
  'retry-after',
  'cache-control',
  'warning',
]

export type PassOn = (
  request: FastifyRequest,
  reply: FastifyReply,
  source: DataSource,
  path: string,
) => Promise<FastifyReply>

/** Hands a request to a store and its answer back, streamed both ways. Who may ask for what is the caller's to decide. */
export function passOnTo(services: Services): PassOn {
  const statuses = services.metrics.counter(
    'grafana_proxy_response_status_total',
    'proxy http response status counter',
    ['code'],
  )
  return async (request, reply, source, path) => {
    const body = request.body as Readable | undefined
    const response = await services.stores.send(source, {
      method: request.method,
      path,
      headers: forwardedHeaders(request.headers),
      signal: requestSignal(request),
      ...(body && { body }),
    })
    statuses.inc({ code: String(response.statusCode) })
    for (const name of RETURNED) {
      const value = response.headers[name]
      if (value !== undefined) void reply.header(name, value)
    }
    // A store's answer is data; as a document it may do nothing.
    void reply.header('content-security-policy', 'sandbox').header('x-content-type-options', 'nosniff')
    return reply.code(response.statusCode ?? 502).send(response)
  }
}

/** Bodies of a scope's routes pass through unread, whatever their type. */
export function streamBodies(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
}

export const USER_AGENT = `Grafana/${GRAFANA_VERSION}`

function forwardedHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const forwarded: OutgoingHttpHeaders = { 'user-agent': USER_AGENT }
  for (const name of FORWARDED) {
    if (headers[name] !== undefined) forwarded[name] = headers[name]
  }
  return forwarded
}
