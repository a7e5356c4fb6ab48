import type { DataFrame } from '@grafana/data'
import { column, frame } from '../frame.ts'
import { attributeValue, hexId, type AttributeValue, type KeyValue, type OtlpSpan, type TraceResponse } from './otlp.ts'

export interface Tag {
  readonly key: string
  readonly value: AttributeValue
}

export interface SpanEvent {
  readonly timestamp: number
  readonly name: string
  readonly fields: readonly Tag[]
}

export interface SpanReference {
  readonly traceID: string
  readonly spanID: string
  readonly tags: readonly Tag[]
}

const kinds = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer']

/**
 * One row per span, in the columns of Grafana's trace frames. startTime and duration are milliseconds with fractions.
 */
export function traceFrame(response: TraceResponse, refId: string): DataFrame {
  const rows = spansOf(response)
  const values = <T>(pick: (row: Row) => T): T[] => rows.map(pick)
  return frame({
    refId,
    name: 'Trace',
    meta: { preferredVisualisationType: 'trace', custom: { traceFormat: 'otlp' } },
    fields: [
      column(
        'string',
        'traceID',
        values(({ span }) => hexId(span.traceId)),
      ),
      column(
        'string',
        'spanID',
        values(({ span }) => hexId(span.spanId)),
      ),
      column(
        'string',
        'parentSpanID',
        values(({ span }) => hexId(span.parentSpanId)),
      ),
      column(
        'string',
        'operationName',
        values(({ span }) => span.name ?? ''),
      ),
      column(
        'string',
        'serviceName',
        values(({ service }) => service),
      ),
      column(
        'string',
        'kind',
        values(({ span }) => kindOf(span.kind)),
      ),
      column(
        'number',
        'statusCode',
        values(({ span }) => statusOf(span.status?.code)),
      ),
      column(
        'string',
        'statusMessage',
        values(({ span }) => span.status?.message ?? ''),
      ),
      column(
        'string',
        'instrumentationLibraryName',
        values(({ scopeName }) => scopeName),
      ),
      column(
        'string',
        'instrumentationLibraryVersion',
        values(({ scopeVersion }) => scopeVersion),
      ),
      column(
        'string',
        'traceState',
        values(({ span }) => span.traceState ?? ''),
      ),
      column(
        'other',
        'serviceTags',
        values(({ serviceTags }) => serviceTags),
      ),
      column(
        'number',
        'startTime',
        values(({ span }) => milliseconds(span.startTimeUnixNano)),
      ),
      column(
        'number',
        'duration',
        values(({ span }) => durationMs(span)),
      ),
      column(
        'other',
        'logs',
        values(({ span }) => eventsOf(span)),
      ),
      column(
        'other',
        'references',
        values(({ span }) => linksOf(span)),
      ),
      column(
        'other',
        'tags',
        values(({ span }) => tagsOf(span.attributes)),
      ),
    ],
  })
}

interface Row {
  readonly span: OtlpSpan
  readonly service: string
  readonly serviceTags: readonly Tag[]
  readonly scopeName: string
  readonly scopeVersion: string
}

function spansOf(response: TraceResponse): Row[] {
  const trace = response.trace ?? response
  return (trace.batches ?? trace.resourceSpans ?? []).flatMap((batch) => {
    const serviceTags = tagsOf(batch.resource?.attributes)
    const service = String(serviceTags.find(({ key }) => key === 'service.name')?.value ?? 'unknown service')
    return (batch.scopeSpans ?? batch.instrumentationLibrarySpans ?? []).flatMap(({ scope, spans }) =>
      (spans ?? []).map((span) => ({
        span,
        service,
        serviceTags,
        scopeName: scope?.name ?? '',
        scopeVersion: scope?.version ?? '',
      })),
    )
  })
}

function tagsOf(attributes: readonly KeyValue[] = []): Tag[] {
  return attributes.map(({ key, value }) => ({ key, value: attributeValue(value) }))
}

function eventsOf(span: OtlpSpan): SpanEvent[] {
  return (span.events ?? []).map(({ timeUnixNano, name, attributes }) => ({
    timestamp: milliseconds(timeUnixNano),
    name: name ?? '',
    fields: tagsOf(attributes),
  }))
}

function linksOf(span: OtlpSpan): SpanReference[] {
  return (span.links ?? []).map(({ traceId, spanId, attributes }) => ({
    traceID: hexId(traceId),
    spanID: hexId(spanId),
    tags: tagsOf(attributes),
  }))
}

function kindOf(kind: string | number | undefined): string {
  if (typeof kind === 'number') return kinds[kind] ?? 'unspecified'
  return (kind ?? 'SPAN_KIND_UNSPECIFIED').replace('SPAN_KIND_', '').toLowerCase()
}

/** 0 unset, 1 ok, 2 error. */
function statusOf(code: string | number | undefined): number {
  if (typeof code === 'number') return code
  return { STATUS_CODE_OK: 1, STATUS_CODE_ERROR: 2 }[code ?? ''] ?? 0
}

/** Whole and fractional milliseconds apart, so that microseconds survive. */
function milliseconds(nanoseconds: string | number): number {
  const ns = BigInt(nanoseconds)
  return Number(ns / 1_000_000n) + Number(ns % 1_000_000n) / 1e6
}

function durationMs(span: OtlpSpan): number {
  return Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e6
}
