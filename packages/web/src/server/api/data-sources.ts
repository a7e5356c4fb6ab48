import { ConfigError, HttpError, requestSignal } from '@quartet/runtime'
import type { FastifyInstance } from 'fastify'
import type { DataSourceHealthDto } from '../../common/api.ts'
import { describeDataSource } from '../provisioning/data-sources.ts'
import type { DataSource } from '../provisioning/data-sources.ts'
import { nameOf, StoreError } from '../query/store-client.ts'
import type { Services } from './services.ts'
import { requireServerAdmin, requireUser } from './authentication.ts'

export function addDataSourceRoutes(api: FastifyInstance, services: Services): void {
  const find = (reference: string): DataSource => {
    const source = services.dataSources.find(reference)
    if (!source) throw new HttpError(404, 'Data source not found')
    return source
  }

  api.get('/api/datasources', async (request) => {
    requireUser(request)
    return services.dataSources.list.map(describeDataSource)
  })
  api.get<{ Params: { uid: string } }>('/api/datasources/uid/:uid', async (request) => {
    requireUser(request)
    return describeDataSource(find(request.params.uid))
  })
  api.get<{ Params: { name: string } }>('/api/datasources/name/:name', async (request) => {
    requireUser(request)
    const source = services.dataSources.list.find(({ name }) => name === request.params.name)
    if (!source) throw new HttpError(404, 'Data source not found')
    return describeDataSource(source)
  })
  api.get<{ Params: { id: string } }>('/api/datasources/:id', async (request) => {
    requireUser(request)
    const source = services.dataSources.list.find(({ id }) => String(id) === request.params.id)
    if (!source) throw new HttpError(404, 'Data source not found')
    return describeDataSource(source)
  })
  api.get<{ Params: { uid: string } }>('/api/datasources/uid/:uid/health', async (request) => {
    requireUser(request)
    return checkHealth(services, find(request.params.uid), requestSignal(request))
  })

  api.get('/api/admin/provisioning/status', async (request) => {
    requireServerAdmin(request)
    return { dashboards: services.provisioner.status }
  })
  const reload = (what: string, action: () => Promise<void>) => {
    api.post(`/api/admin/provisioning/${what}/reload`, async (request) => {
      requireServerAdmin(request)
      try {
        await action()
      } catch (error) {
        if (error instanceof ConfigError) throw new HttpError(500, error.problems.join('\n'))
        throw error
      }
      return { message: `${what === 'dashboards' ? 'Dashboards' : 'Datasources'} config reloaded` }
    })
  }
  reload('dashboards', services.reloadDashboards)
  reload('datasources', services.reloadDataSources)
}

const PROBES: Readonly<Record<string, string>> = {
  prometheus: '/api/v1/query?query=1%2B1',
  loki: '/loki/api/v1/labels',
  tempo: '/api/echo',
  alertmanager: '/api/v2/status',
}

async function checkHealth(services: Services, source: DataSource, signal: AbortSignal): Promise<DataSourceHealthDto> {
  const path = PROBES[source.type]
  if (path === undefined) return { status: 'UNKNOWN', message: `Data sources of type ${source.type} are not supported` }
  try {
    const { status, text } = await services.stores.read(source, { method: 'GET', path, signal })
    if (status === 200) return { status: 'OK', message: SUCCESS[source.type] }
    return { status: 'ERROR', message: `${nameOf(source)} answered ${status}: ${text.slice(0, 300)}` }
  } catch (error) {
    if (error instanceof StoreError) return { status: 'ERROR', message: error.message }
    throw error
  }
}

const SUCCESS: Readonly<Record<string, string>> = {
  prometheus: 'Successfully queried the Prometheus API.',
  loki: 'Data source successfully connected.',
  tempo: 'Data source is working',
  alertmanager: 'Health check passed.',
}
