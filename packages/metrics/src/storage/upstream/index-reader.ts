import type { Label, Labels } from '@quartet/model'
import { crc32c } from '@quartet/storage'
import { ByteCursor } from './byte-cursor.ts'
import { UpstreamFormatError } from './format-error.ts'

export const INDEX_FILE = 'index'
export const INDEX_MAGIC = 0xbaaad700
export const INDEX_VERSION = 2
export const HEADER_BYTES = 5
/** Series begin at multiples of this; their reference is the quotient. */
export const SERIES_ALIGNMENT = 16
const TOC_BYTES = 6 * 8 + 4

export interface UpstreamSeries {
  readonly ref: number
  readonly labels: Labels
  readonly chunks: readonly UpstreamChunkMeta[]
}

/** Times are both inclusive. `ref`: number of the segment, counted from 0, times 2^32 plus offset. */
export interface UpstreamChunkMeta {
  readonly minMs: number
  readonly maxMs: number
  readonly ref: number
}

/** The `index` file of an upstream block, version 2; layout in docs/format/upstream.md. */
export class UpstreamIndex {
  readonly #bytes: Uint8Array
  readonly #path: string
  readonly #symbols: readonly string[]
  readonly #seriesStart: number
  readonly #seriesEnd: number

  /** @throws UpstreamFormatError */
  constructor(bytes: Uint8Array, path: string) {
    this.#bytes = bytes
    this.#path = path
    if (bytes.length < HEADER_BYTES + TOC_BYTES) throw this.#problem('too short')
    const header = new ByteCursor(bytes)
    if (header.uint32() !== INDEX_MAGIC) throw this.#problem('wrong magic number')
    const version = header.uint8()
    if (version !== INDEX_VERSION) throw this.#problem(`index format version ${version} is not supported, only 2 is`)
    const tocStart = bytes.length - TOC_BYTES
    const toc = new ByteCursor(bytes, tocStart)
    const [symbols, series, labelIndices, , postings] = [1, 2, 3, 4, 5, 6].map(() => toc.uint64())
    if (crc32c(bytes, tocStart, bytes.length - 4) !== toc.uint32()) {
      throw this.#problem('wrong checksum of the table of contents')
    }
    this.#seriesStart = series === 0 ? HEADER_BYTES : series
    // Newer versions leave the label indices out.
    this.#seriesEnd =
      series === 0 ? HEADER_BYTES : Math.min(...[labelIndices, postings, tocStart].filter((at) => at > 0))
    this.#symbols = symbols === 0 ? [] : this.#readSymbols(symbols)
  }

  get symbolCount(): number {
    return this.#symbols.length
  }

  /**
   * All series, sorted by labels.
   * @throws UpstreamFormatError at the first that is damaged
   */
  *series(): Generator<UpstreamSeries> {
    let at = align(this.#seriesStart)
    while (at < this.#seriesEnd) {
      const cursor = new ByteCursor(this.#bytes, at, this.#seriesEnd)
      const size = cursor.uvarint()
      // Zeros fill the gap to the next section.
      if (size === 0) break
      const end = cursor.at + size
      if (end + 4 > this.#seriesEnd) throw this.#problem(`series at byte ${at} does not fit`)
      if (crc32c(this.#bytes, cursor.at, end) !== new ByteCursor(this.#bytes, end).uint32()) {
        throw this.#problem(`wrong checksum of the series at byte ${at}`)
      }
      yield this.#readSeries(at / SERIES_ALIGNMENT, new ByteCursor(this.#bytes, cursor.at, end))
      at = align(end + 4)
    }
  }

  #readSeries(ref: number, cursor: ByteCursor): UpstreamSeries {
    const labels: Label[] = []
    for (let rest = cursor.uvarint(); rest > 0; rest--) {
      labels.push([this.#symbol(cursor.uvarint()), this.#symbol(cursor.uvarint())])
    }
    const chunks: UpstreamChunkMeta[] = []
    let maxMs = 0
    let chunk = 0
    for (let rest = cursor.uvarint(); rest > 0; rest--) {
      const isFirst = chunks.length === 0
      const minMs = isFirst ? cursor.varint() : maxMs + cursor.uvarint()
      maxMs = minMs + cursor.uvarint()
      chunk = isFirst ? cursor.uvarint() : chunk + cursor.varint()
      chunks.push({ minMs, maxMs, ref: chunk })
    }
    return { ref, labels, chunks }
  }

  #readSymbols(start: number): string[] {
    const head = new ByteCursor(this.#bytes, start)
    const size = head.uint32()
    const from = head.at
    const end = from + size
    if (end + 4 > this.#bytes.length) throw this.#problem('symbols do not fit')
    if (crc32c(this.#bytes, from, end) !== new ByteCursor(this.#bytes, end).uint32()) {
      throw this.#problem('wrong checksum of the symbols')
    }
    const cursor = new ByteCursor(this.#bytes, from, end)
    const count = cursor.uint32()
    const symbols: string[] = []
    while (symbols.length < count) symbols.push(cursor.text())
    return symbols
  }

  #symbol(number: number): string {
    const symbol = this.#symbols[number]
    if (symbol === undefined) throw this.#problem(`no symbol ${number}`)
    return symbol
  }

  #problem(message: string): UpstreamFormatError {
    return new UpstreamFormatError(`${this.#path}: ${message}`)
  }
}

export function align(offset: number): number {
  return Math.ceil(offset / SERIES_ALIGNMENT) * SERIES_ALIGNMENT
}
