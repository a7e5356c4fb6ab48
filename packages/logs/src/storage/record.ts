import type { LogBatch } from '@quartet/model'

const encoder = new TextEncoder()
const VERSION = 1

/** A WAL record that cannot be read: a newer version or, in spite of its checksum, damaged. */
export class RecordError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'RecordError'
  }
}

/**
 * Encodes the accepted entries of a batch as one WAL record (docs/format/wal.md). Streams carry their labels, so that a record
 * can be replayed alone.
 * @param accepted indices of entries, in the order in which they are stored
 */
export function encodeRecord(
  batch: LogBatch,
  labelsText: readonly string[],
  accepted: Uint32Array,
): Uint8Array<ArrayBuffer> {
  const used = new Map<number, number>()
  const labels: Uint8Array[] = []
  let size = 9 + accepted.length * 20
  for (const index of accepted) {
    const stream = batch.streamOf[index]
    if (!used.has(stream)) {
      const bytes = encoder.encode(labelsText[stream])
      used.set(stream, labels.push(bytes) - 1)
      size += 4 + bytes.length
    }
    size += batch.lineEnd[index] - batch.lineStart[index] + batch.metadataEnd[index] - batch.metadataStart[index]
  }
  const record = new Uint8Array(size)
  const view = new DataView(record.buffer)
  record[0] = VERSION
  view.setUint32(1, labels.length, true)
  view.setUint32(5, accepted.length, true)
  let at = 9
  for (const bytes of labels) {
    view.setUint32(at, bytes.length, true)
    record.set(bytes, at + 4)
    at += 4 + bytes.length
  }
  for (const index of accepted) {
    const lineSize = batch.lineEnd[index] - batch.lineStart[index]
    const metadataSize = batch.metadataEnd[index] - batch.metadataStart[index]
    view.setUint32(at, used.get(batch.streamOf[index]) ?? 0, true)
    view.setUint32(at + 4, batch.seconds[index], true)
    view.setUint32(at + 8, batch.nanos[index], true)
    view.setUint32(at + 12, lineSize, true)
    view.setUint32(at + 16, metadataSize, true)
    at += 20
    record.set(batch.text.subarray(batch.lineStart[index], batch.lineEnd[index]), at)
    at += lineSize
    record.set(batch.metadata.subarray(batch.metadataStart[index], batch.metadataEnd[index]), at)
    at += metadataSize
  }
  return record
}

export interface RecordVisitor {
  /** Called for every stream of the record before its entries; the result is handed to {@link entry}. */
  stream(labels: string): number
  entry(
    stream: number,
    seconds: number,
    nanos: number,
    bytes: Uint8Array,
    lineStart: number,
    lineEnd: number,
    metadataEnd: number,
  ): void
}

/** Applies a record; live appends and replay take the same way. @throws RecordError */
export function readRecord(record: Uint8Array, visitor: RecordVisitor): void {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength)
  if (record.length < 9) throw new RecordError('record is too short')
  if (record[0] !== VERSION) throw new RecordError(`record has version ${record[0]}, newest known is ${VERSION}`)
  const streamCount = view.getUint32(1, true)
  const entryCount = view.getUint32(5, true)
  let at = 9
  const need = (size: number): void => {
    if (size > record.length - at) throw new RecordError(`record ends inside an item at byte ${at}`)
  }
  const streams: number[] = []
  const decoder = new TextDecoder()
  for (let index = 0; index < streamCount; index++) {
    need(4)
    const size = view.getUint32(at, true)
    at += 4
    need(size)
    streams.push(visitor.stream(decoder.decode(record.subarray(at, at + size))))
    at += size
  }
  for (let index = 0; index < entryCount; index++) {
    need(20)
    const stream = streams[view.getUint32(at, true)]
    if (stream === undefined) throw new RecordError(`entry names an unknown stream at byte ${at}`)
    const lineSize = view.getUint32(at + 12, true)
    const metadataSize = view.getUint32(at + 16, true)
    const seconds = view.getUint32(at + 4, true)
    const nanos = view.getUint32(at + 8, true)
    at += 20
    need(lineSize + metadataSize)
    visitor.entry(stream, seconds, nanos, record, at, at + lineSize, at + lineSize + metadataSize)
    at += lineSize + metadataSize
  }
}
