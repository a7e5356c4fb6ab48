import type { DataFrame } from '@grafana/data'
import { column, frame } from '../frame.ts'
import { attributeValue, type KeyValue } from './otlp.ts'

/** What `/api/search` answers. */
export interface SearchResponse {
  readonly traces?: readonly FoundTrace[]
}

export interface FoundTrace {
  readonly traceID: string
  readonly rootServiceName?: string
  readonly rootTraceName?: string
  readonly startTimeUnixNano: string
  /** Left out when it is 0. */
  readonly durationMs?: number
  readonly spanSet?: SpanSet
  readonly spanSets?: readonly SpanSet[]
}

export interface SpanSet {
  readonly spans?: readonly FoundSpan[]
  readonly matched?: number
}

export interface FoundSpan {
  readonly spanID: string
  readonly name?: string
  readonly startTimeUnixNano: string
  readonly durationNanos: string
  readonly attributes?: readonly KeyValue[]
}

interface SearchFrameOptions {
  readonly refId: string
  /** Where a trace id leads; may hold `${__value.raw}`. */
  readonly traceUrl: string | undefined
}

/** One row per trace. */
export function tracesFrame(response: SearchResponse, options: SearchFrameOptions): DataFrame {
  const traces = response.traces ?? []
  return frame({
    refId: options.refId,
    name: 'Traces',
    meta: { preferredVisualisationType: 'table' },
    fields: [
      column(
        'string',
        'traceID',
        traces.map(({ traceID }) => traceID),
        { config: idConfig(options) },
      ),
      column(
        'time',
        'startTime',
        traces.map(({ startTimeUnixNano }) => milliseconds(startTimeUnixNano)),
        {
          config: { displayName: 'Start time', custom: { width: 200 } },
        },
      ),
      column(
        'string',
        'traceService',
        traces.map(({ rootServiceName }) => rootServiceName ?? ''),
        {
          config: { displayName: 'Service' },
        },
      ),
      column(
        'string',
        'traceName',
        traces.map(({ rootTraceName }) => rootTraceName ?? ''),
        {
          config: { displayName: 'Name' },
        },
      ),
      column(
        'number',
        'traceDuration',
        traces.map(({ durationMs }) => durationMs ?? 0),
        {
          config: { displayName: 'Duration', unit: 'ms' },
        },
      ),
      column('number', 'matchedSpans', traces.map(matchedSpans), { config: { displayName: 'Matching spans' } }),
    ],
  })
}

/** One row per matching span, with a column for every attribute that the query selects. */
export function spansFrame(response: SearchResponse, options: SearchFrameOptions): DataFrame {
  const rows = (response.traces ?? []).flatMap((trace) =>
    spanSetsOf(trace).flatMap(({ spans = [] }) => spans.map((span) => ({ trace, span }))),
  )
  const names = [...new Set(rows.flatMap(({ span }) => (span.attributes ?? []).map(({ key }) => key)))]
  return frame({
    refId: options.refId,
    name: 'Spans',
    meta: { preferredVisualisationType: 'table' },
    fields: [
      column(
        'string',
        'traceID',
        rows.map(({ trace }) => trace.traceID),
        { config: idConfig(options) },
      ),
      column(
        'string',
        'spanID',
        rows.map(({ span }) => span.spanID),
        { config: { displayName: 'Span ID' } },
      ),
      column(
        'time',
        'time',
        rows.map(({ span }) => milliseconds(span.startTimeUnixNano)),
        {
          config: { displayName: 'Start time', custom: { width: 200 } },
        },
      ),
      column(
        'string',
        'traceService',
        rows.map(({ trace }) => trace.rootServiceName ?? ''),
        {
          config: { displayName: 'Trace service' },
        },
      ),
      column(
        'string',
        'name',
        rows.map(({ trace, span }) => span.name ?? trace.rootTraceName ?? ''),
        {
          config: { displayName: 'Name' },
        },
      ),
      ...names.map((name) =>
        column(
          'string',
          name,
          rows.map(({ span }) => {
            const attribute = span.attributes?.find(({ key }) => key === name)
            return attribute ? String(attributeValue(attribute.value)) : ''
          }),
        ),
      ),
      column(
        'number',
        'duration',
        rows.map(({ span }) => Number(span.durationNanos)),
        {
          config: { displayName: 'Duration', unit: 'ns' },
        },
      ),
    ],
  })
}

function idConfig({ traceUrl }: SearchFrameOptions): DataFrame['fields'][number]['config'] {
  const links = traceUrl === undefined ? [] : [{ title: 'Open the trace', url: traceUrl }]
  return { displayName: 'Trace ID', links, custom: { width: 290 } }
}

function spanSetsOf(trace: FoundTrace): readonly SpanSet[] {
  return trace.spanSets ?? (trace.spanSet ? [trace.spanSet] : [])
}

function matchedSpans(trace: FoundTrace): number {
  return spanSetsOf(trace).reduce((sum, set) => sum + (set.matched ?? set.spans?.length ?? 0), 0)
}

function milliseconds(nanoseconds: string): number {
  return Number(BigInt(nanoseconds) / 1_000_000n)
}
