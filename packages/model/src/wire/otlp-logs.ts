import {
  NO_RESOURCE,
  NO_SCOPE,
  readAnyValue,
  readInstrumentationScope,
  readKeyValue,
  readResource,
} from './otlp-common.ts'
import type { AnyValue, InstrumentationScope, KeyValue, Resource } from './otlp-common.ts'
import { ProtoReader, WIRE_BYTES, WIRE_FIXED32, WIRE_FIXED64, WIRE_VARINT } from './proto-reader.ts'

/** One log record; the object is reused for the next one. */
export interface OtlpLogRecord {
  timeNs: bigint
  observedTimeNs: bigint
  severityNumber: number
  severityText: string
  body: AnyValue | undefined
  attributes: readonly KeyValue[]
  droppedAttributesCount: number
  flags: number
  /** Lower-case hex, '' when absent. */
  traceId: string
  spanId: string
  eventName: string
}

export interface OtlpLogsVisitor {
  /** Called before the records of each resource and, within it, of each scope. */
  resource(resource: Resource): void
  scope(scope: InstrumentationScope): void
  record(record: OtlpLogRecord): void
}

/**
 * Walks an `ExportLogsServiceRequest`. Resources and scopes are read before their records, wherever they stand in the message.
 * @throws WireError
 */
export class OtlpLogsReader {
  readonly #reader = new ProtoReader()
  readonly #record: OtlpLogRecord = emptyRecord()

  read(bytes: Uint8Array, visitor: OtlpLogsVisitor): void {
    const reader = this.#reader.reset(bytes)
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field !== 1) {
        reader.skip()
        continue
      }
      reader.expect(WIRE_BYTES, 'resource_logs')
      const outer = reader.enter()
      this.#resourceLogs(visitor)
      reader.leave(outer)
    }
  }

  #resourceLogs(visitor: OtlpLogsVisitor): void {
    const reader = this.#reader
    const start = reader.position
    let resource: Resource = NO_RESOURCE
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field === 1) resource = readResource(reader)
      else reader.skip()
    }
    visitor.resource(resource)
    reader.position = start
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field !== 2) {
        reader.skip()
        continue
      }
      reader.expect(WIRE_BYTES, 'scope_logs')
      const outer = reader.enter()
      this.#scopeLogs(visitor)
      reader.leave(outer)
    }
  }

  #scopeLogs(visitor: OtlpLogsVisitor): void {
    const reader = this.#reader
    const start = reader.position
    let scope: InstrumentationScope = NO_SCOPE
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field === 1) scope = readInstrumentationScope(reader)
      else reader.skip()
    }
    visitor.scope(scope)
    reader.position = start
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field !== 2) {
        reader.skip()
        continue
      }
      reader.expect(WIRE_BYTES, 'log_records')
      const outer = reader.enter()
      this.#logRecord()
      reader.leave(outer)
      visitor.record(this.#record)
    }
  }

  #logRecord(): void {
    const reader = this.#reader
    const record = Object.assign(this.#record, emptyRecord())
    const attributes: KeyValue[] = []
    record.attributes = attributes
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      switch (field) {
        case 1:
          reader.expect(WIRE_FIXED64, 'time_unix_nano')
          record.timeNs = reader.fixed64()
          break
        case 2:
          reader.expect(WIRE_VARINT, 'severity_number')
          record.severityNumber = reader.int32()
          break
        case 3:
          reader.expect(WIRE_BYTES, 'severity_text')
          record.severityText = reader.string()
          break
        case 5:
          record.body = readAnyValue(reader)
          break
        case 6:
          attributes.push(readKeyValue(reader))
          break
        case 7:
          reader.expect(WIRE_VARINT, 'dropped_attributes_count')
          record.droppedAttributesCount = reader.uint32()
          break
        case 8:
          reader.expect(WIRE_FIXED32, 'flags')
          record.flags = reader.fixed32()
          break
        case 9:
          reader.expect(WIRE_BYTES, 'trace_id')
          record.traceId = hex(reader.subarray())
          break
        case 10:
          reader.expect(WIRE_BYTES, 'span_id')
          record.spanId = hex(reader.subarray())
          break
        case 11:
          reader.expect(WIRE_FIXED64, 'observed_time_unix_nano')
          record.observedTimeNs = reader.fixed64()
          break
        case 12:
          reader.expect(WIRE_BYTES, 'event_name')
          record.eventName = reader.string()
          break
        default:
          reader.skip()
      }
    }
  }
}

function emptyRecord(): OtlpLogRecord {
  return {
    timeNs: 0n,
    observedTimeNs: 0n,
    severityNumber: 0,
    severityText: '',
    body: undefined,
    attributes: [],
    droppedAttributesCount: 0,
    flags: 0,
    traceId: '',
    spanId: '',
    eventName: '',
  }
}

/** All zeros is "no id". */
function hex(bytes: Uint8Array): string {
  if (bytes.every((byte) => byte === 0)) return ''
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}
