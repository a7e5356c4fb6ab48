import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { HttpServer } from '@quartet/runtime'
import { compileRegex } from '@quartet/query'
import { ADMIN_ROUTES } from './admin-routes.ts'
import type { ApiContext } from './context.ts'
import { ApiError, apiErrorOf, STATUS } from './errors.ts'
import { stringifyGo } from './json-bytes.ts'
import { federate } from './federate.ts'
import * as labels from './label-routes.ts'
import * as metadata from './metadata-routes.ts'
import { liveNotifications, notifications } from './notifications.ts'
import { addPages } from './pages/page-routes.ts'
import * as queries from './query-routes.ts'
import type { Reply } from './reply.ts'
import * as rules from './rules-routes.ts'
import * as status from './status-routes.ts'
import * as targets from './target-routes.ts'

type Handler = (context: ApiContext, request: FastifyRequest) => Reply | Promise<Reply>

interface Route {
  readonly path: string
  /** POST takes the parameters as a form. */
  readonly isForm: boolean
  readonly handler: Handler
}

const get = (path: string, handler: Handler): Route => ({ path, isForm: false, handler })
const form = (path: string, handler: Handler): Route => ({ path, isForm: true, handler })

const ROUTES: readonly Route[] = [
  form('/query', queries.query),
  form('/query_range', queries.queryRange),
  form('/query_exemplars', queries.queryExemplars),
  form('/format_query', queries.formatQuery),
  form('/parse_query', queries.parseQueryRoute),
  form('/labels', labels.labelNames),
  get('/label/:name/values', labels.labelValues),
  form('/series', labels.series),
  get('/metadata', metadata.metadata),
  get('/targets', metadata.targets),
  get('/targets/metadata', targets.targetsMetadata),
  get('/targets/relabel_steps', targets.relabelSteps),
  get('/scrape_pools', metadata.scrapePools),
  get('/status/buildinfo', status.buildInfo),
  get('/status/config', status.configText),
  get('/status/flags', status.flags),
  get('/status/runtimeinfo', status.runtimeInfo),
  get('/status/tsdb', status.tsdbStatus),
  get('/status/tsdb/blocks', status.tsdbBlocks),
  get('/status/walreplay', status.walReplay),
  get('/rules', rules.rules),
  get('/alerts', rules.alerts),
  get('/alertmanagers', rules.alertmanagers),
  get('/notifications', notifications),
]

const CORS_HEADERS = {
  'access-control-allow-headers': 'Accept, Authorization, Content-Type, Origin',
  'access-control-allow-methods': 'GET, POST, OPTIONS',
  'access-control-expose-headers': 'Date',
  vary: 'Origin',
}

/** Puts Prometheus's HTTP API on a server. */
export function addApiRoutes(server: HttpServer, context: ApiContext): void {
  const { api } = server
  const setCors = corsSetter(context.settings.corsOrigin)
  for (const { path, isForm, handler } of ROUTES) {
    const methods = isForm ? ['GET', 'POST'] : ['GET']
    refuseOtherMethods(api, `/api/v1${path}`, path === '/series' ? ['DELETE', ...methods] : methods)
    api.route({
      method: methods,
      url: `/api/v1${path}`,
      handler: async (request, reply) => {
        setCors(request, reply)
        try {
          return send(reply, await handler(context, request))
        } catch (error) {
          return sendError(reply, error, context)
        }
      },
    })
  }
  api.get('/api/v1/notifications/live', (request, reply) => {
    setCors(request, reply)
    return liveNotifications(context, request, reply)
  })
  api.get('/federate', (request, reply) => federate(context, request, reply))
  api.get('/version', (_request, reply) =>
    reply.type('application/json').send(`${stringifyGo(status.buildInfo().data)}\n`),
  )
  for (const path of ['/consoles/*', '/user/*', '/debug/pprof', '/debug/pprof/*']) {
    api.get(path, (request, reply) =>
      reply.code(404).type('text/plain; charset=utf-8').send(`${request.url} is not served by Quartet\n`),
    )
  }
  api.options('/api/v1/*', (request, reply) => {
    setCors(request, reply)
    return reply.code(204).send()
  })
  api.delete('/api/v1/series', (_request, reply) =>
    sendError(reply, new ApiError('internal', 'not implemented'), context),
  )
  for (const [path, handler] of Object.entries(ADMIN_ROUTES)) {
    refuseOtherMethods(api, `/api/v1/admin/tsdb/${path}`, ['POST', 'PUT'])
    api.route({
      method: ['POST', 'PUT'],
      url: `/api/v1/admin/tsdb/${path}`,
      handler: async (request, reply) => {
        setCors(request, reply)
        try {
          const answer = await handler(context, request)
          return answer === undefined ? reply.code(204).send() : send(reply, answer)
        } catch (error) {
          return sendError(reply, error, context)
        }
      },
    })
  }
  addPages(api, context)
}

/** Upstream's router says which methods a path has, instead of denying the path. */
function refuseOtherMethods(api: FastifyInstance, url: string, methods: readonly string[]): void {
  const allow = [...methods, 'OPTIONS'].sort().join(', ')
  api.route({
    method: ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'].filter((method) => !methods.includes(method)),
    url,
    handler: (_request, reply) =>
      reply.code(405).header('allow', allow).type('text/plain; charset=utf-8').send('Method Not Allowed\n'),
  })
}

function corsSetter(pattern: string): (request: FastifyRequest, reply: FastifyReply) => void {
  const isAny = pattern === '.*'
  const regex = compileRegex(pattern, { anchored: true, dotAll: true })
  return (request, reply) => {
    const { origin } = request.headers
    if (origin === undefined) return
    reply.headers(CORS_HEADERS)
    if (isAny) reply.header('access-control-allow-origin', '*')
    else if (regex.test(origin)) reply.header('access-control-allow-origin', origin)
  }
}

function send(reply: FastifyReply, answer: Reply): FastifyReply {
  reply.header('content-type', 'application/json')
  if ('body' in answer) return reply.send(answer.body)
  const { data, warnings } = answer
  return reply.send(Buffer.from(stringifyGo({ status: 'success', data, ...(warnings !== undefined && { warnings }) })))
}

function sendError(reply: FastifyReply, error: unknown, context: ApiContext): FastifyReply {
  let known = apiErrorOf(error)
  if (known === undefined) {
    context.logger.error({ err: error }, 'request failed')
    known = new ApiError('internal', 'internal error')
  }
  reply.code(STATUS[known.kind]).header('content-type', 'application/json')
  return reply.send(Buffer.from(stringifyGo({ status: 'error', errorType: known.kind, error: known.message })))
}
