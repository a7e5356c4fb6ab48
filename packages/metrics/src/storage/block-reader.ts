import { bitsOf } from '@quartet/model'
import type { Labels } from '@quartet/model'
import type { Matcher } from '@quartet/query'
import type { Block } from '@quartet/storage'
import type { SampleColumns } from '../query/source.ts'
import { BlockIndex } from './block-index.ts'
import { CHUNKS, decompress } from './block-layout.ts'
import { COLUMN_SLACK, decodeColumn } from './column-codec.ts'
import { decodeHistograms } from './histogram-column.ts'
import { trimColumns } from './series-part.ts'
import type { PartSeries } from './series-part.ts'
import { isWithin, Tombstones, withoutIntervals } from './tombstones.ts'

/** Bounded cache of decoded indexes and pages of all blocks together; what was used last stays. */
export class BlockCache {
  readonly #maxBytes: number
  readonly #entries = new Map<string, { readonly value: Promise<unknown>; bytes: number }>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  index(block: Block): Promise<BlockIndex> {
    return this.#get(
      `${block.id}/`,
      () => BlockIndex.load(block),
      (index) => index.sizeBytes,
    )
  }

  page(block: Block, index: BlockIndex, page: number): Promise<DataView> {
    return this.#get(
      `${block.id}/${page}`,
      () => loadPage(block, index, page),
      (view) => view.byteLength,
    )
  }

  #get<T>(key: string, load: () => Promise<T>, size: (value: T) => number): Promise<T> {
    const found = this.#entries.get(key)
    if (found) {
      this.#entries.delete(key)
      this.#entries.set(key, found)
      return found.value as Promise<T>
    }
    const entry = { value: load(), bytes: 0 }
    this.#entries.set(key, entry)
    entry.value.then(
      (value) => {
        if (this.#entries.get(key) !== entry) return
        entry.bytes = size(value)
        this.#bytes += entry.bytes
        this.#evict()
      },
      () => this.#entries.delete(key), // whoever asked gets the error; the next one tries again
    )
    return entry.value
  }

  #evict(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#bytes <= this.#maxBytes) return
      this.#bytes -= entry.bytes
      this.#entries.delete(key)
    }
  }
}

async function loadPage(block: Block, index: BlockIndex, page: number): Promise<DataView> {
  const { pageEnd } = index.series
  const compressed = await block.sectionRange(CHUNKS, page === 0 ? 0 : pageEnd[page - 1], pageEnd[page])
  return new DataView(decompress(compressed, COLUMN_SLACK).buffer)
}

/**
 * The matching series of a block with samples in the range, in label order, with the pages that hold them.
 * @param checkpoint awaited between pages
 */
export async function selectFromBlock(
  block: Block,
  cache: BlockCache,
  request: {
    readonly matchers: readonly Matcher[]
    readonly minMs: number
    readonly maxMs: number
    readonly signal: AbortSignal
  },
  tombstones = Tombstones.none,
): Promise<PartSeries[]> {
  const index = await cache.index(block)
  const deleted = tombstones.inBlock(block.id, index)
  const { minMs, maxMs } = request
  const { chunkStart, chunkMinMs, chunkMaxMs, chunkPage } = index.series
  const pages = new Map<number, DataView>()
  const selected: PartSeries[] = []
  for (const id of index.select(request.matchers)) {
    let first = chunkStart[id]
    let end = chunkStart[id + 1]
    while (first < end && chunkMaxMs[first] < minMs) first++
    while (end > first && chunkMinMs[end - 1] > maxMs) end--
    const intervals = deleted.get(id)
    if (intervals !== undefined) {
      while (first < end && isWithin(intervals, chunkMinMs[first], chunkMaxMs[first])) first++
      while (end > first && isWithin(intervals, chunkMinMs[end - 1], chunkMaxMs[end - 1])) end--
    }
    if (first === end) continue
    for (let chunk = first; chunk < end; chunk++) {
      const page = chunkPage[chunk]
      if (pages.has(page)) continue
      request.signal.throwIfAborted()
      pages.set(page, await cache.page(block, index, page))
    }
    const part = new BlockSeries(index, pages, id, first, end)
    selected.push(intervals === undefined ? part : withoutIntervals(part, intervals))
  }
  return selected
}

class BlockSeries implements PartSeries {
  readonly #index: BlockIndex
  readonly #pages: ReadonlyMap<number, DataView>
  readonly #id: number
  readonly #first: number
  readonly #end: number

  constructor(index: BlockIndex, pages: ReadonlyMap<number, DataView>, id: number, first: number, end: number) {
    this.#index = index
    this.#pages = pages
    this.#id = id
    this.#first = first
    this.#end = end
  }

  get labels(): Labels {
    return this.#index.labelsOf(this.#id)
  }

  appendTo(into: SampleColumns, minMs: number, maxMs: number): number {
    const { chunkSamples, chunkPage, chunkValuesAt, chunkTimesAt, histogramChunk } = this.#index.series
    let samples = 0
    for (let chunk = this.#first; chunk < this.#end; chunk++) samples += chunkSamples[chunk]
    const from = into.count
    into.reserve(from + samples)
    const timeBits = bitsOf(into.timesMs)
    let at = from
    for (let chunk = this.#first; chunk < this.#end; chunk++) {
      const count = chunkSamples[chunk]
      decodeColumn(this.#index.times, chunkTimesAt[chunk], count, into.timesMs, timeBits, at)
      const page = this.#pages.get(chunkPage[chunk])!
      decodeColumn(page, chunkValuesAt[chunk], count, into.values, into.bits, at)
      if (histogramChunk !== undefined) this.#readHistograms(histogramChunk, chunk, page, into, at)
      at += count
    }
    into.count = at
    trimColumns(into, from, { minMs, maxMs })
    return 0
  }

  #readHistograms(chunks: Uint32Array, chunk: number, page: DataView, into: SampleColumns, at: number): void {
    const { histogramAt, histogramEnd } = this.#index.series
    let low = 0
    let high = chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (chunks[middle] < chunk) low = middle + 1
      else high = middle
    }
    if (chunks[low] !== chunk) return
    const start = histogramAt![low]
    const column = new Uint8Array(page.buffer, page.byteOffset + start, histogramEnd![low] - start)
    decodeHistograms(column, into.values, at, (into.histograms ??= []))
  }
}

/** Whether a series has a chunk that touches [minMs, maxMs]. */
export function blockOverlaps(index: BlockIndex, series: number, minMs: number, maxMs: number): boolean {
  const { chunkStart, chunkMinMs, chunkMaxMs } = index.series
  for (let chunk = chunkStart[series]; chunk < chunkStart[series + 1]; chunk++) {
    if (chunkMinMs[chunk] <= maxMs && chunkMaxMs[chunk] >= minMs) return true
  }
  return false
}
