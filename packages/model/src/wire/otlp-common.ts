import { WIRE_BYTES, WIRE_FIXED64, WIRE_VARINT } from './proto-reader.ts'
import type { ProtoReader } from './proto-reader.ts'
import type { ProtoWriter } from './proto-writer.ts'

/** OTLP's attribute and body values. `empty` is an AnyValue with no member set, which is not the same as an absent one. */
export type AnyValue =
  | { readonly kind: 'empty' }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'int'; readonly value: bigint }
  | { readonly kind: 'double'; readonly value: number }
  | { readonly kind: 'bytes'; readonly value: Uint8Array }
  | { readonly kind: 'array'; readonly value: readonly AnyValue[] }
  | { readonly kind: 'kvlist'; readonly value: readonly KeyValue[] }

export interface KeyValue {
  readonly key: string
  readonly value: AnyValue
}

export interface Resource {
  readonly attributes: readonly KeyValue[]
  readonly droppedAttributesCount: number
}

export interface InstrumentationScope {
  readonly name: string
  readonly version: string
  readonly attributes: readonly KeyValue[]
  readonly droppedAttributesCount: number
}

const EMPTY_VALUE: AnyValue = { kind: 'empty' }
export const NO_RESOURCE: Resource = { attributes: [], droppedAttributesCount: 0 }
export const NO_SCOPE: InstrumentationScope = { name: '', version: '', attributes: [], droppedAttributesCount: 0 }

/**
 * Each `read…` below stands on a length-delimited field whose tag has been read, and leaves the reader behind it.
 * They decode into objects: meant for resources, scopes, bodies and results, not for loops over every span.
 */
export function readAnyValue(reader: ProtoReader): AnyValue {
  reader.expect(WIRE_BYTES, 'AnyValue')
  const outer = reader.enter()
  let value: AnyValue = EMPTY_VALUE
  for (let field = reader.field(); field !== 0; field = reader.field())
    value = readAnyValueField(reader, field) ?? value
  reader.leave(outer)
  return value
}

/** One field of AnyValue; the last one wins, as in any oneof. Unknown fields are skipped. */
function readAnyValueField(reader: ProtoReader, field: number): AnyValue | undefined {
  switch (field) {
    case 1:
      reader.expect(WIRE_BYTES, 'string_value')
      return { kind: 'string', value: reader.string() }
    case 2:
      reader.expect(WIRE_VARINT, 'bool_value')
      return { kind: 'bool', value: reader.bool() }
    case 3:
      reader.expect(WIRE_VARINT, 'int_value')
      return { kind: 'int', value: reader.int64() }
    case 4:
      reader.expect(WIRE_FIXED64, 'double_value')
      return { kind: 'double', value: reader.double() }
    case 5:
      return { kind: 'array', value: readList(reader, readAnyValue) }
    case 6:
      return { kind: 'kvlist', value: readList(reader, readKeyValue) }
    case 7:
      reader.expect(WIRE_BYTES, 'bytes_value')
      return { kind: 'bytes', value: reader.subarray().slice() }
    default:
      reader.skip()
      return undefined
  }
}

/** ArrayValue and KeyValueList: both hold their members in field 1. */
function readList<T>(reader: ProtoReader, readMember: (reader: ProtoReader) => T): T[] {
  reader.expect(WIRE_BYTES, 'values')
  const outer = reader.enter()
  const members: T[] = []
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) members.push(readMember(reader))
    else reader.skip()
  }
  reader.leave(outer)
  return members
}

export function readKeyValue(reader: ProtoReader): KeyValue {
  reader.expect(WIRE_BYTES, 'KeyValue')
  const outer = reader.enter()
  let key = ''
  let value: AnyValue = EMPTY_VALUE
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) {
      reader.expect(WIRE_BYTES, 'key')
      key = reader.string()
    } else if (field === 2) value = readAnyValue(reader)
    else reader.skip()
  }
  reader.leave(outer)
  return { key, value }
}

export function readResource(reader: ProtoReader): Resource {
  reader.expect(WIRE_BYTES, 'Resource')
  const outer = reader.enter()
  const attributes: KeyValue[] = []
  let droppedAttributesCount = 0
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) attributes.push(readKeyValue(reader))
    else if (field === 2) {
      reader.expect(WIRE_VARINT, 'dropped_attributes_count')
      droppedAttributesCount = reader.uint32()
    } else reader.skip()
  }
  reader.leave(outer)
  return { attributes, droppedAttributesCount }
}

export function readInstrumentationScope(reader: ProtoReader): InstrumentationScope {
  reader.expect(WIRE_BYTES, 'InstrumentationScope')
  const outer = reader.enter()
  const attributes: KeyValue[] = []
  let name = ''
  let version = ''
  let droppedAttributesCount = 0
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1 || field === 2) {
      reader.expect(WIRE_BYTES, 'name')
      if (field === 1) name = reader.string()
      else version = reader.string()
    } else if (field === 3) attributes.push(readKeyValue(reader))
    else if (field === 4) {
      reader.expect(WIRE_VARINT, 'dropped_attributes_count')
      droppedAttributesCount = reader.uint32()
    } else reader.skip()
  }
  reader.leave(outer)
  return { name, version, attributes, droppedAttributesCount }
}

export function writeAnyValue(writer: ProtoWriter, field: number, value: AnyValue): void {
  const start = writer.begin(field)
  switch (value.kind) {
    case 'empty':
      break
    case 'string':
      writer.string(1, value.value)
      break
    case 'bool':
      writer.bool(2, value.value)
      break
    case 'int':
      writer.int64(3, value.value)
      break
    case 'double':
      writer.double(4, value.value)
      break
    case 'array': {
      const list = writer.begin(5)
      for (const member of value.value) writeAnyValue(writer, 1, member)
      writer.finish(list)
      break
    }
    case 'kvlist': {
      const list = writer.begin(6)
      for (const member of value.value) writeKeyValue(writer, 1, member)
      writer.finish(list)
      break
    }
    case 'bytes':
      writer.bytes(7, value.value)
      break
  }
  writer.finish(start)
}

export function writeKeyValue(writer: ProtoWriter, field: number, { key, value }: KeyValue): void {
  const start = writer.begin(field)
  if (key !== '') writer.string(1, key)
  if (value.kind !== 'empty') writeAnyValue(writer, 2, value)
  writer.finish(start)
}

/**
 * The value as text, the way the collector turns attributes into labels: strings as they are, lists and maps as JSON, bytes as
 * base64 (pdata `Value.AsString`).
 */
export function anyValueText(value: AnyValue): string {
  switch (value.kind) {
    case 'empty':
      return ''
    case 'string':
      return value.value
    case 'bytes':
      return base64(value.value)
    case 'double':
      return Number.isFinite(value.value) ? String(value.value) : nonFinite(value.value)
    case 'bool':
    case 'int':
      return String(value.value)
    case 'array':
    case 'kvlist':
      return plainJson(value)
  }
}

/** The value as ordinary JSON (no type wrappers): `["a",1]`, `{"k":true}`. Integers keep all their digits. */
export function plainJson(value: AnyValue): string {
  switch (value.kind) {
    case 'empty':
      return 'null'
    case 'string':
      return JSON.stringify(value.value)
    case 'bytes':
      return JSON.stringify(base64(value.value))
    case 'double':
      return Number.isFinite(value.value) ? String(value.value) : JSON.stringify(nonFinite(value.value))
    case 'bool':
    case 'int':
      return String(value.value)
    case 'array':
      return `[${value.value.map(plainJson).join(',')}]`
    case 'kvlist':
      return `{${value.value.map((entry) => `${JSON.stringify(entry.key)}:${plainJson(entry.value)}`).join(',')}}`
  }
}

/** OTLP/JSON's wrapped form: `{"stringValue":"x"}`, with 64-bit integers as strings and bytes as base64. */
export function anyValueToOtlpJson(value: AnyValue): string {
  switch (value.kind) {
    case 'empty':
      return '{}'
    case 'string':
      return `{"stringValue":${JSON.stringify(value.value)}}`
    case 'bool':
      return `{"boolValue":${value.value}}`
    case 'int':
      return `{"intValue":"${value.value}"}`
    case 'double':
      return `{"doubleValue":${doubleToJson(value.value)}}`
    case 'bytes':
      return `{"bytesValue":"${base64(value.value)}"}`
    case 'array': {
      // jsonpb, which Tempo answers with, leaves empty lists out.
      const members = value.value.map(anyValueToOtlpJson).join(',')
      return members === '' ? '{"arrayValue":{}}' : `{"arrayValue":{"values":[${members}]}}`
    }
    case 'kvlist': {
      const members = keyValuesToOtlpJson(value.value)
      return members === '[]' ? '{"kvlistValue":{}}' : `{"kvlistValue":{"values":${members}}}`
    }
  }
}

export function keyValuesToOtlpJson(attributes: readonly KeyValue[]): string {
  return `[${attributes.map(({ key, value }) => `{"key":${JSON.stringify(key)},"value":${anyValueToOtlpJson(value)}}`).join(',')}]`
}

export function doubleToJson(value: number): string {
  if (Number.isFinite(value)) return Object.is(value, -0) ? '-0' : String(value)
  return Number.isNaN(value) ? '"NaN"' : value > 0 ? '"Infinity"' : '"-Infinity"'
}

function nonFinite(value: number): string {
  return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
