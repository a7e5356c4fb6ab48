import { crc32c } from './crc32c.ts'

/** Layout in docs/format/queue.md. All integers are little-endian. */
export const SEGMENT_HEADER: Uint8Array = Buffer.from('QQUEUE\x00\x01', 'latin1')
/** Length and checksum before each payload. */
export const FRAME_BYTES = 8
/** Type, sequence number and item count before an entry's data. */
export const ENTRY_HEAD_BYTES = 13
export const FRAME_ENTRY = 1
export const FRAME_DONE = 2
const DONE_HEAD_BYTES = 1
const MAX_PAYLOAD_BYTES = 256 * 1024 * 1024

export function encodeEntry(sequence: number, items: number, data: Uint8Array): Uint8Array {
  const frame = Buffer.allocUnsafe(FRAME_BYTES + ENTRY_HEAD_BYTES + data.length)
  frame[FRAME_BYTES] = FRAME_ENTRY
  writeSequence(frame, FRAME_BYTES + 1, sequence)
  frame.writeUInt32LE(items, FRAME_BYTES + 9)
  frame.set(data, FRAME_BYTES + ENTRY_HEAD_BYTES)
  return seal(frame)
}

export function encodeDone(sequences: readonly number[]): Uint8Array {
  const frame = Buffer.allocUnsafe(FRAME_BYTES + DONE_HEAD_BYTES + 8 * sequences.length)
  frame[FRAME_BYTES] = FRAME_DONE
  sequences.forEach((sequence, index) => writeSequence(frame, FRAME_BYTES + DONE_HEAD_BYTES + 8 * index, sequence))
  return seal(frame)
}

/** The payload of the frame at `offset`, or `undefined` when it is not intact. */
export function decodeFrame(bytes: Uint8Array, offset: number): Uint8Array | undefined {
  if (offset + FRAME_BYTES >= bytes.length) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const length = view.getUint32(offset, true)
  const start = offset + FRAME_BYTES
  if (length === 0 || length > MAX_PAYLOAD_BYTES || start + length > bytes.length) return undefined
  if (crc32c(bytes, start, start + length) !== view.getUint32(offset + 4, true)) return undefined
  return bytes.subarray(start, start + length)
}

export type VisitFrame = (type: number, sequence: number, items: number, offset: number, sizeBytes: number) => void

/**
 * Visits all intact frames. Damage in the middle is skipped up to the next intact frame.
 * @returns where the intact part ends, and how many bytes before that were skipped
 */
export function scanSegment(bytes: Uint8Array, visit: VisitFrame): { end: number; skippedBytes: number } {
  const header = SEGMENT_HEADER.length
  if (bytes.length < header || Buffer.compare(bytes.subarray(0, header), SEGMENT_HEADER) !== 0)
    return { end: 0, skippedBytes: 0 }
  let at = header
  let end = header
  let skipped = 0
  while (at + FRAME_BYTES < bytes.length) {
    const payload = decodeFrame(bytes, at)
    if (!payload || !visitPayload(payload, at, visit)) {
      at++
      continue
    }
    skipped += at - end
    at += FRAME_BYTES + payload.length
    end = at
  }
  return { end, skippedBytes: skipped }
}

function visitPayload(payload: Uint8Array, offset: number, visit: VisitFrame): boolean {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  if (payload[0] === FRAME_ENTRY && payload.length >= ENTRY_HEAD_BYTES) {
    visit(FRAME_ENTRY, readSequence(view, 1), view.getUint32(9, true), offset, payload.length - ENTRY_HEAD_BYTES)
    return true
  }
  if (payload[0] !== FRAME_DONE || (payload.length - DONE_HEAD_BYTES) % 8 !== 0) return false
  for (let at = DONE_HEAD_BYTES; at < payload.length; at += 8) visit(FRAME_DONE, readSequence(view, at), 0, offset, 0)
  return true
}

function seal(frame: Buffer): Uint8Array {
  frame.writeUInt32LE(frame.length - FRAME_BYTES, 0)
  frame.writeUInt32LE(crc32c(frame, FRAME_BYTES, frame.length), 4)
  return frame
}

function writeSequence(target: Buffer, offset: number, sequence: number): void {
  target.writeBigUInt64LE(BigInt(sequence), offset)
}

function readSequence(view: DataView, offset: number): number {
  return Number(view.getBigUint64(offset, true))
}
