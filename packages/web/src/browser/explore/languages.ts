import type { ExploreQuery } from './panes.ts'

/** How each kind of data source is queried in Explore. */
export interface Language {
  readonly name: string
  /** Property of the query that holds the text. */
  readonly property: 'expr' | 'query'
  readonly placeholder: string
  readonly defaults: Readonly<Record<string, unknown>>
}

const languages: Readonly<Record<string, Language>> = {
  prometheus: {
    name: 'PromQL',
    property: 'expr',
    placeholder: 'sum by (job) (rate(http_server_request_duration_seconds_count[$__rate_interval]))',
    defaults: { range: true, instant: true, exemplar: false, legendFormat: '__auto' },
  },
  loki: {
    name: 'LogQL',
    property: 'expr',
    placeholder: '{service_name="checkout"} |= "error"',
    defaults: { queryType: 'range' },
  },
  tempo: {
    name: 'TraceQL',
    property: 'query',
    placeholder: '{ resource.service.name = "checkout" && duration > 100ms }, or a trace id',
    defaults: { queryType: 'traceql', limit: 20, tableType: 'traces' },
  },
}

export function languageOf(type: string): Language | undefined {
  return languages[type]
}

export function emptyQuery(type: string): ExploreQuery {
  const language = languages[type]
  return { refId: 'A', ...(language ? { [language.property]: '' } : {}) }
}

/** Whether the query asks for something by itself: a service graph needs no text. */
export function isComplete(query: ExploreQuery, language: Language): boolean {
  return isServiceMap(query) || queryText(query, language).trim() !== ''
}

export function isServiceMap(query: ExploreQuery): boolean {
  return query['queryType'] === 'serviceMap'
}

export function queryText(query: ExploreQuery, language: Language): string {
  const text = query[language.property]
  return typeof text === 'string' ? text : ''
}
