import { doubleToJson } from './otlp-common.ts'
import { OTLP_REQUESTS } from './otlp-schema.ts'
import type { FieldSchema, MessageSchema, OtlpSignal } from './otlp-schema.ts'
import { ProtoReader, WIRE_BYTES } from './proto-reader.ts'
import { wireTypeOf } from './otlp-scan.ts'

export interface OtlpJsonForm {
  /** OTLP/JSON prescribes hexadecimal ids; Tempo's jsonpb answers base64. */
  readonly ids: 'hex' | 'base64'
  /** OTLP/JSON prescribes numbers; Tempo's jsonpb answers names. */
  readonly enums: 'number' | 'name'
}

/**
 * An Export…ServiceRequest, or TracesData and the like, as JSON with lowerCamelCase names: 64-bit integers as strings, fields
 * that have their default left out.
 * @returns the text of the list in field 1: ResourceSpans, ResourceMetrics or ResourceLogs
 * @throws WireError
 */
export function otlpProtoToJson(signal: Exclude<OtlpSignal, 'metrics'>, bytes: Uint8Array, form: OtlpJsonForm): string {
  const field = OTLP_REQUESTS[signal].byNumber[1]!
  const reader = new ProtoReader(bytes)
  const members: string[] = []
  for (let number = reader.field(); number !== 0; number = reader.field()) {
    if (number !== 1) {
      reader.skip()
      continue
    }
    reader.expect(WIRE_BYTES, field.name)
    const outer = reader.enter()
    members.push(messageToJson(reader, field.message!(), form))
    reader.leave(outer)
  }
  return `[${members.join(',')}]`
}

function messageToJson(reader: ProtoReader, schema: MessageSchema, form: OtlpJsonForm): string {
  const values: (string | string[] | undefined)[] = []
  const hasPresence = schema.name === 'AnyValue'
  for (let number = reader.field(); number !== 0; number = reader.field()) {
    const field = schema.byNumber[number]
    if (field === undefined) {
      reader.skip()
      continue
    }
    if (hasPresence) values.length = 0
    const value = fieldToJson(reader, field, form)
    if (!field.isRepeated) values[number] = hasPresence || !isDefault(field, value) ? value : undefined
    else (values[number] = (values[number] as string[] | undefined) ?? []).push(value)
  }
  let text = ''
  for (const [number, value] of values.entries()) {
    if (value === undefined) continue
    const json = typeof value === 'string' ? value : `[${value.join(',')}]`
    text += `${text === '' ? '' : ','}"${schema.byNumber[number]!.name}":${json}`
  }
  return `{${text}}`
}

function isDefault(field: FieldSchema, json: string): boolean {
  return field.kind !== 'message' && (json === '0' || json === '"0"' || json === '""' || json === 'false')
}

function fieldToJson(reader: ProtoReader, field: FieldSchema, form: OtlpJsonForm): string {
  reader.expect(wireTypeOf(field), field.name)
  switch (field.kind) {
    case 'message': {
      const outer = reader.enter()
      const text = messageToJson(reader, field.message!(), form)
      reader.leave(outer)
      return text
    }
    case 'string':
      return JSON.stringify(reader.string())
    case 'id':
      return `"${Buffer.from(reader.subarray()).toString(form.ids)}"`
    case 'bytes':
      return `"${Buffer.from(reader.subarray()).toString('base64')}"`
    case 'bool':
      return String(reader.bool())
    case 'double':
      return doubleToJson(reader.double())
    case 'fixed32':
      return String(reader.fixed32())
    case 'fixed64':
      return `"${reader.fixed64()}"`
    case 'sfixed64':
      return `"${reader.sfixed64()}"`
    case 'int64':
      return `"${reader.int64()}"`
    case 'uint64':
      return `"${reader.uint64()}"`
    case 'uint32':
      return String(reader.uint32())
    case 'sint32':
      return String(reader.sint32())
    case 'enum':
      return enumToJson(reader.int32(), field, form)
  }
}

function enumToJson(value: number, field: FieldSchema, form: OtlpJsonForm): string {
  if (form.enums === 'number' || value === 0) return String(value)
  for (const [name, number] of field.values!) if (number === value) return `"${name}"`
  return String(value)
}
