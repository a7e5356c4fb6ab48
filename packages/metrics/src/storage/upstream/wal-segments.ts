import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { SnappyDecoder, WireError } from '@quartet/model'
import { crc32c } from '@quartet/storage'
import type { FileSystem } from '@quartet/storage'
import { UpstreamFormatError } from './format-error.ts'

const PAGE_BYTES = 32 << 10
const FRAGMENT_HEADER_BYTES = 7
/** Read at once: whole pages. */
const BUFFER_BYTES = 128 * PAGE_BYTES
const MAX_RECORD_BYTES = 128 << 20

/** Fragments of a record. Source: tsdb/docs/format/wal.md. */
const PAGE_END = 0
const FULL = 1
const FIRST = 2
const MIDDLE = 3
const LAST = 4
const SNAPPY = 0x08
const ZSTD = 0x10

export interface WalDamage {
  readonly file: string
  readonly message: string
}

/** The segments of a WAL in reading order: those of the newest checkpoint, then those after it. */
export async function listWalSegments(fileSystem: FileSystem, directory: string): Promise<string[]> {
  const names = await fileSystem.list(directory)
  const checkpoint = names
    .filter((name) => /^checkpoint\.\d+$/.test(name))
    .sort((a, b) => checkpointNumber(a) - checkpointNumber(b))
    .at(-1)
  const covered = checkpoint === undefined ? -1 : checkpointNumber(checkpoint)
  const below = async (path: string, isWanted: (number: number) => boolean): Promise<string[]> =>
    (await fileSystem.list(path))
      .filter((name) => /^\d+$/.test(name) && isWanted(Number(name)))
      .sort((a, b) => Number(a) - Number(b))
      .map((name) => join(path, name))
  const first = checkpoint === undefined ? [] : await below(join(directory, checkpoint), () => true)
  return [...first, ...(await below(directory, (number) => number > covered))]
}

function checkpointNumber(name: string): number {
  return Number(name.slice(name.indexOf('.') + 1))
}

/**
 * The records of all segments; a record is valid until the next one is asked for. Ends at the first damage, as Prometheus does when it
 * repairs a WAL, and tells it to `onDamage`; a record that is cut off at the very end is what a crash leaves, and no damage.
 */
export async function* readWal(
  fileSystem: FileSystem,
  segments: readonly string[],
  onDamage: (damage: WalDamage) => void,
): AsyncGenerator<Uint8Array> {
  const snappy = new SnappyDecoder(MAX_RECORD_BYTES)
  for (const [index, path] of segments.entries()) {
    try {
      yield* readSegment(fileSystem, path, { snappy, isLast: index === segments.length - 1 })
    } catch (error) {
      if (!(error instanceof UpstreamFormatError)) throw error
      onDamage({ file: path, message: error.message })
      return
    }
  }
}

async function* readSegment(
  fileSystem: FileSystem,
  path: string,
  { snappy, isLast }: { readonly snappy: SnappyDecoder; readonly isLast: boolean },
): AsyncGenerator<Uint8Array> {
  const file = await fileSystem.open(path, 'read')
  try {
    const buffer = new Uint8Array(BUFFER_BYTES)
    const view = new DataView(buffer.buffer)
    let parts: Uint8Array[] = []
    for (let offset = 0; ; offset += BUFFER_BYTES) {
      const size = await file.readAt(buffer, offset)
      for (let at = 0; at < size;) {
        const pageEnd = Math.min(size, (Math.floor(at / PAGE_BYTES) + 1) * PAGE_BYTES)
        const type = buffer[at] & 7
        if (type === PAGE_END) {
          at = pageEnd
          continue
        }
        const end = at + FRAGMENT_HEADER_BYTES + (at + 3 <= size ? view.getUint16(at + 1) : PAGE_BYTES)
        if (end > pageEnd) {
          // Zeros after what was written belong to a page that was written as a whole; anything less was cut off.
          if (isLast && size < BUFFER_BYTES && pageEnd === size) return
          throw new UpstreamFormatError(`record at byte ${offset + at} does not fit into its page`)
        }
        const data = buffer.subarray(at + FRAGMENT_HEADER_BYTES, end)
        if (crc32c(data) !== view.getUint32(at + 3)) {
          throw new UpstreamFormatError(`wrong checksum of the record at byte ${offset + at}`)
        }
        const compression = buffer[at] & (SNAPPY | ZSTD)
        if ((type === FULL || type === FIRST) !== (parts.length === 0)) {
          throw new UpstreamFormatError(`unexpected fragment ${type} at byte ${offset + at}`)
        }
        if (type === FULL) yield decompress(data, compression, snappy)
        else if (type === FIRST || type === MIDDLE) parts.push(data.slice())
        else if (type === LAST) {
          parts.push(data)
          const record = Buffer.concat(parts)
          parts = []
          yield decompress(record, compression, snappy)
        } else throw new UpstreamFormatError(`unknown fragment ${type} at byte ${offset + at}`)
        at = end
      }
      if (size < BUFFER_BYTES) break
    }
    if (parts.length > 0 && !isLast) throw new UpstreamFormatError('last record is cut off')
  } finally {
    await file.close()
  }
}

function decompress(data: Uint8Array, compression: number, snappy: SnappyDecoder): Uint8Array {
  try {
    if (compression === SNAPPY) return snappy.decode(data)
    return compression === ZSTD ? zstdDecompressSync(data, { maxOutputLength: MAX_RECORD_BYTES }) : data
  } catch (cause) {
    if (!(cause instanceof WireError) && !(cause instanceof Error && 'code' in cause)) throw cause
    throw new UpstreamFormatError(`record cannot be decompressed: ${cause.message}`, { cause })
  }
}
