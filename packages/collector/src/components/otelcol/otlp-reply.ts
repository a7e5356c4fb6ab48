import { ProtoReader, ProtoWriter, WIRE_BYTES, WIRE_VARINT } from '@quartet/model'

/** Codes of google.rpc.Status that OTLP answers use. */
export const RpcCode = { invalidArgument: 3, resourceExhausted: 8, internal: 13, unavailable: 14 } as const

/** `google.rpc.Status` in protobuf. */
export function encodeStatus(code: number, message: string): Uint8Array {
  return new ProtoWriter().uint(1, code).string(2, message).toBytes()
}

/** The message of a `google.rpc.Status`; `''` when the bytes are none. */
export function readStatusMessage(reader: ProtoReader): string {
  let message = ''
  try {
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field === 2 && reader.wireType === WIRE_BYTES) message = reader.string()
      else reader.skip()
    }
  } catch {
    return '' // an answer that is no Status only lacks a detail for the log
  }
  return message
}

/** `partial_success` of an Export…ServiceResponse, or `undefined`. */
export function readPartialSuccess(bytes: Uint8Array): { rejected: number; message: string } | undefined {
  let found: { rejected: number; message: string } | undefined
  try {
    const reader = new ProtoReader(bytes)
    for (let field = reader.field(); field !== 0; field = reader.field()) {
      if (field !== 1 || reader.wireType !== WIRE_BYTES) {
        reader.skip()
        continue
      }
      const outer = reader.enter()
      found = { rejected: 0, message: '' }
      for (let inner = reader.field(); inner !== 0; inner = reader.field()) {
        if (inner === 1 && isVarint(reader)) found.rejected = reader.int64AsNumber()
        else if (inner === 2 && reader.wireType === WIRE_BYTES) found.message = reader.string()
        else reader.skip()
      }
      reader.leave(outer)
    }
  } catch {
    return undefined // delivered all the same: the status said so
  }
  return found
}

/** Apart, since the compiler takes the wire type of the outer field for this one's. */
function isVarint(reader: ProtoReader): boolean {
  return reader.wireType === WIRE_VARINT
}
