import { doubleToJson } from '@quartet/model'
import type { Attribute } from '../query/ast.ts'
import type { Spanset } from '../query/pipeline.ts'
import type { FoundTrace, SearchResult } from '../query/search.ts'
import { hexId, spanIdText } from '../query/segment-source.ts'
import { staticText } from '../query/static.ts'
import type { Static } from '../query/static.ts'
import type { StoredSpan } from '../query/stored-trace.ts'

export interface SearchJsonOptions {
  readonly spansPerSpanSet: number
  /** A search by tags says nothing about spans. */
  readonly withSpansets: boolean
  readonly totalBlocks: number
  readonly totalBlockBytes: number
}

/** Tempo's SearchResponse as jsonpb writes it: default values left out, 64-bit numbers as strings. */
export function searchToJson(result: SearchResult, options: SearchJsonOptions): unknown {
  const { statistics } = result
  return {
    traces: result.traces.map((found) => traceToJson(found, result.attributes, options)),
    metrics: withoutDefaults({
      inspectedTraces: statistics.inspectedTraces,
      inspectedBytes: String(statistics.inspectedBytes),
      totalBlocks: options.totalBlocks,
      completedJobs: 1,
      totalJobs: 1,
      totalBlockBytes: String(options.totalBlockBytes),
      inspectedSpans: String(statistics.inspectedSpans),
    }),
  }
}

function traceToJson(
  { trace, spansets }: FoundTrace,
  attributes: readonly Attribute[],
  options: SearchJsonOptions,
): unknown {
  const named = attributes.filter(({ intrinsic }) => intrinsic === undefined || !NOT_REPEATED.has(intrinsic))
  const withName = attributes.some(({ intrinsic }) => intrinsic === 'name')
  const sets = options.withSpansets
    ? spansets.map((spanset) => spansetToJson(spanset, { named, withName, limit: options.spansPerSpanSet }))
    : []
  return withoutDefaults({
    traceID: hexId(trace.id),
    rootServiceName: trace.rootServiceName,
    rootTraceName: trace.rootName,
    startTimeUnixNano: String(trace.startNs),
    durationMs: Math.floor(trace.durationNs / 1e6),
    spanSet: sets.at(0),
    spanSets: sets.length > 0 ? sets : undefined,
    serviceStats: serviceStats(trace.spans),
  })
}

/** Intrinsics that an answer has as fields, or that say the same of every span. */
const NOT_REPEATED = new Set<string>([
  'name',
  'duration',
  'traceDuration',
  'rootName',
  'rootServiceName',
  'trace:id',
  'span:id',
])

function spansetToJson(
  { attributes, spans }: Spanset<StoredSpan>,
  options: { named: readonly Attribute[]; withName: boolean; limit: number },
): unknown {
  return withoutDefaults({
    spans: spans.slice(0, options.limit).map((span) => spanToJson(span, options)),
    matched: spans.length,
    attributes:
      attributes.length === 0 ? undefined : attributes.map(([key, value]) => ({ key, value: staticToJson(value) })),
  })
}

function spanToJson(
  { part, row }: StoredSpan,
  { named, withName }: { named: readonly Attribute[]; withName: boolean },
): unknown {
  const { source } = part
  const attributes = named.flatMap((attribute) => {
    const value = source.value(attribute)(row)
    return value.type === 'nil' ? [] : [{ key: attribute.name, value: staticToJson(value) }]
  })
  const names = source.data('name')
  return withoutDefaults({
    spanID: spanIdText(source.data('spanId'), row) || '0000000000000000',
    name: withName ? names.dictionary.text(names.ids[row]) : '',
    startTimeUnixNano: String(source.data('start')[row]),
    durationNanos: String(source.data('duration')[row]),
    attributes: attributes.length === 0 ? undefined : attributes,
  })
}

export function staticToJson(value: Static): unknown {
  switch (value.type) {
    case 'int':
      return { intValue: String(value.value) }
    case 'float': {
      const text = doubleToJson(value.value)
      return { doubleValue: text.startsWith('"') ? text.slice(1, -1) : value.value }
    }
    case 'bool':
      return { boolValue: value.value }
    case 'array':
      return { arrayValue: { values: value.value.map(staticToJson) } }
    case 'string':
    case 'duration':
    case 'status':
    case 'kind':
    case 'nil':
      return { stringValue: staticText(value) }
  }
}

function serviceStats(spans: readonly StoredSpan[]): Record<string, unknown> {
  const stats = new Map<string, { spanCount: number; errorCount: number }>()
  for (const { part, row } of spans) {
    const name = part.serviceName(row)
    const counts = stats.get(name) ?? { spanCount: 0, errorCount: 0 }
    counts.spanCount++
    if (part.source.data('status')[row] === STATUS_ERROR) counts.errorCount++
    stats.set(name, counts)
  }
  return Object.fromEntries(Array.from(stats, ([name, counts]) => [name, withoutDefaults(counts)]))
}

const STATUS_ERROR = 2

/** jsonpb leaves out fields that have their default. */
export function withoutDefaults(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && value !== 0 && value !== '' && value !== '0'),
  )
}
