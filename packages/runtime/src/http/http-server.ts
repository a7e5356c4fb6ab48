import type { FastifyInstance } from 'fastify'
import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { TlsOptions } from 'node:tls'
import { systemClock } from '../clock.ts'
import type { Logger } from '../log.ts'
import type { SelfMetrics } from '../self-metrics.ts'
import { createApi } from './api.ts'
import { HttpError } from './http-error.ts'
import { nodeHttp } from './node-http.ts'
import { explainListenError, formatHostPort } from './listen-address.ts'
import { trackResponse } from './request-signal.ts'
import { sendBody } from './response.ts'
import type { ServedRequest } from './served-request.ts'
import type { WebConfig } from './web-config.ts'

export type RawHandler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>
export type RawMethod = 'GET' | 'HEAD' | 'POST' | 'PUT'

export interface HttpServerOptions {
  /** For messages: `prometheus`. */
  readonly name: string
  readonly host: string
  /** 0 lets the kernel choose. */
  readonly port: number
  /** The flag that a person changes when the port is taken. */
  readonly portFlag: string
  readonly logger: Logger
  readonly metrics: SelfMetrics
  /** How long a client may take to send a request. Default 5 minutes. */
  readonly requestTimeoutMs?: number
  /** Default body limit of fastify routes, 16 MiB when absent; a route's `bodyLimit` overrides it. */
  readonly apiBodyLimitBytes?: number
  /** `false` leaves `GET /metrics` to a handler of the system, for systems whose product that page is. */
  readonly serveMetrics?: boolean
  readonly health?: HealthOptions
  /** TLS and logins; asked for each request, so that a reload can bring another. Without, plain HTTP for everybody. */
  readonly web?: () => WebConfig
  /** Asked before anything else that a request may do; what it answers itself, by returning true, goes no further. */
  readonly intercept?: (request: IncomingMessage, response: ServerResponse) => boolean
  /** Called after each response; for upstream's request counters and histograms. */
  readonly observe?: (served: ServedRequest) => void
}

export interface HealthOptions {
  /** Default `/-/healthy`. */
  readonly healthyPath?: string
  /** Default `/-/ready`. */
  readonly readyPath?: string
  readonly healthyText: string
  /** `true`, or what is wrong: answered with 500. Always healthy when absent. */
  readonly healthy?: () => true | string
  readonly readyText: string
  /** `true`, or why not yet: answered with 503. */
  readonly ready: () => true | string
}

export interface HttpServer {
  /** An exact path, served by node:http alone. A thrown {@link HttpError} becomes its status with its message as text. */
  raw(method: RawMethod, path: string, handler: RawHandler): void
  /** Everything else. Form bodies arrive as `URLSearchParams`, JSON parsed, any other type as `Buffer`. */
  readonly api: FastifyInstance
  /** For WebSocket upgrades. */
  readonly server: Server
  /** @throws PortTakenError */
  listen(): Promise<{ host: string; port: number; url: string }>
  /** Stops accepting, ends idle connections, gives running requests 5 s. */
  close(): Promise<void>
}

/** Go's default, so that every query URL that upstream takes is taken here. */
const MAX_HEADER_BYTES = 1024 * 1024
const CLOSE_GRACE_MS = 5_000
const IDLE_CHECK_MS = 50

/**
 * One port of one system. Exact-path raw handlers come first, found without any allocation beyond Node's own, since ingestion
 * goes through them; the rest is fastify's, which is loaded when first touched. Serves `GET /metrics` and health paths.
 */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { logger, observe } = options
  const routes = new RawRoutes()
  const connections = new Set<Socket>()
  let api: FastifyInstance | undefined
  let dispatch: RequestListener | undefined
  let isClosing = false

  const tls = options.web?.().tls
  const serve: RequestListener = (request, response) => {
    if (options.intercept?.(request, response)) return
    const handler = routes.find(request)
    if (handler) {
      if (observe) observeRaw(request, response, observe)
      serveRaw(handler, request, response, logger)
    } else if (dispatch) dispatch(request, response)
    else answerUnknown(request, response, routes)
  }
  const server = createNodeServer(tls, options, (request, response) => {
    trackResponse(request, response)
    if (isClosing) response.shouldKeepAlive = false
    const web = options.web?.()
    if (!web) return serve(request, response)
    for (const [name, value] of Object.entries(web.headers)) response.setHeader(name, value)
    web.isAllowed(request).then(
      (isAllowed) => (isAllowed ? serve(request, response) : answerLogin(response)),
      (error: unknown) => answerError(error, request, response, logger),
    )
  })
  server.on('connection', (socket: Socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  })

  addOwnRoutes(routes, options)

  return {
    server,
    raw: (method, path, handler) => routes.add(method, path, handler),
    get api() {
      api ??= createApi({
        server,
        logger,
        bodyLimitBytes: options.apiBodyLimitBytes ?? 16 * 1024 * 1024,
        onDispatcher: (listener) => (dispatch = listener),
        allowedMethods: (path) => routes.methodsOf(path),
        ...(observe && { observe }),
      })
      return api
    },
    async listen() {
      await api?.ready()
      await listenOn(server, options)
      const { address, port } = server.address() as AddressInfo
      return { host: address, port, url: `${tls ? 'https' : 'http'}://${formatHostPort(address, port)}` }
    },
    async close() {
      isClosing = true
      await closeServer(server, connections)
      await api?.close()
    },
  }
}

function createNodeServer(
  tls: TlsOptions | undefined,
  { requestTimeoutMs = 300_000 }: HttpServerOptions,
  listener: RequestListener,
): Server {
  const settings = { maxHeaderSize: MAX_HEADER_BYTES, requestTimeout: requestTimeoutMs, keepAliveTimeout: 65_000 }
  if (!tls) return nodeHttp.createServer(settings, listener)
  return process.getBuiltinModule('node:https').createServer({ ...settings, ...tls }, listener)
}

function answerLogin(response: ServerResponse): void {
  response.statusCode = 401
  response.setHeader('www-authenticate', 'Basic')
  response.setHeader('content-type', 'text/plain; charset=utf-8')
  response.end('Unauthorized\n')
}

class RawRoutes {
  readonly #byMethod = new Map<string, Map<string, RawHandler>>()

  add(method: string, path: string, handler: RawHandler): void {
    let paths = this.#byMethod.get(method)
    if (!paths) this.#byMethod.set(method, (paths = new Map<string, RawHandler>()))
    if (paths.has(path)) throw new Error(`${method} ${path} has a handler already`)
    paths.set(path, handler)
  }

  find(request: IncomingMessage): RawHandler | undefined {
    const url = request.url!
    const paths = this.#byMethod.get(request.method!)
    if (!paths) return undefined
    const direct = paths.get(url)
    if (direct) return direct
    const queryStart = url.indexOf('?')
    return queryStart < 0 ? undefined : paths.get(url.slice(0, queryStart))
  }

  methodsOf(path: string): string[] {
    return [...this.#byMethod].filter(([, paths]) => paths.has(path)).map(([method]) => method)
  }
}

function addOwnRoutes(routes: RawRoutes, options: HttpServerOptions): void {
  const { health, metrics } = options
  const own = (path: string, handler: RawHandler): void => {
    routes.add('GET', path, handler)
    routes.add('HEAD', path, handler)
  }
  if (options.serveMetrics !== false) {
    own('/metrics', async (request, response) => {
      const { contentType, text } = await metrics.render()
      await sendBody(request, response, { contentType, body: text })
    })
  }
  if (!health) return
  own(health.healthyPath ?? '/-/healthy', (request, response) => {
    const healthy = health.healthy?.() ?? true
    const [status, body] = healthy === true ? [200, health.healthyText] : [500, healthy]
    return sendBody(request, response, { status, contentType: 'text/plain; charset=utf-8', body })
  })
  own(health.readyPath ?? '/-/ready', (request, response) => {
    const ready = health.ready()
    const [status, body] = ready === true ? [200, health.readyText] : [503, ready]
    return sendBody(request, response, { status, contentType: 'text/plain; charset=utf-8', body })
  })
}

function serveRaw(handler: RawHandler, request: IncomingMessage, response: ServerResponse, logger: Logger): void {
  try {
    const running = handler(request, response)
    running?.catch((error: unknown) => answerError(error, request, response, logger))
  } catch (error) {
    answerError(error, request, response, logger)
  }
}

function answerError(error: unknown, request: IncomingMessage, response: ServerResponse, logger: Logger): void {
  const isExpected = error instanceof HttpError
  if (!isExpected) logger.error({ err: error, method: request.method, path: request.url }, 'request handler failed')
  if (response.headersSent) {
    response.destroy()
    return
  }
  // A body that was not read to its end cannot be followed by another request.
  if (!request.complete) response.shouldKeepAlive = false
  const message = isExpected ? error.message : 'internal server error'
  response.statusCode = isExpected ? error.status : 500
  response.setHeader('content-type', 'text/plain; charset=utf-8')
  response.setHeader('x-content-type-options', 'nosniff')
  response.end(message.endsWith('\n') ? message : message + '\n')
}

/** For a server that has raw handlers only. */
function answerUnknown(request: IncomingMessage, response: ServerResponse, routes: RawRoutes): void {
  const allowed = routes.methodsOf(request.url!.split('?', 1)[0]!)
  response.statusCode = allowed.length > 0 ? 405 : 404
  if (allowed.length > 0) response.setHeader('allow', allowed.join(', '))
  response.setHeader('content-type', 'text/plain; charset=utf-8')
  response.end(allowed.length > 0 ? 'Method Not Allowed\n' : '404 page not found\n')
}

function observeRaw(
  request: IncomingMessage,
  response: ServerResponse,
  observe: (served: ServedRequest) => void,
): void {
  const startMs = systemClock.monotonicMs()
  const route = request.url!.split('?', 1)[0]!
  response.once('close', () => {
    const seconds = (systemClock.monotonicMs() - startMs) / 1000
    observe({ method: request.method!, route, status: response.statusCode, seconds })
  })
}

function listenOn(server: Server, options: HttpServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const onError = (error: Error): void => reject(explainListenError(error, options))
    server.once('error', onError)
    server.listen({ host: options.host, port: options.port }, () => {
      server.off('error', onError)
      resolve()
    })
  })
}

async function closeServer(server: Server, connections: ReadonlySet<Socket>): Promise<void> {
  if (!server.listening) return
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  const closeIdle = (): void => {
    server.closeIdleConnections()
    // Node does not count a connection as idle on which nothing was ever sent.
    for (const socket of connections) if (socket.bytesRead === 0) socket.destroy()
  }
  // A connection that falls idle after this would stay for its keep-alive time otherwise.
  const idle = systemClock.every(IDLE_CHECK_MS, closeIdle)
  const deadline = systemClock.after(CLOSE_GRACE_MS, () => {
    for (const socket of connections) socket.destroy()
  })
  closeIdle()
  await closed
  idle.cancel()
  deadline.cancel()
}
