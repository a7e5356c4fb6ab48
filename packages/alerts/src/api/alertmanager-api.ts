import { ConfigError, HttpError } from '@quartet/runtime'
import type { HttpServer } from '@quartet/runtime'
import { WalError } from '@quartet/storage'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { printConfig } from '../config/print-config.ts'
import { addAlertsApi } from './alerts-api.ts'
import type { ApiOptions } from './api-options.ts'
import { BadRequest, reply, replyCode, REQUIRED } from './errors.ts'
import { addSilencesApi } from './silences-api.ts'
import { jsonTime } from './v2-json.ts'

const VERSION = '0.30.0'

/** Upstream's HTTP surface below `prefix` (`''` or `/path`). */
export function addAlertmanagerApi(server: HttpServer, options: ApiOptions, prefix: string): void {
  const { engine, logger, reload, startedAtMs } = options
  const { api } = server

  void api.register(
    (v2, _options, done) => {
      // `Access-Control-Allow-Origin: *` and no caching, as upstream has it on the whole API.
      v2.addHook('onSend', async (request, response) => {
        response.header('cache-control', 'no-store')
        if (request.method === 'OPTIONS') return
        if (request.headers.origin !== undefined) response.header('access-control-allow-origin', '*')
        response.header('vary', 'Origin')
      })
      v2.setErrorHandler((error, request, response) => {
        if (error instanceof BadRequest) {
          if (error.code !== undefined) return replyCode(response, error.status, error.code, error.message)
          return reply(response, JSON.stringify(error.message), error.status)
        }
        const status = statusOf(error)
        const message = error instanceof Error ? error.message : String(error)
        if (status >= 500) logger.error({ err: error, path: request.url }, 'request failed')
        // A disk that refuses is the server's fault, and the client may come again.
        if (error instanceof WalError) return reply(response, JSON.stringify(message), 500)
        const name = request.url.includes('/alerts') ? 'alerts' : 'silence'
        const kind = (error as { code?: unknown } | null)?.code
        if (kind === 'FST_ERR_CTP_EMPTY_JSON_BODY') {
          return replyCode(response, 422, REQUIRED, `${name} in body is required`)
        }
        if (kind === 'FST_ERR_CTP_INVALID_JSON_BODY') {
          return replyCode(response, 400, 400, `parsing ${name} body from "" failed, because it is not valid JSON`)
        }
        return replyCode(response, status, status, status >= 500 ? 'internal server error' : message)
      })
      v2.setNotFoundHandler((request, response) => {
        void replyCode(response, 404, 404, `path ${request.url.split('?')[0]} was not found`)
      })
      v2.options('/*', async (request, response) => preflight(request, response))
      v2.get('/status', async (_request, response) =>
        reply(
          response,
          JSON.stringify({
            cluster: { peers: [], status: 'disabled' },
            config: { original: printConfig(engine().config) },
            uptime: jsonTime(startedAtMs),
            versionInfo: {
              branch: 'HEAD',
              buildDate: '',
              buildUser: 'quartet',
              goVersion: `node ${process.version}`,
              revision: 'quartet',
              version: VERSION,
            },
          }),
        ),
      )
      v2.get('/receivers', async (_request, response) =>
        reply(response, JSON.stringify((engine().config.receivers ?? []).map(({ name }) => ({ name })))),
      )
      addAlertsApi(v2, options)
      addSilencesApi(v2, options)
      done()
    },
    { prefix: `${prefix}/api/v2` },
  )

  api.all(`${prefix}/api/v1/*`, async (_request, response) =>
    reply(
      response,
      JSON.stringify({
        status: 'deprecated',
        error:
          'The Alertmanager v1 API was deprecated in version 0.16.0 and is removed as of version 0.27.0 - please use the equivalent route in the v2 API',
      }),
      410,
    ),
  )

  api.post(`${prefix}/-/reload`, async (_request, response) => {
    try {
      await reload()
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      throw new HttpError(500, `failed to reload config: ${error.message}`, { cause: error })
    }
    return response.code(200).send()
  })
}

const CORS_METHODS = new Set(['GET', 'POST', 'HEAD'])
const CORS_HEADERS = new Set(['accept', 'content-type', 'x-requested-with', 'origin'])

/** What upstream lets other origins do: read and create, not delete. */
function preflight({ headers }: FastifyRequest, response: FastifyReply): FastifyReply {
  const method = String(headers['access-control-request-method'] ?? '').toUpperCase()
  const asked = String(headers['access-control-request-headers'] ?? '')
  const names = asked.split(',').map((name) => name.trim().toLowerCase())
  const isAllowed = CORS_METHODS.has(method) && names.every((name) => name === '' || CORS_HEADERS.has(name))
  response.header('vary', 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers').code(204)
  if (headers.origin !== undefined && isAllowed) {
    response.header('access-control-allow-origin', '*').header('access-control-allow-methods', method)
    if (asked !== '') response.header('access-control-allow-headers', asked)
  }
  return response.send()
}

function statusOf(error: unknown): number {
  const status = (error as { statusCode?: unknown; status?: unknown } | null)?.statusCode
  return typeof status === 'number' && status >= 400 ? status : 500
}
