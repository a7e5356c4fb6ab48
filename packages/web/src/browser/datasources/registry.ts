import type { DataSourceApi, DataSourceInstanceSettings } from '@grafana/data'

type Create = (settings: DataSourceInstanceSettings) => Promise<unknown>

/** One line per data source type; each is loaded when the first query needs it. */
const types: Readonly<Record<string, Create>> = {
  prometheus: async (settings) => new (await import('./prometheus/data-source.ts')).PrometheusDataSource(settings),
  loki: async (settings) => new (await import('./loki/data-source.ts')).LokiDataSource(settings),
  tempo: async (settings) => new (await import('./tempo/data-source.ts')).TempoDataSource(settings),
  mixed: async (settings) => new (await import('./mixed/data-source.ts')).MixedDataSource(settings),
  grafana: async (settings) => new (await import('./empty/data-source.ts')).EmptyDataSource(settings),
}

export async function createDataSource(settings: DataSourceInstanceSettings): Promise<DataSourceApi> {
  const create = types[settings.type]
  if (!create) {
    throw new Error(`Data source "${settings.name}" is of type "${settings.type}", which Quartet cannot query yet`)
  }
  // Each source knows its own query type; the library hands queries through without looking into them.
  return (await create(settings)) as DataSourceApi
}

/** Data sources that every Grafana has without configuring them. */
export const builtInDataSources: readonly DataSourceInstanceSettings[] = [
  builtIn('-- Mixed --', 'mixed'),
  builtIn('-- Grafana --', 'grafana', ['grafana']),
]

function builtIn(uid: string, type: string, aliases: string[] = []): DataSourceInstanceSettings {
  return {
    id: -1,
    uid,
    name: uid,
    type,
    access: 'proxy',
    readOnly: true,
    jsonData: {},
    aliasIDs: aliases,
    meta: {
      id: type,
      name: uid,
      type: 'datasource' as DataSourceInstanceSettings['meta']['type'],
      module: '',
      baseUrl: '',
      builtIn: true,
      mixed: type === 'mixed',
      metrics: true,
      info: {
        author: { name: '' },
        description: '',
        links: [],
        logos: { small: '', large: '' },
        screenshots: [],
        updated: '',
        version: '',
      },
    },
  } as unknown as DataSourceInstanceSettings
}
