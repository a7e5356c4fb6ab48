import type { DataFrameDto } from '../../common/api.ts'

/** A trace in OTLP JSON as Tempo writes it: ids in base64 or hex, times as decimal text. */
export interface OtlpTrace {
  readonly resourceSpans?: readonly {
    readonly resource?: { readonly attributes?: readonly OtlpAttribute[] }
    readonly scopeSpans?: readonly { readonly spans?: readonly OtlpSpan[] }[]
  }[]
}

interface OtlpAttribute {
  readonly key: string
  readonly value?: Readonly<Record<string, unknown>>
}

interface OtlpSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name?: string
  readonly kind?: string | number
  readonly startTimeUnixNano?: string
  readonly endTimeUnixNano?: string
  readonly attributes?: readonly OtlpAttribute[]
  readonly events?: readonly { timeUnixNano?: string; name?: string; attributes?: readonly OtlpAttribute[] }[]
  readonly links?: readonly { traceId: string; spanId: string; attributes?: readonly OtlpAttribute[] }[]
  readonly status?: { readonly code?: string | number; readonly message?: string }
}

const FIELDS = [
  ['traceID', 'string'],
  ['spanID', 'string'],
  ['parentSpanID', 'string'],
  ['operationName', 'string'],
  ['serviceName', 'string'],
  ['kind', 'string'],
  ['statusCode', 'number'],
  ['statusMessage', 'string'],
  ['serviceTags', 'other'],
  ['startTime', 'number'],
  ['duration', 'number'],
  ['logs', 'other'],
  ['references', 'other'],
  ['tags', 'other'],
] as const

/** The frame of a trace view: one row per span, times in milliseconds. */
export function traceFrame(trace: OtlpTrace, refId: string): DataFrameDto {
  const columns: unknown[][] = FIELDS.map(() => [])
  for (const { resource, scopeSpans } of trace.resourceSpans ?? []) {
    const resourceTags = tagsOf(resource?.attributes)
    const service = String(resourceTags.find(({ key }) => key === 'service.name')?.value ?? 'unknown')
    for (const span of (scopeSpans ?? []).flatMap(({ spans }) => spans ?? [])) {
      const row = rowOf(span, service, resourceTags)
      for (const [index, value] of row.entries()) columns[index].push(value)
    }
  }
  return {
    schema: {
      refId,
      name: 'Trace',
      meta: { preferredVisualisationType: 'trace', custom: { traceFormat: 'otlp' } },
      fields: FIELDS.map(([name, type]) => ({ name, type })),
    },
    data: { values: columns },
  }
}

function rowOf(span: OtlpSpan, service: string, resourceTags: readonly Tag[]): unknown[] {
  const startMs = milliseconds(span.startTimeUnixNano)
  return [
    hexId(span.traceId, 16),
    hexId(span.spanId, 8),
    span.parentSpanId ? hexId(span.parentSpanId, 8) : '',
    span.name ?? '',
    service,
    kindOf(span.kind),
    statusOf(span.status?.code),
    span.status?.message ?? '',
    resourceTags,
    startMs,
    milliseconds(span.endTimeUnixNano) - startMs,
    (span.events ?? []).map((event) => ({
      timestamp: milliseconds(event.timeUnixNano),
      name: event.name ?? '',
      fields: tagsOf(event.attributes),
    })),
    (span.links ?? []).map((link) => ({
      traceID: hexId(link.traceId, 16),
      spanID: hexId(link.spanId, 8),
      tags: tagsOf(link.attributes),
    })),
    tagsOf(span.attributes),
  ]
}

interface Tag {
  readonly key: string
  readonly value: unknown
}

function tagsOf(attributes: readonly OtlpAttribute[] | undefined): Tag[] {
  return (attributes ?? []).map(({ key, value }) => ({ key, value: plainValue(value) }))
}

function plainValue(value: Readonly<Record<string, unknown>> | undefined): unknown {
  if (value === undefined) return null
  if ('intValue' in value) return Number(value['intValue'])
  if ('arrayValue' in value || 'kvlistValue' in value)
    return JSON.stringify(value['arrayValue'] ?? value['kvlistValue'])
  return Object.values(value)[0]
}

/** Tempo writes ids in base64, OTLP/JSON in hex; hex of the right length is taken as such. */
function hexId(id: string, bytes: number): string {
  return id.length === bytes * 2 && /^[0-9a-fA-F]+$/.test(id)
    ? id.toLowerCase()
    : Buffer.from(id, 'base64').toString('hex')
}

function milliseconds(nanoseconds: string | undefined): number {
  const ns = BigInt(nanoseconds ?? 0)
  return Number(ns / 1_000_000n) + Number(ns % 1_000_000n) / 1e6
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer']

function kindOf(kind: string | number | undefined): string {
  if (typeof kind === 'number') return KINDS[kind] ?? ''
  return (kind ?? '').replace('SPAN_KIND_', '').toLowerCase()
}

const STATUS: Readonly<Record<string, number>> = { STATUS_CODE_OK: 1, STATUS_CODE_ERROR: 2 }

function statusOf(code: string | number | undefined): number {
  return typeof code === 'number' ? code : (STATUS[code ?? ''] ?? 0)
}
