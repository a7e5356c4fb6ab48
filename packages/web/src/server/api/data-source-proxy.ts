import { HttpError } from '@quartet/runtime'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http'
import type { Duplex } from 'node:stream'
import type { DataSource } from '../provisioning/data-sources.ts'
import { StoreError } from '../query/store-client.ts'
import type { Services } from './services.ts'
import { findUser, requireRole, requireUser } from './authentication.ts'
import { checkOrigin } from './origin-check.ts'
import { streamBodies, USER_AGENT } from './pass-on.ts'
import type { PassOn } from './pass-on.ts'
import { refusalOf, roleNeeded } from './proxy-rules.ts'

const PREFIX = '/api/datasources/proxy/'

/** `/api/datasources/proxy/uid/:uid/*` and `/:id/*`: the store's own API through the server, streamed both ways. */
export function addDataSourceProxy(api: FastifyInstance, services: Services, passOn: PassOn): void {
  const forward = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    requireUser(request)
    const { source, path } = target(services, request.raw.url ?? '')
    if (source.type === 'loki' && isTail(path)) throw new HttpError(400, 'tail needs a WebSocket')
    const refusal = refusalOf(source.type, request.method, path.split('?')[0])
    if (refusal !== undefined) throw new HttpError(403, refusal)
    requireRole(request, roleNeeded(source.type, request.method, path.split('?')[0]))
    return passOn(request, reply, source, path)
  }

  void api.register(async (scope) => {
    streamBodies(scope)
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
