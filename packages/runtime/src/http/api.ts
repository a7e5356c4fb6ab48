import type * as Fastify from 'fastify'
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteGenericInterface } from 'fastify'
import type { RequestListener, Server } from 'node:http'
import { createRequire } from 'node:module'
import { Readable } from 'node:stream'
import { readBody } from './body.ts'
import { HttpError } from './http-error.ts'
import type { Logger } from '../log.ts'
import { GZIP_MIN_BYTES, gzipIfAccepted, toBuffer } from './response.ts'
import type { ServedRequest } from './served-request.ts'

interface ApiOptions {
  readonly server: Server
  readonly logger: Logger
  readonly bodyLimitBytes: number
  /** Gets the listener that requests are to be handed to. */
  readonly onDispatcher: (listener: RequestListener) => void
  /** Methods that raw handlers serve under a path, for 405. */
  readonly allowedMethods: (path: string) => readonly string[]
  readonly observe?: (served: ServedRequest) => void
}

/** Label values are path parameters and may be long. */
const MAX_PARAMETER_LENGTH = 8192

/** A fastify instance on a server that somebody else listens with. */
export function createApi(options: ApiOptions): FastifyInstance {
  const { fastify } = createRequire(import.meta.url)('fastify') as typeof Fastify
  const api = fastify({
    serverFactory: (listener) => {
      options.onDispatcher(listener as RequestListener)
      return options.server
    },
    bodyLimit: options.bodyLimitBytes,
    exposeHeadRoutes: true,
    schemaController: { compilersFactory: { buildValidator: refuseSchemas, buildSerializer: refuseSchemas } },
    routerOptions: { maxParamLength: MAX_PARAMETER_LENGTH },
  }) as unknown as FastifyInstance
  addBodyParsers(api)
  addDefaults(api, options)
  api.addHook('onSend', gzipPayload)
  const { observe } = options
  if (observe) {
    api.addHook('onResponse', async (request, reply) => {
      const { method, routeOptions } = request
      observe({ method, route: routeOptions.url, status: reply.statusCode, seconds: reply.elapsedTime / 1000 })
    })
  }
  return api
}

/** Ajv and its serializer are 3 MB per thread that nobody uses: requests are checked with zod. */
function refuseSchemas(): never {
  throw new Error('routes have no JSON schemas here; check requests with zod')
}

/** Bodies come undone from their Content-Encoding; the limit holds before and after. */
function addBodyParsers(api: FastifyInstance): void {
  api.addHook('preParsing', async (request, _reply, payload) => {
    if (!request.headers['content-encoding']) return payload
    const body = await readBody(request.raw, {
      maxBytes: request.routeOptions.bodyLimit ?? api.initialConfig.bodyLimit!,
    })
    delete request.headers['content-encoding']
    delete request.headers['content-length']
    return Object.assign(Readable.from([body], { objectMode: false }), { receivedEncodedLength: body.length })
  })
  api.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) =>
    done(null, new URLSearchParams(body as string)),
  )
  api.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
}

/**
 * Plain-text errors unless the system brings its own. They are set when fastify gets ready: a second handler on the root would
 * be refused or warned about.
 */
function addDefaults(api: FastifyInstance, options: ApiOptions): void {
  const wasErrorHandlerSet = noticeCall(api, 'setErrorHandler')
  const wasNotFoundHandlerSet = noticeCall(api, 'setNotFoundHandler')
  const ready = api.ready.bind(api) as unknown as () => Promise<undefined>
  let isCompleted = false
  const readyWithDefaults = (): Promise<undefined> => {
    if (!isCompleted) {
      isCompleted = true
      if (!wasErrorHandlerSet()) api.setErrorHandler(answerWithText(options.logger))
      if (!wasNotFoundHandlerSet()) api.setNotFoundHandler(answerNotFound(options.allowedMethods))
    }
    return ready()
  }
  Object.assign(api, { ready: readyWithDefaults })
}

/** @returns whether the method was called on the root, not on an encapsulated child */
function noticeCall(api: FastifyInstance, name: 'setErrorHandler' | 'setNotFoundHandler'): () => boolean {
  const original = api[name] as (...args: unknown[]) => unknown
  let wasCalled = false
  const noticed = function (this: FastifyInstance, ...args: unknown[]): unknown {
    if (this === api) wasCalled = true
    return original.apply(this, args)
  }
  Object.assign(api, { [name]: noticed })
  return () => wasCalled
}

function answerWithText(logger: Logger) {
  return (error: unknown, request: FastifyRequest<RouteGenericInterface>, reply: FastifyReply): void => {
    const status = statusOf(error)
    if (status >= 500 && !(error instanceof HttpError)) {
      logger.error({ err: error, method: request.method, path: request.url }, 'request handler failed')
    }
    const isTold = error instanceof HttpError || status < 500
    const message = isTold && error instanceof Error ? error.message : 'internal server error'
    void reply
      .code(status)
      .type('text/plain; charset=utf-8')
      .send(message.endsWith('\n') ? message : message + '\n')
  }
}

/** The status that an error asks for: {@link HttpError}'s, or what fastify put on its own errors. */
function statusOf(error: unknown): number {
  if (error instanceof HttpError) return error.status
  const status = (error as { statusCode?: unknown } | undefined)?.statusCode
  return typeof status === 'number' && status >= 400 ? status : 500
}

function answerNotFound(allowedMethods: (path: string) => readonly string[]) {
  return (request: FastifyRequest, reply: FastifyReply): void => {
    const allowed = allowedMethods(request.url.split('?', 1)[0]!)
    void reply.type('text/plain; charset=utf-8')
    if (allowed.length > 0) void reply.code(405).header('allow', allowed.join(', ')).send('Method Not Allowed\n')
    else void reply.code(404).send('404 page not found\n')
  }
}

async function gzipPayload(request: FastifyRequest, reply: FastifyReply, payload: unknown): Promise<unknown> {
  if (typeof payload !== 'string' && !(payload instanceof Uint8Array)) return payload
  if (payload.length < GZIP_MIN_BYTES || reply.hasHeader('content-encoding') || !isCompressible(reply)) return payload
  reply.header('vary', 'Accept-Encoding')
  const packed = await gzipIfAccepted(request.headers['accept-encoding'], toBuffer(payload))
  if (!packed) return payload
  reply.header('content-encoding', 'gzip').removeHeader('content-length')
  return packed
}

function isCompressible(reply: FastifyReply): boolean {
  return !/^(image\/(?!svg)|font\/woff|video\/|audio\/|application\/(zip|gzip|zstd|wasm))/.test(
    String(reply.getHeader('content-type') ?? ''),
  )
}
