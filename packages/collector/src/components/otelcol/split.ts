import type { OtlpSignal } from '@quartet/model'
import { ProtoReader, ProtoWriter, scanOtlp, WIRE_BYTES } from '@quartet/model'

/** Field numbers of resources in a request, scopes in a resource and items in a scope are the same in all three signals. */
const RESOURCES = 1
const SCOPES = 2
const ITEMS = 2

/**
 * Cuts a request into requests of at most `maxItems` spans, log records or data points. Resources and scopes are repeated where
 * they are cut. A single metric is never cut, so a metric with more data points makes a request of its own.
 * @returns requests in the order of the source, each owned by the caller
 */
export function splitOtlp(
  signal: OtlpSignal,
  bytes: Uint8Array,
  maxItems: number,
): { bytes: Uint8Array; items: number }[] {
  const parts: { bytes: Uint8Array; items: number }[] = []
  let writer = new ProtoWriter()
  let items = 0
  const flush = (): void => {
    if (items > 0) parts.push({ bytes: writer.toBytes(), items })
    writer = new ProtoWriter()
    items = 0
  }
  for (const resource of messages(bytes, RESOURCES)) {
    const count = countIn(signal, resource, 'resource')
    if (items + count <= maxItems) {
      writer.bytes(RESOURCES, resource)
      items += count
      continue
    }
    const resourceHead = without(resource, SCOPES)
    for (const scope of messages(resource, SCOPES)) {
      const scopeHead = without(scope, ITEMS)
      let pending: Uint8Array[] = []
      const emit = (): void => {
        if (pending.length === 0) return
        const outer = writer.begin(RESOURCES)
        writer.raw(resourceHead)
        const inner = writer.begin(SCOPES)
        writer.raw(scopeHead)
        for (const item of pending) writer.bytes(ITEMS, item)
        writer.finish(inner)
        writer.finish(outer)
        pending = []
      }
      for (const item of messages(scope, ITEMS)) {
        const size = signal === 'metrics' ? countIn(signal, item, 'item') : 1
        if (items > 0 && items + size > maxItems) {
          emit()
          flush()
        }
        pending.push(item)
        items += size
      }
      emit()
    }
  }
  flush()
  return parts
}

function countIn(signal: OtlpSignal, message: Uint8Array, level: 'resource' | 'item'): number {
  const writer = new ProtoWriter(message.length + 32)
  if (level === 'resource') writer.bytes(RESOURCES, message)
  else {
    const outer = writer.begin(RESOURCES)
    const inner = writer.begin(SCOPES)
    writer.bytes(ITEMS, message)
    writer.finish(inner)
    writer.finish(outer)
  }
  return scanOtlp(signal, writer.view()).items
}

function* messages(bytes: Uint8Array, number: number): Generator<Uint8Array> {
  const reader = new ProtoReader(bytes)
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === number && reader.wireType === WIRE_BYTES) yield reader.subarray()
    else reader.skip()
  }
}

/** All fields but one, as they are. */
function without(bytes: Uint8Array, number: number): Uint8Array {
  const reader = new ProtoReader(bytes)
  const writer = new ProtoWriter()
  for (;;) {
    const start = reader.position
    const field = reader.field()
    if (field === 0) return writer.toBytes()
    reader.skip()
    if (field !== number) writer.raw(bytes.subarray(start, reader.position))
  }
}
