import type { SampleColumns } from '../query/source.ts'
import { COLUMN_SLACK, decodeColumn, encodeColumn } from './column-codec.ts'
import { decodeHistograms } from './histogram-column.ts'

const PAGE_BITS = 18
const PAGE_BYTES = 1 << PAGE_BITS
const TIMES_SLOTS = 256

interface Page {
  readonly bytes: Uint8Array<SharedArrayBuffer>
  readonly view: DataView
}

/**
 * Sealed chunks of the head. Encoded columns lie in pages of shared memory; a chunk is an index into columns of facts about it.
 * Series that were scraped together share one times column, whose address then says so.
 *
 * A store only grows. {@link truncated} makes a new one, so that a query that holds the old one is not disturbed.
 */
export class ChunkStore {
  count = 0
  /** Chunk before this one in the same series, or -1. */
  previous = new Int32Array(64)
  minMs = new Float64Array(64)
  maxMs = new Float64Array(64)
  samples = new Uint16Array(64)
  #valuesAt = new Uint32Array(64)
  #timesAt = new Uint32Array(64)
  /** Histogram columns of the few chunks that have one, each by itself: one may be larger than a page. */
  readonly #histograms = new Map<number, Uint8Array>()
  #histogramBytes = 0
  readonly #pages: (Page | undefined)[]
  #page = -1
  #used = PAGE_BYTES
  /** Recently written times columns, to be shared by the next series: address + 1 and length by slot. */
  readonly #recentAt = new Uint32Array(TIMES_SLOTS)
  readonly #recentBytes = new Uint16Array(TIMES_SLOTS)

  constructor(pages: (Page | undefined)[] = []) {
    this.#pages = pages
  }

  get sizeBytes(): number {
    const pages = this.#pages.reduce((sum, page) => sum + (page ? PAGE_BYTES : 0), 0)
    return pages + this.previous.length * 30 + this.#histogramBytes + this.#histograms.size * 100
  }

  /**
   * Encodes samples as a chunk and returns its number. Numbers of chunks are only valid in this store.
   * @param columns times are ascending
   * @param histograms column of the samples that are native histograms
   */
  add(
    previous: number,
    columns: { readonly timesMs: Float64Array; readonly values: Float64Array; readonly bits: Uint32Array },
    start: number,
    end: number,
    histograms?: Uint8Array,
  ): number {
    const timesMs = columns.timesMs
    const timeBits = new Uint32Array(timesMs.buffer, timesMs.byteOffset, 2 * timesMs.length)
    const timesAt = this.#putTimes(encodeColumn(timesMs, timeBits, start, end))
    const valuesAt = this.#put(encodeColumn(columns.values, columns.bits, start, end))
    const chunk = this.#addChunk(previous, timesMs[start], timesMs[end - 1], end - start, valuesAt, timesAt)
    if (histograms !== undefined) this.#addHistograms(chunk, histograms)
    return chunk
  }

  /** Puts the chunk's native histograms, if any, beside its values, which have been read to `at`. */
  readHistograms(chunk: number, into: SampleColumns, at: number): void {
    const column = this.#histograms.get(chunk)
    if (column !== undefined) decodeHistograms(column, into.values, at, (into.histograms ??= []))
  }

  get hasHistograms(): boolean {
    return this.#histograms.size > 0
  }

  readTimes(chunk: number, timesMs: Float64Array, bits: Uint32Array, at: number): void {
    const address = this.#timesAt[chunk]
    const page = this.#pages[address >>> PAGE_BITS]!
    decodeColumn(page.view, address & (PAGE_BYTES - 1), this.samples[chunk], timesMs, bits, at)
  }

  readValues(chunk: number, values: Float64Array, bits: Uint32Array, at: number): void {
    const address = this.#valuesAt[chunk]
    const page = this.#pages[address >>> PAGE_BITS]!
    decodeColumn(page.view, address & (PAGE_BYTES - 1), this.samples[chunk], values, bits, at)
  }

  /** Equal for chunks with equal times. */
  timesKey(chunk: number): number {
    return this.#timesAt[chunk]
  }

  /**
   * A store without the chunks that end before `minMs`; `lastChunks[0..seriesCount)` is renumbered in place.
   * Pages are shared with this store, which stays readable.
   */
  truncated(minMs: number, lastChunks: Int32Array, seriesCount: number): ChunkStore {
    const pages = this.#pages.slice()
    const kept = new ChunkStore(pages)
    const isUsed = new Uint8Array(pages.length)
    const chain: number[] = []
    for (let series = 0; series < seriesCount; series++) {
      chain.length = 0
      for (let chunk = lastChunks[series]; chunk >= 0 && this.maxMs[chunk] >= minMs; chunk = this.previous[chunk]) {
        chain.push(chunk)
      }
      let last = -1
      for (let index = chain.length - 1; index >= 0; index--) {
        const chunk = chain[index]
        isUsed[this.#valuesAt[chunk] >>> PAGE_BITS] = 1
        isUsed[this.#timesAt[chunk] >>> PAGE_BITS] = 1
        last = kept.#addChunk(
          last,
          this.minMs[chunk],
          this.maxMs[chunk],
          this.samples[chunk],
          this.#valuesAt[chunk],
          this.#timesAt[chunk],
        )
        const histograms = this.#histograms.get(chunk)
        if (histograms !== undefined) kept.#addHistograms(last, histograms)
      }
      lastChunks[series] = last
    }
    for (let page = 0; page < pages.length; page++) if (isUsed[page] === 0) pages[page] = undefined
    return kept
  }

  #addHistograms(chunk: number, column: Uint8Array): void {
    this.#histograms.set(chunk, column)
    this.#histogramBytes += column.length
  }

  #addChunk(
    previous: number,
    minMs: number,
    maxMs: number,
    samples: number,
    valuesAt: number,
    timesAt: number,
  ): number {
    const chunk = this.count
    if (chunk === this.previous.length) this.#grow()
    this.previous[chunk] = previous
    this.minMs[chunk] = minMs
    this.maxMs[chunk] = maxMs
    this.samples[chunk] = samples
    this.#valuesAt[chunk] = valuesAt
    this.#timesAt[chunk] = timesAt
    this.count = chunk + 1
    return chunk
  }

  #putTimes(encoded: Uint8Array): number {
    let slot = encoded.length
    for (let at = 0; at < encoded.length; at++) slot = (Math.imul(slot, 31) + encoded[at]) | 0
    slot &= TIMES_SLOTS - 1
    const known = this.#recentAt[slot] - 1
    if (known >= 0 && this.#recentBytes[slot] === encoded.length && this.#holds(known, encoded)) return known
    const address = this.#put(encoded)
    this.#recentAt[slot] = address + 1
    this.#recentBytes[slot] = encoded.length
    return address
  }

  #holds(address: number, encoded: Uint8Array): boolean {
    const bytes = this.#pages[address >>> PAGE_BITS]?.bytes
    if (!bytes) return false
    const offset = address & (PAGE_BYTES - 1)
    for (let at = 0; at < encoded.length; at++) if (bytes[offset + at] !== encoded[at]) return false
    return true
  }

  #put(encoded: Uint8Array): number {
    if (this.#used + encoded.length + COLUMN_SLACK > PAGE_BYTES) this.#addPage()
    const offset = this.#used
    this.#pages[this.#page]!.bytes.set(encoded, offset)
    this.#used += encoded.length
    return this.#page * PAGE_BYTES + offset
  }

  #addPage(): void {
    const free = this.#pages.indexOf(undefined)
    this.#page = free >= 0 ? free : this.#pages.length
    if (this.#page >= 1 << (32 - PAGE_BITS)) throw new Error('the head holds 4 GiB of chunks, which is its limit')
    const buffer = new SharedArrayBuffer(PAGE_BYTES)
    this.#pages[this.#page] = { bytes: new Uint8Array(buffer), view: new DataView(buffer) }
    this.#used = 0
  }

  #grow(): void {
    const size = this.previous.length * 2
    this.previous = copyInto(new Int32Array(size), this.previous)
    this.minMs = copyInto(new Float64Array(size), this.minMs)
    this.maxMs = copyInto(new Float64Array(size), this.maxMs)
    this.samples = copyInto(new Uint16Array(size), this.samples)
    this.#valuesAt = copyInto(new Uint32Array(size), this.#valuesAt)
    this.#timesAt = copyInto(new Uint32Array(size), this.#timesAt)
  }
}

function copyInto<T extends { set(source: T): void }>(target: T, source: T): T {
  target.set(source)
  return target
}
