import { crc32c } from './crc32c.ts'
import type { FileHandle, FileSystem } from './file-system.ts'

/** `QWAL`, version 1, three zero bytes. */
export const SEGMENT_HEADER = Uint8Array.of(0x51, 0x57, 0x41, 0x4c, 1, 0, 0, 0)
export const HEADER_BYTES = SEGMENT_HEADER.length
/** length, CRC of the payload, CRC of these two and of the frame's place. */
export const FRAME_BYTES = 12

const WINDOW_BYTES = 1 << 20

/** Fills in the frame header at `at` of `buffer`, whose payload follows; the frame will lie at `offset` of `segment`. */
export function writeFrameHeader(
  buffer: Uint8Array,
  at: number,
  payloadBytes: number,
  segment: number,
  offset: number,
): void {
  const start = at + FRAME_BYTES
  putUint32(buffer, at, payloadBytes)
  putUint32(buffer, at + 4, crc32c(buffer, start, start + payloadBytes))
  putUint32(buffer, at + 8, headerChecksum(buffer, at, segment, offset))
}

export interface SegmentContent {
  readonly records: number
  readonly recordBytes: number
  /** Damaged bytes between intact records. */
  readonly skippedBytes: number
  /** Behind the last intact record. */
  readonly end: number
  readonly size: number
  /** Whether more records may be appended at `end`. */
  readonly isWritable: boolean
}

/**
 * Visits the intact records of one segment. Behind damage it looks for the next frame header: a header's checksum covers the
 * frame's place, so that bytes inside a record never pass for a frame.
 */
export async function readSegment(
  fileSystem: FileSystem,
  path: string,
  segment: number,
  visit: (record: Uint8Array) => void,
  onCorrupt: (offset: number, message: string) => void,
): Promise<SegmentContent> {
  const file = await fileSystem.open(path, 'read')
  try {
    const size = await file.sizeBytes()
    const window = new Window(file, size)
    const header = await readHeader(window, path)
    if (header === 'short') return { records: 0, recordBytes: 0, skippedBytes: 0, end: 0, size, isWritable: false }
    if (header === 'damaged') onCorrupt(0, 'the segment header is damaged')
    return await readFrames(window, segment, visit, onCorrupt)
  } finally {
    await file.close()
  }
}

async function readHeader(window: Window, path: string): Promise<'good' | 'short' | 'damaged'> {
  if (!(await window.load(0, HEADER_BYTES))) return 'short'
  const { bytes } = window
  if (SEGMENT_HEADER.every((byte, index) => bytes[index] === byte)) return 'good'
  const isMagic = SEGMENT_HEADER.subarray(0, 4).every((byte, index) => bytes[index] === byte)
  if (isMagic && bytes[4] > 1 && bytes[5] === 0 && bytes[6] === 0 && bytes[7] === 0 && bytes[4] < 16) {
    throw new Error(`${path}: WAL format version ${bytes[4]} is newer than this program`)
  }
  return 'damaged'
}

async function readFrames(
  window: Window,
  segment: number,
  visit: (record: Uint8Array) => void,
  onCorrupt: (offset: number, message: string) => void,
): Promise<SegmentContent> {
  const { size } = window
  let records = 0
  let recordBytes = 0
  let skippedBytes = 0
  let end = HEADER_BYTES
  let offset = HEADER_BYTES
  while (await window.load(offset, FRAME_BYTES)) {
    const length = frameLength(window, segment, offset)
    if (
      length === 0 ||
      !(await window.load(offset, FRAME_BYTES + length)) ||
      !isPayloadIntact(window, offset, length)
    ) {
      offset++
      continue
    }
    if (offset > end) {
      skippedBytes += offset - end
      onCorrupt(end, `skipped ${offset - end} damaged bytes before an intact record`)
    }
    const start = offset - window.start + FRAME_BYTES
    visit(window.bytes.subarray(start, start + length))
    records++
    recordBytes += length
    offset += FRAME_BYTES + length
    end = offset
  }
  return { records, recordBytes, skippedBytes, end, size, isWritable: true }
}

/** The payload's length when an intact frame header lies at `offset`, else 0. */
function frameLength(window: Window, segment: number, offset: number): number {
  const at = offset - window.start
  const { bytes } = window
  const length = getUint32(bytes, at)
  if (length === 0 || length > window.size - offset - FRAME_BYTES) return 0
  return getUint32(bytes, at + 8) === headerChecksum(bytes, at, segment, offset) ? length : 0
}

function isPayloadIntact(window: Window, offset: number, length: number): boolean {
  const at = offset - window.start
  const start = at + FRAME_BYTES
  return getUint32(window.bytes, at + 4) === crc32c(window.bytes, start, start + length)
}

function headerChecksum(bytes: Uint8Array, at: number, segment: number, offset: number): number {
  return crc32c(bytes, at, at + 8, (Math.imul(segment, 0x9e3779b1) ^ offset) >>> 0)
}

/** A forward-moving window on a file, so that a segment need not fit into memory. */
class Window {
  bytes = new Uint8Array(0)
  /** Place of `bytes[0]` in the file. */
  start = 0
  readonly size: number
  readonly #file: FileHandle
  #length = 0

  constructor(file: FileHandle, size: number) {
    this.#file = file
    this.size = size
  }

  /** Makes [offset, offset + count) available in {@link bytes}; false when the file ends before. */
  async load(offset: number, count: number): Promise<boolean> {
    if (offset + count <= this.start + this.#length) return true
    if (offset + count > this.size) return false
    const held = this.bytes.subarray(offset - this.start, this.#length)
    const capacity = Math.max(count, Math.min(WINDOW_BYTES, this.size - offset))
    const next = capacity > this.bytes.length ? new Uint8Array(capacity) : this.bytes
    if (next === this.bytes) next.copyWithin(0, offset - this.start, this.#length)
    else next.set(held)
    const wanted = Math.min(next.length, this.size - offset) - held.length
    const read = await this.#file.readAt(next.subarray(held.length, held.length + wanted), offset + held.length)
    this.bytes = next
    this.start = offset
    this.#length = held.length + read
    return this.#length >= count
  }
}

function putUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value
  bytes[at + 1] = value >>> 8
  bytes[at + 2] = value >>> 16
  bytes[at + 3] = value >>> 24
}

function getUint32(bytes: Uint8Array, at: number): number {
  return (bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)) >>> 0
}
