import {
  DataSourceApi,
  rangeUtil,
  type AdHocVariableFilter,
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
import { exploreUrl, traceDataSource } from '../../explore/url.ts'
import { interpolate } from '../../grafana/template-service.ts'
import { formatForSelector } from '../escape.ts'
import { queryAll } from '../query-all.ts'
import { StoreClient } from '../store-client.ts'
import { addFilters } from './ad-hoc.ts'
import { annotationSupport } from './annotations.ts'
import { exemplarFrames, type ExemplarResponse } from './exemplars.ts'
import { framesOf } from './frames.ts'
import type { PrometheusQuery } from './query.ts'
import type { PrometheusResponse } from './response.ts'
import { stepOf, type Step } from './step.ts'
import { parseVariableQuery, variableQueryText } from './variable-query.ts'

interface PrometheusSettings {
  readonly timeInterval?: string
  readonly httpMethod?: string
}

type Request = DataQueryRequest<PrometheusQuery> & { readonly filters?: AdHocVariableFilter[] }

/** Prometheus and everything that speaks its query API. */
export class PrometheusDataSource extends DataSourceApi<PrometheusQuery> {
  override annotations = annotationSupport
  override interval: string
  readonly #client: StoreClient
  readonly #scrapeIntervalMs: number

  constructor(settings: DataSourceInstanceSettings) {
    super(settings)
    const { timeInterval } = settings.jsonData as PrometheusSettings
    this.interval = timeInterval && timeInterval !== '' ? timeInterval : '15s'
    this.#scrapeIntervalMs = rangeUtil.intervalToMs(this.interval)
    this.#client = new StoreClient(settings.uid)
  }

  override query(request: Request): Observable<DataQueryResponse> {
    return queryAll(request, (target, signal) => this.#queryTarget(target, request, signal))
  }

  override filterQuery(query: PrometheusQuery): boolean {
    return query.hide !== true && (query.expr ?? '').trim() !== ''
  }

  override async metricFindQuery(
    query: unknown,
    options: { readonly range?: TimeRange; readonly scopedVars?: ScopedVars } = {},
  ): Promise<MetricFindValue[]> {
    const text = interpolate(variableQueryText(query), withRange(options.scopedVars, options.range), formatForSelector)
    if (text.trim() === '') return []
    return (await this.#findValues(text, options.range)).map((value) => ({ text: value, value }))
  }

  override async getTagKeys(): Promise<MetricFindValue[]> {
    return (await this.#labels('/api/v1/labels')).map((text) => ({ text }))
  }

  override async getTagValues({ key }: { readonly key: string }): Promise<MetricFindValue[]> {
    return (await this.#labels(`/api/v1/label/${encodeURIComponent(key)}/values`)).map((text) => ({ text }))
  }

  override async testDatasource(): Promise<TestDataSourceResponse> {
    await this.#client.get('/api/v1/query', { query: '1' })
    return { status: 'success', message: 'Prometheus answers.' }
  }

  override getQueryDisplayText(query: PrometheusQuery): string {
    return query.expr
  }

  async #queryTarget(target: PrometheusQuery, request: Request, signal: AbortSignal): Promise<DataFrame[]> {
    const step = this.#step(target, request)
    const scopedVars = withIntervals(withRange(request.scopedVars, request.range), step)
    const filled = interpolate(target.expr ?? '', scopedVars, formatForSelector)
    if (filled.trim() === '') return []
    const expr = addFilters(filled, request.filters ?? [])
    const legend = target.legendFormat === undefined ? undefined : interpolate(target.legendFormat, scopedVars)
    const context = { target: { ...target, ...(legend === undefined ? {} : { legendFormat: legend }) }, expr }
    const wantsRange = target.range ?? target.instant !== true
    const answers: Promise<DataFrame[]>[] = []
    if (wantsRange) answers.push(this.#range(expr, step, signal).then((r) => framesOf(r, { ...context, grid: step })))
    if (target.instant) {
      const format = wantsRange ? ('table' as const) : target.format
      const target_ = { ...context.target, ...(format === undefined ? {} : { format }) }
      answers.push(this.#instant(expr, request.range, signal).then((r) => framesOf(r, { ...context, target: target_ })))
    }
    if (target.exemplar) answers.push(this.#exemplars(expr, target.refId, step, signal))
    return (await Promise.all(answers)).flat()
  }

  #step(target: PrometheusQuery, request: Request): Step {
    const minimum = interpolate(target.interval ?? '', request.scopedVars)
    const minimumMs = minimum === '' ? this.#scrapeIntervalMs : rangeUtil.intervalToMs(minimum.replace(/^[<>=]+/, ''))
    return stepOf({
      startMs: request.range.from.valueOf(),
      endMs: request.range.to.valueOf(),
      intervalMs: request.intervalMs,
      minimumMs,
      scrapeIntervalMs: this.#scrapeIntervalMs,
      intervalFactor: target.intervalFactor ?? 1,
    })
  }

  #range(query: string, step: Step, signal: AbortSignal): Promise<PrometheusResponse> {
    const { startMs, endMs, stepMs } = step
    const parameters = { query, start: startMs / 1000, end: endMs / 1000, step: stepMs / 1000 }
    return this.#client.postForm('/api/v1/query_range', parameters, { signal })
  }

  #instant(query: string, range: TimeRange, signal?: AbortSignal): Promise<PrometheusResponse> {
    return this.#client.postForm('/api/v1/query', { query, time: range.to.valueOf() / 1000 }, { signal })
  }

  async #exemplars(query: string, refId: string, step: Step, signal: AbortSignal): Promise<DataFrame[]> {
    const parameters = { query, start: step.startMs / 1000, end: (step.endMs + step.stepMs) / 1000 }
    const response = await this.#client.postForm<ExemplarResponse>('/api/v1/query_exemplars', parameters, { signal })
    const traces = traceDataSource()
    const traceUrl = (traceId: string): string | undefined =>
      traces && exploreUrl({ datasource: traces.uid, queries: [{ refId: 'A', query: traceId }] })
    return exemplarFrames(response, { refId, traceUrl })
  }

  async #findValues(text: string, range: TimeRange | undefined): Promise<string[]> {
    const query = parseVariableQuery(text)
    const window = range ? { start: range.from.valueOf() / 1000, end: range.to.valueOf() / 1000 } : {}
    switch (query.kind) {
      case 'label_names':
        return this.#labels('/api/v1/labels', { ...window, 'match[]': query.match })
      case 'label_values':
        return this.#labels(`/api/v1/label/${encodeURIComponent(query.label)}/values`, {
          ...window,
          'match[]': query.match,
        })
      case 'metrics': {
        const pattern = new RegExp(query.pattern)
        return (await this.#labels('/api/v1/label/__name__/values', window)).filter((name) => pattern.test(name))
      }
      case 'query_result': {
        const response = await this.#client.postForm<PrometheusResponse>('/api/v1/query', { query: query.expr })
        const { data } = response
        if (data.resultType !== 'vector') return data.resultType === 'matrix' ? [] : [data.result[1]]
        return data.result.map(({ metric, value }) => resultText(metric, value))
      }
      case 'series': {
        const parameters = { ...window, 'match[]': query.match }
        const { data } = await this.#client.get<{ data: Record<string, string>[] }>('/api/v1/series', parameters)
        return data.map((labels) => resultText(labels, undefined))
      }
    }
  }

  async #labels(path: string, parameters: Record<string, string | number | undefined> = {}): Promise<string[]> {
    return (await this.#client.get<{ data: string[] }>(path, parameters)).data
  }
}

/** `metric{a="b"} 1 1700000000000`, the text that dashboards' regexes pick values from. */
function resultText(labels: Record<string, string>, value: readonly [number, string] | undefined): string {
  const { __name__: metric = '', ...rest } = labels
  const pairs = Object.entries(rest).map(([name, text]) => `${name}="${text}"`)
  const series = `${metric}{${pairs.join(',')}}`
  return value ? `${series} ${value[1]} ${Math.round(value[0] * 1000)}` : series
}

function withRange(scopedVars: ScopedVars | undefined, range: TimeRange | undefined): ScopedVars {
  if (!range) return scopedVars ?? {}
  const rangeMs = range.to.valueOf() - range.from.valueOf()
  const rangeSeconds = Math.max(1, Math.round(rangeMs / 1000))
  return {
    ...scopedVars,
    __range: scoped(`${rangeSeconds}s`),
    __range_s: scoped(rangeSeconds),
    __range_ms: scoped(rangeMs),
  }
}

function withIntervals(scopedVars: ScopedVars, { stepMs, rateIntervalMs }: Step): ScopedVars {
  return {
    ...scopedVars,
    __interval: scoped(rangeUtil.secondsToHms(stepMs / 1000) || `${stepMs}ms`),
    __interval_ms: scoped(stepMs),
    __rate_interval: scoped(`${Math.round(rateIntervalMs / 1000)}s`),
    __rate_interval_ms: scoped(rateIntervalMs),
  }
}

function scoped(value: string | number): { text: string; value: string | number } {
  return { text: String(value), value }
}
