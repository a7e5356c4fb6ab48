import { HttpError, requestSignal } from '@quartet/runtime'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { AlertmanagerStatusDto } from '../../common/alerting.ts'
import type { DataSource } from '../provisioning/data-sources.ts'
import { nameOf, StoreError } from '../query/store-client.ts'
import { AlertingSummary } from './alerting-summary.ts'
import { readAlertmanagerConfig } from './alertmanager-config.ts'
import { requireRole } from './authentication.ts'
import { streamBodies } from './pass-on.ts'
import type { PassOn } from './pass-on.ts'
import { refusalOf, roleNeeded } from './proxy-rules.ts'
import { RULE_PATHS } from './rule-paths.ts'
import type { Services } from './services.ts'

/** Upstream's name for rules and notifications of Grafana's own, of which there are none here. */
const OWN = 'grafana'

type ByUid = { readonly Params: { readonly uid: string } }

/**
 * Upstream's ways to alerting: `/api/prometheus/:uid/api/v1/{rules,alerts}`, `/api/ruler/:uid/api/v1/rules`,
 * `/api/alertmanager/:uid/api/v2/*` and `/api/alertmanager/:uid/config/api/v1/alerts`; and `/api/alerting/summary`, our own.
 */
export function addAlertingRoutes(api: FastifyInstance, services: Services, passOn: PassOn): void {
  const find = (request: FastifyRequest<ByUid>, types: readonly string[]): DataSource => {
    const source = services.dataSources.find(request.params.uid)
    if (!source) throw new HttpError(404, 'Data source not found')
    if (!types.includes(source.type)) {
      throw new HttpError(400, `unexpected datasource type. expecting ${types.join(' or ')}, got ${source.type}`)
    }
    return source
  }
  const withRules = Object.keys(RULE_PATHS)
  const summary = new AlertingSummary(services)

  api.get('/api/alerting/summary', async (request) => {
    requireRole(request, 'Viewer')
    return summary.get()
  })

  for (const what of ['rules', 'alerts'] as const) {
    api.get<ByUid>(`/api/prometheus/:uid/api/v1/${what}`, async (request, reply) => {
      requireRole(request, 'Viewer')
      if (request.params.uid === OWN) {
        return { status: 'success', data: what === 'rules' ? { groups: [], totals: {} } : { alerts: [] } }
      }
      const source = find(request, withRules)
      return passOn(request, reply, source, `${RULE_PATHS[source.type].state}/${what}${queryOf(request)}`)
    })
  }

  api.get<ByUid>('/api/ruler/:uid/api/v1/rules', async (request) => {
    requireRole(request, 'Viewer')
    if (request.params.uid === OWN) return {}
    const source = find(request, withRules)
    const path = RULE_PATHS[source.type].ruler
    if (path === undefined) throw new HttpError(404, `${nameOf(source)} reads its rules from files, not by an API`)
    return parseYaml(source, await read(services, source, path, request))
  })

  api.get<ByUid>('/api/alertmanager/:uid/api/v2/status', async (request): Promise<AlertmanagerStatusDto> => {
    requireRole(request, 'Viewer')
    return statusOf(find(request, ['alertmanager']), request)
  })
  api.get<ByUid>('/api/alertmanager/:uid/config/api/v1/alerts', async (request) => {
    requireRole(request, 'Viewer')
    const { config } = await statusOf(find(request, ['alertmanager']), request)
    return { template_files: {}, alertmanager_config: config }
  })

  async function statusOf(source: DataSource, request: FastifyRequest): Promise<AlertmanagerStatusDto> {
    const text = await read(services, source, '/api/v2/status', request)
    let status: { config?: { original?: unknown } }
    try {
      status = JSON.parse(text) as typeof status
    } catch (cause) {
      throw new StoreError(502, `${nameOf(source)} did not answer with JSON`, cause)
    }
    const original = status.config?.original
    const config = typeof original === 'string' ? await parseYaml(source, original) : {}
    return { ...(status as unknown as AlertmanagerStatusDto), config: readAlertmanagerConfig(config) }
  }

  void api.register(async (scope) => {
    streamBodies(scope)
    scope.route<ByUid>({
      method: ['GET', 'POST', 'DELETE'],
      url: '/api/alertmanager/:uid/api/v2/*',
      exposeHeadRoute: false,
      handler: async (request, reply) => {
        requireRole(request, 'Viewer')
        const source = find(request, ['alertmanager'])
        const path = `/api/v2/${(request.raw.url ?? '').split('/api/v2/').slice(1).join('/api/v2/')}`
        const bare = path.split('?')[0]
        const refusal = refusalOf(source.type, request.method, bare)
        if (refusal !== undefined) throw new HttpError(403, refusal)
        requireRole(request, roleNeeded(source.type, request.method, bare))
        return passOn(request, reply, source, path)
      },
    })
  })
}

async function read(services: Services, source: DataSource, path: string, request: FastifyRequest): Promise<string> {
  const { status, text } = await services.stores.read(source, { method: 'GET', path, signal: requestSignal(request) })
  if (status === 404) throw new HttpError(404, `${nameOf(source)} has no ${path}`)
  if (status !== 200) throw new StoreError(502, `${nameOf(source)} answered ${status}: ${text.slice(0, 300)}`)
  return text
}

async function parseYaml(source: DataSource, text: string): Promise<unknown> {
  // Rarely needed: not part of what is loaded at start.
  const { parse } = await import('yaml')
  try {
    return parse(text) ?? {}
  } catch (cause) {
    throw new StoreError(502, `${nameOf(source)} answered with YAML that cannot be read`, cause)
  }
}

function queryOf(request: FastifyRequest): string {
  const url = request.raw.url ?? ''
  const start = url.indexOf('?')
  return start < 0 ? '' : url.slice(start)
}
