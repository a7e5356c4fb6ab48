import { OTLP_REQUESTS } from './otlp-schema.ts'
import type { FieldSchema, MessageSchema, OtlpSignal } from './otlp-schema.ts'
import { ProtoReader, WIRE_BYTES, WIRE_FIXED32, WIRE_FIXED64, WIRE_VARINT } from './proto-reader.ts'

export interface OtlpCounts {
  /** Spans, data points or log records. */
  items: number
  /** ResourceSpans, ResourceMetrics or ResourceLogs. */
  resources: number
}

/**
 * Walks an Export…ServiceRequest, checks that every known field has its wire type and stays within its message, and counts.
 * Unknown fields are skipped. Nothing is decoded and nothing is kept.
 * @throws WireError when the message is malformed or nested deeper than ProtoReader allows
 */
export function scanOtlp(signal: OtlpSignal, bytes: Uint8Array): OtlpCounts {
  const counts: OtlpCounts = { items: 0, resources: 0 }
  scanMessage(new ProtoReader(bytes), OTLP_REQUESTS[signal], counts)
  return counts
}

function scanMessage(reader: ProtoReader, schema: MessageSchema, counts: OtlpCounts): void {
  if (schema.isItem) counts.items++
  else if (schema.isResource) counts.resources++
  for (let number = reader.field(); number !== 0; number = reader.field()) {
    const field = schema.byNumber[number]
    if (field === undefined) reader.skip()
    else if (field.message === undefined) scanScalar(reader, field)
    else {
      reader.expect(WIRE_BYTES, field.name)
      const outer = reader.enter()
      scanMessage(reader, field.message(), counts)
      reader.leave(outer)
    }
  }
}

function scanScalar(reader: ProtoReader, field: FieldSchema): void {
  const wireType = wireTypeOf(field)
  if (field.isRepeated && wireType !== WIRE_BYTES && reader.wireType === WIRE_BYTES) scanPacked(reader, wireType)
  else {
    reader.expect(wireType, field.name)
    reader.skip()
  }
}

function scanPacked(reader: ProtoReader, wireType: number): void {
  const outer = reader.enter()
  reader.wireType = wireType
  while (reader.position < reader.end) reader.skip()
  reader.leave(outer)
}

export function wireTypeOf(field: FieldSchema): number {
  switch (field.kind) {
    case 'string':
    case 'bytes':
    case 'id':
    case 'message':
      return WIRE_BYTES
    case 'double':
    case 'fixed64':
    case 'sfixed64':
      return WIRE_FIXED64
    case 'fixed32':
      return WIRE_FIXED32
    case 'bool':
    case 'enum':
    case 'int64':
    case 'uint64':
    case 'uint32':
    case 'sint32':
      return WIRE_VARINT
  }
}
