import { crc32c } from '@quartet/storage'
import type { SampleColumns } from '../../query/source.ts'
import { ByteBuilder } from './byte-builder.ts'
import { ByteCursor } from './byte-cursor.ts'
import { UpstreamFormatError } from './format-error.ts'

export const TOMBSTONES_FILE = 'tombstones'
const MAGIC = 0x0130ba30
const VERSION = 1
const HEADER_BYTES = 5

/** Times of deleted samples, both inclusive. */
export interface Interval {
  readonly minMs: number
  readonly maxMs: number
}

/** Deleted times by series reference. */
export type Tombstones = ReadonlyMap<number, readonly Interval[]>

/** @throws UpstreamFormatError */
export function decodeTombstones(bytes: Uint8Array, path: string): Tombstones {
  const bodyEnd = bytes.length - 4
  if (bodyEnd < HEADER_BYTES) throw new UpstreamFormatError(`${path}: too short`)
  const cursor = new ByteCursor(bytes, 0, bodyEnd)
  if (cursor.uint32() !== MAGIC) throw new UpstreamFormatError(`${path}: wrong magic number`)
  const version = cursor.uint8()
  if (version !== VERSION) throw new UpstreamFormatError(`${path}: unknown version ${version}`)
  if (crc32c(bytes, HEADER_BYTES, bodyEnd) !== new ByteCursor(bytes, bodyEnd).uint32()) {
    throw new UpstreamFormatError(`${path}: wrong checksum`)
  }
  const found = new Map<number, Interval[]>()
  while (!cursor.isAtEnd) {
    const series = cursor.uvarint()
    const interval = { minMs: cursor.varint(), maxMs: cursor.varint() }
    const known = found.get(series)
    if (known) known.push(interval)
    else found.set(series, [interval])
  }
  return found
}

/** A file without any. */
export function emptyTombstones(): Uint8Array {
  return new ByteBuilder().uint32(MAGIC).uint8(VERSION).uint32(0).view()
}

/** Takes deleted samples out of the columns. */
export function dropDeleted(columns: SampleColumns, intervals: readonly Interval[]): void {
  const { timesMs, bits, histograms } = columns
  let kept = 0
  for (let at = 0; at < columns.count; at++) {
    const timeMs = timesMs[at]
    if (intervals.some(({ minMs, maxMs }) => timeMs >= minMs && timeMs <= maxMs)) continue
    timesMs[kept] = timeMs
    bits[2 * kept] = bits[2 * at]
    bits[2 * kept + 1] = bits[2 * at + 1]
    if (histograms) histograms[kept] = histograms[at]
    kept++
  }
  if (histograms) histograms.length = Math.min(histograms.length, kept)
  columns.count = kept
}
