import { HttpError, requestSignal } from '@quartet/runtime'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import type { DataSource } from '../provisioning/data-sources.ts'
import { StoreError } from '../query/store-client.ts'
import { GRAFANA_VERSION } from './services.ts'
import type { Services } from './services.ts'
import { findUser, requireUser } from './authentication.ts'
import { checkOrigin } from './origin-check.ts'
import { refusalOf } from './proxy-rules.ts'

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

const PREFIX = '/api/datasources/proxy/'

/** `/api/datasources/proxy/uid/:uid/*` and `/:id/*`: the store's own API through the server, streamed both ways. */
export function addDataSourceProxy(api: FastifyInstance, services: Services): void {
  const statuses = services.metrics.counter(
    'grafana_proxy_response_status_total',
    'proxy http response status counter',
    ['code'],
  )

  const forward = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    requireUser(request)
    const { source, path } = target(services, request.raw.url ?? '')
    if (source.type === 'loki' && isTail(path)) throw new HttpError(400, 'tail needs a WebSocket')
    const refusal = refusalOf(source.type, request.method, path.split('?')[0])
    if (refusal !== undefined) throw new HttpError(403, refusal)
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

  // Bodies pass through unread, whatever their type.
  void api.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    for (const url of [`${PREFIX}uid/:uid/*`, `${PREFIX}:id/*`]) {
      scope.route({ method: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'], url, handler: forward, exposeHeadRoute: false })
    }
  })
}

/** WebSockets through the proxy: live tailing of logs. */
export class UpgradeProxy {
  readonly #services: Services
  readonly #open = new Set<Duplex>()

  constructor(services: Services) {
    this.#services = services
  }

  /** For the server's `upgrade` event. */
  handle(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { logger } = this.#services
    this.#open.add(socket)
    socket.on('close', () => this.#open.delete(socket))
    socket.on('error', () => socket.destroy())
    passUpgrade(this.#services, request, socket, head).catch((error: unknown) => {
      const status = error instanceof HttpError || error instanceof StoreError ? error.status : 500
      if (status === 500) logger.error({ err: error, path: request.url }, 'WebSocket proxy failed')
      const message = JSON.stringify({ message: status === 500 ? 'Internal server error' : (error as Error).message })
      socket.end(
        `HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-type: application/json\r\n` +
          `content-length: ${Buffer.byteLength(message)}\r\n\r\n${message}`,
      )
    })
  }

  /** Ends all connections, which would last as long as somebody watches. */
  close(): void {
    for (const socket of this.#open) socket.destroy()
  }
}

async function passUpgrade(services: Services, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  if (!request.url?.startsWith(PREFIX)) throw new HttpError(404, 'Not found')
  checkOrigin(request, services.settings)
  if (!(await findUser(services, request))) throw new HttpError(401, 'Unauthorized')
  const { source, path } = target(services, request.url)
  if (source.type !== 'loki' || !isTail(path)) throw new HttpError(403, 'only live tailing of logs uses a WebSocket')
  const headers: OutgoingHttpHeaders = { connection: 'Upgrade', upgrade: 'websocket', 'user-agent': USER_AGENT }
  for (const [name, value] of Object.entries(request.headers)) {
    if (name.startsWith('sec-websocket-')) headers[name] = value
  }
  const answer = await services.stores.upgrade(source, { method: 'GET', path, headers })
  if (!answer.socket) {
    answer.response.destroy()
    throw new StoreError(502, `${source.name} (${source.url}) refused to tail with ${answer.response.statusCode}`)
  }
  const store = answer.socket
  store.on('error', () => socket.destroy())
  socket.on('close', () => store.destroy())
  store.on('close', () => socket.destroy())
  const lines = ['HTTP/1.1 101 Switching Protocols']
  const { rawHeaders } = answer.response
  for (let index = 0; index < rawHeaders.length; index += 2)
    lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`)
  socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  if (answer.head.length > 0) socket.write(answer.head)
  if (head.length > 0) store.write(head)
  store.pipe(socket)
  socket.pipe(store)
}

function target(services: Services, url: string): { source: DataSource; path: string } {
  const match = /^\/api\/datasources\/proxy\/(?:uid\/([^/?]+)|([^/?]+))(\/.*)?$/.exec(url)
  const reference = match?.[1] ?? match?.[2]
  const source = reference === undefined ? undefined : services.dataSources.find(decodeURIComponent(reference))
  if (!source) throw new HttpError(404, 'Data source not found')
  return { source, path: match?.[3] ?? '/' }
}

function isTail(path: string): boolean {
  return path.split('?')[0] === '/loki/api/v1/tail'
}

const USER_AGENT = `Grafana/${GRAFANA_VERSION}`

function forwardedHeaders(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  const forwarded: OutgoingHttpHeaders = { 'user-agent': USER_AGENT }
  for (const name of FORWARDED) {
    if (headers[name] !== undefined) forwarded[name] = headers[name]
  }
  return forwarded
}
