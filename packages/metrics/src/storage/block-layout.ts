import { zstdCompressSync, zstdDecompressSync, constants } from 'node:zlib'

/** Sections of a metrics block; layout in docs/format/block.md. */
export const CHUNKS = 'chunks'
export const TIMES = 'times'
export const LABELS = 'labels'
export const SERIES = 'series'
export const POSTINGS = 'postings'

/** Samples in a chunk of a block, four times a head's: the header is paid less often. */
export const BLOCK_CHUNK_SAMPLES = 240
/** A page of chunks is compressed as a whole and closed when it is larger than this. */
export const CHUNK_PAGE_BYTES = 64 << 10

export function compress(bytes: Uint8Array): Uint8Array {
  return zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } })
}

/** Decompresses into a buffer of its own, aligned to 8, with `slack` zero bytes behind. */
export function decompress(bytes: Uint8Array, slack = 0): Uint8Array<ArrayBuffer> {
  const plain = zstdDecompressSync(bytes)
  const result = new Uint8Array(plain.length + slack)
  result.set(plain)
  return result
}

/** A row of typed arrays in one section: a JSON head with kinds and lengths, then each array at a multiple of 8. */
export type Columns = Readonly<Record<string, Uint32Array | Uint16Array | Float64Array | Uint8Array>>

const KINDS = { Uint8Array, Uint16Array, Uint32Array, Float64Array } as const
type Kind = keyof typeof KINDS

export function encodeColumns(columns: Columns): Uint8Array {
  const layout = Object.entries(columns).map(([name, column]) => [name, kindOf(column), column.length])
  const head = Buffer.from(JSON.stringify(layout))
  let size = align(4 + head.length)
  for (const column of Object.values(columns)) size = align(size + column.byteLength)
  const bytes = new Uint8Array(size)
  new DataView(bytes.buffer).setUint32(0, head.length, true)
  bytes.set(head, 4)
  let at = align(4 + head.length)
  for (const column of Object.values(columns)) {
    bytes.set(new Uint8Array(column.buffer, column.byteOffset, column.byteLength), at)
    at = align(at + column.byteLength)
  }
  return bytes
}

/** Views into `bytes`, which must be aligned to 8. */
export function decodeColumns<T extends Columns>(bytes: Uint8Array<ArrayBuffer>): T {
  const headLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)
  const layout = JSON.parse(Buffer.from(bytes.subarray(4, 4 + headLength)).toString()) as [string, Kind, number][]
  const columns: Record<string, unknown> = {}
  let at = align(4 + headLength)
  for (const [name, kind, length] of layout) {
    const column = new KINDS[kind](bytes.buffer, bytes.byteOffset + at, length)
    columns[name] = column
    at = align(at + column.byteLength)
  }
  return columns as T
}

/** A Buffer is written as the bytes that it is. */
function kindOf(column: Columns[string]): Kind {
  return column instanceof Uint8Array ? 'Uint8Array' : (column.constructor.name as Kind)
}

function align(offset: number): number {
  return Math.ceil(offset / 8) * 8
}

/** Label pairs by number: pairs are sorted by name, then value. */
export type LabelColumns = {
  /** All names, then all values, as UTF-8; the end of each in `textEnd`. */
  readonly text: Uint8Array
  readonly textEnd: Uint32Array
  /** First pair of each name; one more entry than names. */
  readonly firstPair: Uint32Array
}

export type SeriesColumns = {
  readonly pairStart: Uint32Array
  readonly pairs: Uint32Array
  readonly chunkStart: Uint32Array
  readonly chunkMinMs: Float64Array
  readonly chunkMaxMs: Float64Array
  readonly chunkSamples: Uint16Array
  readonly chunkPage: Uint32Array
  readonly chunkValuesAt: Uint32Array
  readonly chunkTimesAt: Uint32Array
  /** Chunks with native histograms, ascending, and where their columns begin and end in the page. Absent when there are none. */
  readonly histogramChunk?: Uint32Array
  readonly histogramAt?: Uint32Array
  readonly histogramEnd?: Uint32Array
  /** Where each compressed page ends in the section `chunks`. */
  readonly pageEnd: Float64Array
}

export type PostingsColumns = {
  /** First entry of each pair in `ids`; one more than pairs. */
  readonly start: Uint32Array
  /** Series numbers as differences from the one before, which zstd likes. */
  readonly deltas: Uint32Array
}
