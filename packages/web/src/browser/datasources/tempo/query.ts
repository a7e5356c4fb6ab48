import type { DataQuery } from '@grafana/data'

/** A Tempo target as dashboards store it. */
export interface TempoQuery extends Omit<DataQuery, 'queryType'> {
  /** TraceQL, or a trace id. */
  query?: string
  queryType?: 'traceql' | 'traceqlSearch' | 'traceId' | 'nativeSearch' | 'serviceMap'
  filters?: readonly SearchFilter[]
  /** Most traces to find. */
  limit?: number
  /** Most spans per trace to show. */
  spss?: number
  tableType?: 'traces' | 'spans'
  /** Of a service map: a selector over client and server in braces, or several. */
  serviceMapQuery?: string | readonly string[]
  step?: string
}

/** One line of the search form. */
export interface SearchFilter {
  readonly id?: string
  readonly scope?: 'resource' | 'span' | 'intrinsic' | 'unscoped' | 'event' | 'link' | 'instrumentation'
  readonly tag?: string
  readonly operator?: string
  readonly value?: string | readonly string[]
  readonly valueType?: string
}

/** Tempo accepts ids with their leading zeros left out. */
export function traceIdOf(query: string): string | undefined {
  const text = query.trim()
  return /^[0-9a-fA-F]{1,32}$/.test(text) && /[0-9a-fA-F]{8}/.test(text) ? text.toLowerCase() : undefined
}

/** The search form as TraceQL. */
export function filtersToTraceQl(filters: readonly SearchFilter[]): string {
  const conditions = filters.flatMap((filter) => {
    const { tag, value } = filter
    if (!tag || value === undefined || value.length === 0) return []
    const name = attributeName(filter)
    const operator = filter.operator ?? '='
    if (typeof value === 'string') return [`${name}${operator}${literal(value, filter.valueType)}`]
    const anyOf = value.map((item) => `${name}${operator}${literal(item, filter.valueType)}`)
    return [anyOf.length === 1 ? (anyOf[0] as string) : `(${anyOf.join(operator === '!=' ? ' && ' : ' || ')})`]
  })
  return `{${conditions.join(' && ')}}`
}

function attributeName({ scope, tag }: SearchFilter): string {
  if (scope === 'intrinsic') return tag ?? ''
  return scope === undefined || scope === 'unscoped' ? `.${tag}` : `${scope}.${tag}`
}

function literal(value: string, valueType: string | undefined): string {
  if (valueType === 'string' || valueType === undefined) return JSON.stringify(value)
  return value
}

/** TraceQL with a metrics function at its end gives numbers over time, not traces. */
export function isMetricsQuery(query: string): boolean {
  return /\|\s*(rate|count_over_time|(sum|avg|min|max)_over_time|quantile_over_time|histogram_over_time|compare)\s*\(/.test(
    query.replace(/"(?:[^"\\]|\\.)*"|`[^`]*`/g, '""'),
  )
}
