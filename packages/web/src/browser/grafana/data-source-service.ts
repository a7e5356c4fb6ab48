import type { DataSourceApi, DataSourceInstanceSettings, DataSourceRef, ScopedVars } from '@grafana/data'
import type { DataSourceSrv, GetDataSourceListFilters } from '@grafana/runtime'
import type { DataSourceDto } from '../../common/api.ts'
import { bootData } from '../app/boot-data.ts'
import { builtInDataSources, createDataSource } from '../datasources/registry.ts'
import { interpolate } from './template-service.ts'

type Reference = DataSourceRef | string | null | undefined

/** Finds data sources by uid, name, type or variable, and makes one instance of each. */
class DataSourceService implements DataSourceSrv {
  readonly #instances = new Map<string, Promise<DataSourceApi>>()
  readonly #settings: readonly DataSourceInstanceSettings[]

  constructor(dataSources: readonly DataSourceDto[]) {
    this.#settings = dataSources.map(instanceSettings)
  }

  get(reference?: Reference, scopedVars?: ScopedVars): Promise<DataSourceApi> {
    const settings = this.getInstanceSettings(reference, scopedVars)
    if (!settings) return Promise.reject(new Error(`There is no data source ${describe(reference)}`))
    let instance = this.#instances.get(settings.uid)
    if (!instance) {
      instance = createDataSource(settings)
      this.#instances.set(settings.uid, instance)
    }
    return instance
  }

  getList(filters: GetDataSourceListFilters = {}): DataSourceInstanceSettings[] {
    const listed = this.#settings.filter((settings) => matches(settings, filters))
    return filters.mixed ? [...listed, ...builtInDataSources.filter((s) => s.uid === '-- Mixed --')] : listed
  }

  getInstanceSettings(reference?: Reference, scopedVars?: ScopedVars): DataSourceInstanceSettings | undefined {
    const byDefault = this.#settings.find((settings) => settings.isDefault) ?? this.#settings[0]
    if (reference === null || reference === undefined) return byDefault
    const raw = typeof reference === 'string' ? reference : reference.uid
    const type = typeof reference === 'string' ? undefined : reference.type
    if (raw === undefined || raw === '') return this.#settings.find((settings) => settings.type === type) ?? byDefault
    const wanted = interpolate(raw, scopedVars)
    if (wanted === 'default') return byDefault
    return [...this.#settings, ...builtInDataSources].find(({ uid, name }) => uid === wanted || name === wanted)
  }

  reload(): void {
    this.#instances.clear()
  }

  registerRuntimeDataSource(): void {
    // The dashboard runtime keeps its own data sources.
  }
}

function instanceSettings(dto: DataSourceDto, index: number): DataSourceInstanceSettings {
  return {
    id: index + 1,
    uid: dto.uid,
    name: dto.name,
    type: dto.type,
    url: `${bootData.settings.appSubUrl}/api/datasources/proxy/uid/${dto.uid}`,
    access: 'proxy',
    isDefault: dto.isDefault,
    readOnly: dto.readOnly,
    jsonData: dto.jsonData as DataSourceInstanceSettings['jsonData'],
    meta: {
      id: dto.type,
      name: dto.name,
      type: 'datasource' as DataSourceInstanceSettings['meta']['type'],
      module: '',
      baseUrl: '',
      annotations: true,
      metrics: true,
      logs: dto.type === 'loki',
      tracing: dto.type === 'tempo',
      info: {
        author: { name: '' },
        description: '',
        links: [],
        logos: { small: logoOf(dto.type), large: logoOf(dto.type) },
        screenshots: [],
        updated: '',
        version: '',
      },
    },
  }
}

function logoOf(type: string): string {
  const known = ['prometheus', 'loki', 'tempo', 'alertmanager'].includes(type) ? type : 'quartet'
  return `${bootData.settings.appSubUrl}/public/img/${known}.svg`
}

function matches(settings: DataSourceInstanceSettings, filters: GetDataSourceListFilters): boolean {
  if (filters.filter && !filters.filter(settings)) return false
  if (filters.logs && !settings.meta.logs) return false
  if (filters.tracing && !settings.meta.tracing) return false
  if (filters.pluginId !== undefined && settings.type !== filters.pluginId) return false
  if (filters.type !== undefined) return [filters.type].flat().includes(settings.type)
  return true
}

function describe(reference: Reference): string {
  if (reference === null || reference === undefined) return '(default): none is configured'
  return typeof reference === 'string' ? `"${reference}"` : `"${reference.uid ?? reference.type ?? ''}"`
}

export const dataSourceService = new DataSourceService(bootData.dataSources)
