import {
  DataSourceApi,
  rangeUtil,
  type DataFrame,
  type DataQueryRequest,
  type DataQueryResponse,
  type DataSourceInstanceSettings,
  type MetricFindValue,
  type ScopedVars,
  type TestDataSourceResponse,
  type TimeRange,
} from '@grafana/data'
import type { Observable } from 'rxjs'
import { interpolate } from '../../grafana/template-service.ts'
import { formatForSelector } from '../escape.ts'
import { framesOf } from '../prometheus/frames.ts'
import { queryAll } from '../query-all.ts'
import { StoreClient } from '../store-client.ts'
import { isLogsQuery } from './expression.ts'
import { logFrame } from './log-frame.ts'
import type { LokiQuery } from './query.ts'
import type { LokiResponse } from './response.ts'
import { parseLokiVariableQuery } from './variable-query.ts'

const defaultMaximumLines = 1000
/** Asks Loki to say which labels are of the stream, which structured metadata and which parsed. */
const categorizeLabels = { 'X-Loki-Response-Encoding-Flags': 'categorize-labels' }

export class LokiDataSource extends DataSourceApi<LokiQuery> {
  override annotations = {}
  readonly #client: StoreClient
  readonly #maximumLines: number

  constructor(settings: DataSourceInstanceSettings) {
    super(settings)
    const { maxLines } = settings.jsonData as { maxLines?: string | number }
    this.#maximumLines = Number(maxLines) || defaultMaximumLines
    this.#client = new StoreClient(settings.uid)
  }

  override query(request: DataQueryRequest<LokiQuery>): Observable<DataQueryResponse> {
    return queryAll(request, (target, signal) => this.#queryTarget(target, request, signal))
  }

  override filterQuery(query: LokiQuery): boolean {
    return query.hide !== true && (query.expr ?? '').trim() !== ''
  }

  override async metricFindQuery(
    stored: unknown,
    options: { readonly range?: TimeRange; readonly scopedVars?: ScopedVars } = {},
  ): Promise<MetricFindValue[]> {
    const text = interpolate(JSON.stringify(stored ?? ''), options.scopedVars, (value) =>
      JSON.stringify(formatForSelector(value)).slice(1, -1),
    )
    const query = parseLokiVariableQuery(JSON.parse(text))
    const window = options.range ? nanosecondWindow(options.range) : {}
    const values =
      query.kind === 'label_names'
        ? await this.#labels('/loki/api/v1/labels', window)
        : await this.#labels(`/loki/api/v1/label/${encodeURIComponent(query.label)}/values`, {
            ...window,
            query: query.stream,
          })
    return values.map((value) => ({ text: value, value }))
  }

  override async getTagKeys(): Promise<MetricFindValue[]> {
    return (await this.#labels('/loki/api/v1/labels', {})).map((text) => ({ text }))
  }

  override async getTagValues({ key }: { readonly key: string }): Promise<MetricFindValue[]> {
    return (await this.#labels(`/loki/api/v1/label/${encodeURIComponent(key)}/values`, {})).map((text) => ({ text }))
  }

  override async testDatasource(): Promise<TestDataSourceResponse> {
    await this.#client.get('/loki/api/v1/labels')
    return { status: 'success', message: 'Loki answers.' }
  }

  override getQueryDisplayText(query: LokiQuery): string {
    return query.expr
  }

  async #queryTarget(
    target: LokiQuery,
    request: DataQueryRequest<LokiQuery>,
    signal: AbortSignal,
  ): Promise<DataFrame[]> {
    const stepMs = this.#stepMs(target, request)
    const scopedVars = withIntervals(request, stepMs)
    const expr = interpolate(target.expr ?? '', scopedVars, formatForSelector)
    if (expr.trim() === '') return []
    const isLogs = isLogsQuery(expr)
    const direction = target.direction ?? 'backward'
    const isInstant = !isLogs && (target.queryType === 'instant' || (target.instant === true && !target.queryType))
    const { start, end } = nanosecondWindow(request.range)
    const limit = target.maxLines ?? this.#maximumLines
    const response = isInstant
      ? await this.#client.get<LokiResponse>('/loki/api/v1/query', { query: expr, time: end, limit }, { signal })
      : await this.#client.get<LokiResponse>(
          '/loki/api/v1/query_range',
          { query: expr, start, end, step: stepMs / 1000, limit, direction },
          { signal, headers: categorizeLabels },
        )
    if (response.data.resultType === 'streams') {
      return [withLimit(logFrame(response.data.result, { refId: target.refId, expr, direction }), limit)]
    }
    const { legendFormat } = target
    return framesOf(
      { status: 'success', data: response.data },
      { target: { refId: target.refId, ...(legendFormat ? { legendFormat } : {}) }, expr },
    )
  }

  #stepMs(target: LokiQuery, request: DataQueryRequest<LokiQuery>): number {
    const wanted = interpolate(target.step ?? '', request.scopedVars)
    const rangeMs = request.range.to.valueOf() - request.range.from.valueOf()
    const safeMs = Math.ceil(rangeMs / 11_000)
    if (wanted !== '') return Math.max(rangeUtil.intervalToMs(wanted), safeMs)
    return Math.max(1000, request.intervalMs * (target.resolution ?? 1), safeMs)
  }

  async #labels(path: string, parameters: Record<string, string | undefined>): Promise<string[]> {
    // Loki leaves `data` out when there is nothing.
    return (await this.#client.get<{ data?: string[] }>(path, parameters)).data ?? []
  }
}

function withLimit(frame: DataFrame, limit: number): DataFrame {
  frame.meta = { ...frame.meta, limit }
  return frame
}

function nanosecondWindow(range: TimeRange): { start: string; end: string } {
  return { start: `${range.from.valueOf()}000000`, end: `${range.to.valueOf()}000000` }
}

function withIntervals(request: DataQueryRequest<LokiQuery>, stepMs: number): ScopedVars {
  const rangeMs = request.range.to.valueOf() - request.range.from.valueOf()
  const values: Record<string, string | number> = {
    __auto: `${Math.max(1, Math.round(stepMs / 1000))}s`,
    __interval: `${Math.max(1, Math.round(stepMs / 1000))}s`,
    __interval_ms: stepMs,
    __range: `${Math.max(1, Math.round(rangeMs / 1000))}s`,
    __range_s: Math.max(1, Math.round(rangeMs / 1000)),
    __range_ms: rangeMs,
    __rate_interval: `${Math.max(60, Math.round(stepMs / 1000))}s`,
  }
  const scoped = Object.entries(values).map(([name, value]) => [name, { text: String(value), value }] as const)
  return { ...request.scopedVars, ...Object.fromEntries(scoped) }
}
