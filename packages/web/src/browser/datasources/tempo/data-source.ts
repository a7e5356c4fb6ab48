import {
  DataSourceApi,
  type DataFrame,
  type DataQueryRequest,
  type DataQueryResponse,
  type DataSourceInstanceSettings,
  type MetricFindValue,
  type TestDataSourceResponse,
} from '@grafana/data'
import type { Observable } from 'rxjs'
import { exploreUrl, metricDataSource } from '../../explore/url.ts'
import { interpolate } from '../../grafana/template-service.ts'
import { queryAll } from '../query-all.ts'
import { StoreClient } from '../store-client.ts'
import { metricsFrames, type TraceMetricsResponse } from './metrics-frame.ts'
import type { TraceResponse } from './otlp.ts'
import { filtersToTraceQl, isMetricsQuery, traceIdOf, type TempoQuery } from './query.ts'
import { serviceMapFrames, serviceMapQueries, type ServiceMapAnswers, type ServiceMapSample } from './service-map.ts'
import { spansFrame, tracesFrame, type SearchResponse } from './search-frame.ts'
import { traceFrame } from './trace-frame.ts'

const defaultLimit = 20
const defaultSpansPerTrace = 3

/** What Prometheus answers to an instant query that gives a vector. */
interface InstantAnswer {
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>
      readonly value: readonly [number, string]
    }[]
  }
}

type Query = TempoQuery & { refId: string }

export class TempoDataSource extends DataSourceApi<Query> {
  override annotations = {}
  readonly #client: StoreClient
  readonly #serviceMapUid: string | undefined

  constructor(settings: DataSourceInstanceSettings) {
    super(settings)
    const { serviceMap } = settings.jsonData as { serviceMap?: { datasourceUid?: string } }
    this.#serviceMapUid = serviceMap?.datasourceUid
    this.#client = new StoreClient(settings.uid)
  }

  override query(request: DataQueryRequest<Query>): Observable<DataQueryResponse> {
    return queryAll(request, (target, signal) => this.#queryTarget(target, request, signal))
  }

  /** Tags and values for completion and for variables: `tags`, or the name of a tag. */
  override async metricFindQuery(query: unknown): Promise<MetricFindValue[]> {
    const { type, label } = (typeof query === 'object' ? query : {}) as { type?: number; label?: string }
    const values = type === 1 && label ? await this.tagValues(label) : (await this.tagNames()).map(({ name }) => name)
    return values.map((value) => ({ text: value, value }))
  }

  async tagNames(signal?: AbortSignal): Promise<{ readonly scope: string; readonly name: string }[]> {
    type Answer = { readonly scopes?: readonly { readonly name: string; readonly tags?: readonly string[] }[] }
    const { scopes = [] } = await this.#client.get<Answer>('/api/v2/search/tags', {}, { signal })
    return scopes.flatMap(({ name: scope, tags = [] }) => tags.map((name) => ({ scope, name })))
  }

  async tagValues(tag: string, signal?: AbortSignal): Promise<string[]> {
    type Answer = { readonly tagValues?: readonly { readonly value: string }[] }
    const path = `/api/v2/search/tag/${encodeURIComponent(tag)}/values`
    return ((await this.#client.get<Answer>(path, {}, { signal })).tagValues ?? []).map(({ value }) => value)
  }

  override async testDatasource(): Promise<TestDataSourceResponse> {
    await this.#client.get('/api/v2/search/tags')
    return { status: 'success', message: 'Tempo answers.' }
  }

  override getQueryDisplayText(query: Query): string {
    if (query.queryType === 'serviceMap') return 'Service graph'
    return query.query ?? filtersToTraceQl(query.filters ?? [])
  }

  async #queryTarget(target: Query, request: DataQueryRequest<Query>, signal: AbortSignal): Promise<DataFrame[]> {
    if (target.queryType === 'serviceMap') return this.#serviceMap(target, request, signal)
    const isSearchForm = target.queryType === 'traceqlSearch' && !target.query
    const text = isSearchForm ? filtersToTraceQl(target.filters ?? []) : (target.query ?? '')
    const query = interpolate(text, request.scopedVars).trim()
    if (query === '') return []
    const traceId = traceIdOf(query)
    if (traceId !== undefined) return this.#trace(traceId, target.refId, signal)
    const window = {
      start: Math.floor(request.range.from.valueOf() / 1000),
      end: Math.ceil(request.range.to.valueOf() / 1000),
    }
    if (isMetricsQuery(query)) {
      const step = target.step ?? `${Math.max(1, Math.round(request.intervalMs / 1000))}s`
      const parameters = { q: query, ...window, step }
      const response = await this.#client.get<TraceMetricsResponse>('/api/metrics/query_range', parameters, { signal })
      return metricsFrames(response, target.refId)
    }
    return [await this.#search(query, window, target, signal)]
  }

  /** Reads the metrics that Tempo makes from traces, from the Prometheus data source that `serviceMap` names. */
  async #serviceMap(target: Query, request: DataQueryRequest<Query>, signal: AbortSignal): Promise<DataFrame[]> {
    const uid = this.#serviceMapUid ?? metricDataSource()?.uid
    if (uid === undefined) {
      throw new Error(
        'The service map needs a Prometheus data source: name it in the setting "Service graph" of this one',
      )
    }
    const { from, raw, to } = request.range
    const client = new StoreClient(uid)
    const ask = async (query: string): Promise<ServiceMapSample[]> => {
      const parameters = { query, time: to.valueOf() / 1000 }
      const { data } = await client.postForm<InstantAnswer>('/api/v1/query', parameters, { signal })
      return data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }))
    }
    const seconds = (to.valueOf() - from.valueOf()) / 1000
    const filters = [target.serviceMapQuery ?? ''].flat().map((text) => interpolate(text, request.scopedVars))
    const queries = serviceMapQueries(filters, seconds)
    const range = { from: String(raw.from.valueOf()), to: String(raw.to.valueOf()) }
    const links = {
      promql: (expr: string) => exploreUrl({ datasource: uid, queries: [{ refId: 'A', expr }], range }),
      traceql: (query: string) =>
        exploreUrl({ datasource: this.uid, queries: [{ refId: 'A', queryType: 'traceql', query }], range }),
    }
    const names = Object.keys(queries) as (keyof ServiceMapAnswers)[]
    const answers = await Promise.all(names.map((name) => ask(queries[name])))
    const byName = Object.fromEntries(
      names.map((name, index) => [name, answers[index]]),
    ) as unknown as ServiceMapAnswers
    return serviceMapFrames(byName, links, target.refId)
  }

  async #trace(traceId: string, refId: string, signal: AbortSignal): Promise<DataFrame[]> {
    const path = `/api/v2/traces/${traceId}`
    return [traceFrame(await this.#client.get<TraceResponse>(path, {}, { signal }), refId)]
  }

  async #search(
    query: string,
    window: { readonly start: number; readonly end: number },
    target: Query,
    signal: AbortSignal,
  ): Promise<DataFrame> {
    const limit = target.limit ?? defaultLimit
    const parameters = { q: query, limit, spss: target.spss ?? defaultSpansPerTrace, ...window }
    const response = await this.#client.get<SearchResponse>('/api/search', parameters, { signal })
    const traceUrl = exploreUrl({ datasource: this.uid, queries: [{ refId: 'A', query: '${__value.raw}' }] })
    const options = { refId: target.refId, traceUrl }
    return target.tableType === 'spans' ? spansFrame(response, options) : tracesFrame(response, options)
  }
}
