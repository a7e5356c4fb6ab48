import { readInstrumentationScope, readKeyValue, readResource, NO_RESOURCE, NO_SCOPE } from './otlp-common.ts'
import type { InstrumentationScope, KeyValue, Resource } from './otlp-common.ts'
import { ProtoReader, WIRE_BYTES, WIRE_FIXED32, WIRE_FIXED64, WIRE_VARINT } from './proto-reader.ts'

/** `ResourceMetrics` and what is below, decoded. Times are in milliseconds, rounded down as upstream does. */
export interface OtlpResourceMetrics {
  readonly resource: Resource
  readonly schemaUrl: string
  readonly scopes: readonly OtlpScopeMetrics[]
}

export interface OtlpScopeMetrics {
  readonly scope: InstrumentationScope
  readonly schemaUrl: string
  readonly metrics: readonly OtlpMetric[]
}

export type OtlpTemporality = 'unspecified' | 'delta' | 'cumulative'

export interface OtlpMetric {
  readonly name: string
  readonly description: string
  readonly unit: string
  readonly data: OtlpMetricData
}

export type OtlpMetricData =
  | { readonly kind: 'empty' }
  | { readonly kind: 'gauge'; readonly points: readonly OtlpNumberPoint[] }
  | {
      readonly kind: 'sum'
      readonly temporality: OtlpTemporality
      readonly isMonotonic: boolean
      readonly points: readonly OtlpNumberPoint[]
    }
  | {
      readonly kind: 'histogram'
      readonly temporality: OtlpTemporality
      readonly points: readonly OtlpHistogramPoint[]
    }
  | {
      readonly kind: 'exponentialHistogram'
      readonly temporality: OtlpTemporality
      readonly points: readonly OtlpExponentialPoint[]
    }
  | { readonly kind: 'summary'; readonly points: readonly OtlpSummaryPoint[] }

interface OtlpPoint {
  readonly attributes: readonly KeyValue[]
  readonly startTimeMs: number
  readonly timeMs: number
  /** The point says that there is no value; it becomes a stale marker. */
  readonly isStale: boolean
}

export interface OtlpNumberPoint extends OtlpPoint {
  readonly value: number
  readonly exemplars: readonly OtlpExemplar[]
}

export interface OtlpHistogramPoint extends OtlpPoint {
  readonly count: number
  /** `undefined` when there is none. */
  readonly sum: number | undefined
  readonly bucketCounts: readonly number[]
  readonly bounds: readonly number[]
  readonly exemplars: readonly OtlpExemplar[]
}

export interface OtlpBuckets {
  readonly offset: number
  readonly counts: readonly number[]
}

export interface OtlpExponentialPoint extends OtlpPoint {
  readonly count: number
  readonly sum: number | undefined
  readonly scale: number
  readonly zeroCount: number
  readonly zeroThreshold: number
  readonly positive: OtlpBuckets
  readonly negative: OtlpBuckets
  readonly exemplars: readonly OtlpExemplar[]
}

export interface OtlpSummaryPoint extends OtlpPoint {
  readonly count: number
  readonly sum: number
  readonly quantiles: readonly { readonly quantile: number; readonly value: number }[]
}

export interface OtlpExemplar {
  readonly attributes: readonly KeyValue[]
  readonly timeMs: number
  /** `undefined` when the exemplar has none, which upstream refuses. */
  readonly value: number | undefined
  /** Empty when absent. */
  readonly traceId: Uint8Array
  readonly spanId: Uint8Array
}

/**
 * Reads `ExportMetricsServiceRequest`, resource by resource.
 * @throws WireError when the message is malformed
 */
export class OtlpMetricsReader {
  readonly #reader = new ProtoReader()

  read(bytes: Uint8Array): OtlpResourceMetrics[] {
    const reader = this.#reader.reset(bytes)
    return messages(reader, (field) => (field === 1 ? readResourceMetrics(reader) : undefined))
  }
}

/** Collects what `read` makes of the fields of the current message; it must skip or read the field, `undefined` means skip. */
function messages<T>(reader: ProtoReader, read: (field: number) => T | undefined): T[] {
  const found: T[] = []
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    const one = read(field)
    if (one === undefined) reader.skip()
    else found.push(one)
  }
  return found
}

/** Walks the fields of a nested message; `visit` returns false for fields that it does not know. */
function nested(reader: ProtoReader, what: string, visit: (field: number) => boolean): void {
  reader.expect(WIRE_BYTES, what)
  const outer = reader.enter()
  for (let field = reader.field(); field !== 0; field = reader.field()) if (!visit(field)) reader.skip()
  reader.leave(outer)
}

function readResourceMetrics(reader: ProtoReader): OtlpResourceMetrics {
  let resource = NO_RESOURCE
  let schemaUrl = ''
  const scopes: OtlpScopeMetrics[] = []
  nested(reader, 'ResourceMetrics', (field) => {
    if (field === 1) resource = readResource(reader)
    else if (field === 2) scopes.push(readScopeMetrics(reader))
    else if (field === 3) schemaUrl = text(reader, 'schema_url')
    else return false
    return true
  })
  return { resource, schemaUrl, scopes }
}

function readScopeMetrics(reader: ProtoReader): OtlpScopeMetrics {
  let scope = NO_SCOPE
  let schemaUrl = ''
  const metrics: OtlpMetric[] = []
  nested(reader, 'ScopeMetrics', (field) => {
    if (field === 1) scope = readInstrumentationScope(reader)
    else if (field === 2) metrics.push(readMetric(reader))
    else if (field === 3) schemaUrl = text(reader, 'schema_url')
    else return false
    return true
  })
  return { scope, schemaUrl, metrics }
}

function readMetric(reader: ProtoReader): OtlpMetric {
  let name = ''
  let description = ''
  let unit = ''
  let data: OtlpMetricData = { kind: 'empty' }
  nested(reader, 'Metric', (field) => {
    if (field === 1) name = text(reader, 'name')
    else if (field === 2) description = text(reader, 'description')
    else if (field === 3) unit = text(reader, 'unit')
    else if (field === 5) data = { kind: 'gauge', points: readData(reader, readNumberPoint).points }
    else if (field === 7) data = { kind: 'sum', ...readData(reader, readNumberPoint) }
    else if (field === 9) data = { kind: 'histogram', ...readData(reader, readHistogramPoint) }
    else if (field === 10) data = { kind: 'exponentialHistogram', ...readData(reader, readExponentialPoint) }
    else if (field === 11) data = { kind: 'summary', points: readData(reader, readSummaryPoint).points }
    else return false
    return true
  })
  return { name, description, unit, data }
}

/** Gauge, Sum, Histogram, ExponentialHistogram and Summary number their fields alike. */
function readData<T>(
  reader: ProtoReader,
  readPoint: (reader: ProtoReader) => T,
): { points: T[]; temporality: OtlpTemporality; isMonotonic: boolean } {
  const points: T[] = []
  let temporality: OtlpTemporality = 'unspecified'
  let isMonotonic = false
  nested(reader, 'metric data', (field) => {
    if (field === 1) points.push(readPoint(reader))
    else if (field === 2) {
      reader.expect(WIRE_VARINT, 'aggregation_temporality')
      temporality = TEMPORALITIES[reader.uint32()] ?? 'unspecified'
    } else if (field === 3) {
      reader.expect(WIRE_VARINT, 'is_monotonic')
      isMonotonic = reader.bool()
    } else return false
    return true
  })
  return { points, temporality, isMonotonic }
}

const TEMPORALITIES: readonly OtlpTemporality[] = ['unspecified', 'delta', 'cumulative']

function readNumberPoint(reader: ProtoReader): OtlpNumberPoint {
  const attributes: KeyValue[] = []
  const exemplars: OtlpExemplar[] = []
  let startTimeMs = 0
  let timeMs = 0
  let value = 0
  let flags = 0
  nested(reader, 'NumberDataPoint', (field) => {
    if (field === 7) attributes.push(readKeyValue(reader))
    else if (field === 2) startTimeMs = nanosAsMs(reader)
    else if (field === 3) timeMs = nanosAsMs(reader)
    else if (field === 4) value = double(reader, 'as_double')
    else if (field === 6) value = Number(integer(reader, 'as_int'))
    else if (field === 5) exemplars.push(readExemplar(reader))
    else if (field === 8) flags = bits(reader)
    else return false
    return true
  })
  return { attributes, startTimeMs, timeMs, value, isStale: (flags & 1) === 1, exemplars }
}

function readHistogramPoint(reader: ProtoReader): OtlpHistogramPoint {
  const attributes: KeyValue[] = []
  const exemplars: OtlpExemplar[] = []
  const bucketCounts: number[] = []
  const bounds: number[] = []
  let startTimeMs = 0
  let timeMs = 0
  let count = 0
  let sum: number | undefined
  let flags = 0
  nested(reader, 'HistogramDataPoint', (field) => {
    if (field === 9) attributes.push(readKeyValue(reader))
    else if (field === 2) startTimeMs = nanosAsMs(reader)
    else if (field === 3) timeMs = nanosAsMs(reader)
    else if (field === 4) count = fixedCount(reader)
    else if (field === 5) sum = double(reader, 'sum')
    else if (field === 6) packedFixed64(reader, (high, low) => bucketCounts.push(high * 4294967296 + low))
    else if (field === 7) packedDoubles(reader, bounds)
    else if (field === 8) exemplars.push(readExemplar(reader))
    else if (field === 10) flags = bits(reader)
    else return false
    return true
  })
  return { attributes, startTimeMs, timeMs, count, sum, bucketCounts, bounds, isStale: (flags & 1) === 1, exemplars }
}

function readExponentialPoint(reader: ProtoReader): OtlpExponentialPoint {
  const attributes: KeyValue[] = []
  const exemplars: OtlpExemplar[] = []
  let startTimeMs = 0
  let timeMs = 0
  let count = 0
  let sum: number | undefined
  let scale = 0
  let zeroCount = 0
  let zeroThreshold = 0
  let positive = NO_BUCKETS
  let negative = NO_BUCKETS
  let flags = 0
  nested(reader, 'ExponentialHistogramDataPoint', (field) => {
    if (field === 1) attributes.push(readKeyValue(reader))
    else if (field === 2) startTimeMs = nanosAsMs(reader)
    else if (field === 3) timeMs = nanosAsMs(reader)
    else if (field === 4) count = fixedCount(reader)
    else if (field === 5) sum = double(reader, 'sum')
    else if (field === 6) {
      reader.expect(WIRE_VARINT, 'scale')
      scale = reader.sint32()
    } else if (field === 7) zeroCount = fixedCount(reader)
    else if (field === 8) positive = readBuckets(reader)
    else if (field === 9) negative = readBuckets(reader)
    else if (field === 10) flags = bits(reader)
    else if (field === 11) exemplars.push(readExemplar(reader))
    else if (field === 14) zeroThreshold = double(reader, 'zero_threshold')
    else return false
    return true
  })
  const isStale = (flags & 1) === 1
  const common = { attributes, startTimeMs, timeMs, isStale, exemplars }
  return { ...common, count, sum, scale, zeroCount, zeroThreshold, positive, negative }
}

const NO_BUCKETS: OtlpBuckets = { offset: 0, counts: [] }

function readBuckets(reader: ProtoReader): OtlpBuckets {
  const counts: number[] = []
  let offset = 0
  nested(reader, 'Buckets', (field) => {
    if (field === 1) {
      reader.expect(WIRE_VARINT, 'offset')
      offset = reader.sint32()
    } else if (field === 2) {
      if (reader.wireType === WIRE_VARINT) counts.push(Number(reader.uint64()))
      else {
        reader.expect(WIRE_BYTES, 'bucket_counts')
        const outer = reader.enter()
        while (reader.position < reader.end) counts.push(Number(reader.uint64()))
        reader.leave(outer)
      }
    } else return false
    return true
  })
  return { offset, counts }
}

function readSummaryPoint(reader: ProtoReader): OtlpSummaryPoint {
  const attributes: KeyValue[] = []
  const quantiles: { quantile: number; value: number }[] = []
  let startTimeMs = 0
  let timeMs = 0
  let count = 0
  let sum = 0
  let flags = 0
  nested(reader, 'SummaryDataPoint', (field) => {
    if (field === 7) attributes.push(readKeyValue(reader))
    else if (field === 2) startTimeMs = nanosAsMs(reader)
    else if (field === 3) timeMs = nanosAsMs(reader)
    else if (field === 4) count = fixedCount(reader)
    else if (field === 5) sum = double(reader, 'sum')
    else if (field === 6) quantiles.push(readQuantile(reader))
    else if (field === 8) flags = bits(reader)
    else return false
    return true
  })
  return { attributes, startTimeMs, timeMs, count, sum, quantiles, isStale: (flags & 1) === 1 }
}

function readQuantile(reader: ProtoReader): { quantile: number; value: number } {
  let quantile = 0
  let value = 0
  nested(reader, 'ValueAtQuantile', (field) => {
    if (field === 1) quantile = double(reader, 'quantile')
    else if (field === 2) value = double(reader, 'value')
    else return false
    return true
  })
  return { quantile, value }
}

function readExemplar(reader: ProtoReader): OtlpExemplar {
  const attributes: KeyValue[] = []
  let timeMs = 0
  let value: number | undefined
  let traceId = NO_BYTES
  let spanId = NO_BYTES
  nested(reader, 'Exemplar', (field) => {
    if (field === 7) attributes.push(readKeyValue(reader))
    else if (field === 2) timeMs = nanosAsMs(reader)
    else if (field === 3) value = double(reader, 'as_double')
    else if (field === 6) value = Number(integer(reader, 'as_int'))
    else if (field === 4) spanId = byteField(reader, 'span_id')
    else if (field === 5) traceId = byteField(reader, 'trace_id')
    else return false
    return true
  })
  return { attributes, timeMs, value, traceId, spanId }
}

const NO_BYTES = new Uint8Array(0)

function text(reader: ProtoReader, what: string): string {
  reader.expect(WIRE_BYTES, what)
  return reader.string()
}

function byteField(reader: ProtoReader, what: string): Uint8Array<ArrayBuffer> {
  reader.expect(WIRE_BYTES, what)
  return new Uint8Array(reader.subarray())
}

function double(reader: ProtoReader, what: string): number {
  reader.expect(WIRE_FIXED64, what)
  return reader.double()
}

function integer(reader: ProtoReader, what: string): bigint {
  reader.expect(WIRE_FIXED64, what)
  return reader.sfixed64()
}

function fixedCount(reader: ProtoReader): number {
  reader.expect(WIRE_FIXED64, 'count')
  reader.fixed64Halves()
  return reader.fixed64High * 4294967296 + reader.fixed64Low
}

function bits(reader: ProtoReader): number {
  // uint32 in the schema; older senders wrote it fixed.
  if (reader.wireType === WIRE_FIXED32) return reader.fixed32()
  reader.expect(WIRE_VARINT, 'flags')
  return reader.uint32()
}

function nanosAsMs(reader: ProtoReader): number {
  reader.expect(WIRE_FIXED64, 'time_unix_nano')
  return Number(reader.fixed64() / 1_000_000n)
}

function packedFixed64(reader: ProtoReader, visit: (high: number, low: number) => void): void {
  if (reader.wireType === WIRE_FIXED64) {
    reader.fixed64Halves()
    visit(reader.fixed64High, reader.fixed64Low)
    return
  }
  reader.expect(WIRE_BYTES, 'bucket_counts')
  const outer = reader.enter()
  while (reader.position < reader.end) {
    reader.fixed64Halves()
    visit(reader.fixed64High, reader.fixed64Low)
  }
  reader.leave(outer)
}

function packedDoubles(reader: ProtoReader, into: number[]): void {
  if (reader.wireType === WIRE_FIXED64) {
    into.push(reader.double())
    return
  }
  reader.expect(WIRE_BYTES, 'explicit_bounds')
  const outer = reader.enter()
  while (reader.position < reader.end) into.push(reader.double())
  reader.leave(outer)
}
