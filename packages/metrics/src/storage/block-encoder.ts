import { bitsOf, compareText } from '@quartet/model'
import type { Labels, NativeHistogram } from '@quartet/model'
import type { BlockWriter } from '@quartet/storage'
import { SampleColumns } from '../query/source.ts'
import {
  BLOCK_CHUNK_SAMPLES,
  CHUNK_PAGE_BYTES,
  CHUNKS,
  compress,
  encodeColumns,
  LABELS,
  POSTINGS,
  SERIES,
  TIMES,
} from './block-layout.ts'
import { encodeColumn } from './column-codec.ts'
import { HistogramEncoder } from './histogram-column.ts'

/** A series on its way into a block. */
export interface EncodableSeries {
  readonly labels: Labels
  /** Fills the columns; ascending in time. */
  read(into: SampleColumns): void
}

export interface EncodedBlock {
  readonly seriesCount: number
  readonly sampleCount: number
  readonly chunkCount: number
  readonly minMs: number
  readonly maxMs: number
}

/**
 * Writes the sections of a metrics block from series sorted by labels, each once. Series without samples are left out.
 * @param pause awaited between series, to let other work run
 */
export async function encodeBlock(
  writer: BlockWriter,
  series: AsyncIterable<EncodableSeries> | Iterable<EncodableSeries>,
  pause: () => Promise<void> | undefined,
): Promise<EncodedBlock> {
  const encoder = new BlockEncoder()
  await writer.addSection(CHUNKS, encoder.chunkPages(series, pause))
  await writer.addSection(TIMES, compress(encoder.times()))
  const index = encoder.index()
  await writer.addSection(LABELS, compress(encodeColumns(index.labels)))
  await pause()
  await writer.addSection(SERIES, compress(encodeColumns(index.series)))
  await pause()
  await writer.addSection(POSTINGS, compress(encodeColumns(index.postings)))
  return encoder.summary()
}

class BlockEncoder {
  readonly #labels: Labels[] = []
  readonly #chunkStart: number[] = [0]
  readonly #chunkMinMs: number[] = []
  readonly #chunkMaxMs: number[] = []
  readonly #chunkSamples: number[] = []
  readonly #chunkPage: number[] = []
  readonly #chunkValuesAt: number[] = []
  readonly #chunkTimesAt: number[] = []
  readonly #histogramChunk: number[] = []
  readonly #histogramAt: number[] = []
  readonly #histogramEnd: number[] = []
  readonly #histograms = new HistogramEncoder()
  readonly #pageEnd: number[] = []
  #page = new Uint8Array(CHUNK_PAGE_BYTES + 8192)
  #pageUsed = 0
  #times = new Uint8Array(4096)
  #timesUsed = 0
  /** Address of each distinct times column by its bytes: series scraped together share one. */
  readonly #timesAt = new Map<string, number>()
  #samples = 0
  #minMs = Infinity
  #maxMs = -Infinity

  async *chunkPages(
    series: AsyncIterable<EncodableSeries> | Iterable<EncodableSeries>,
    pause: () => Promise<void> | undefined,
  ): AsyncGenerator<Uint8Array> {
    const columns = new SampleColumns()
    for await (const one of series) {
      columns.count = 0
      columns.histograms = undefined
      one.read(columns)
      if (columns.count === 0) continue
      this.#labels.push(one.labels)
      for (let start = 0; start < columns.count; start += BLOCK_CHUNK_SAMPLES) {
        this.#addChunk(columns, start, Math.min(columns.count, start + BLOCK_CHUNK_SAMPLES))
        if (this.#pageUsed >= CHUNK_PAGE_BYTES) yield this.#closePage()
      }
      this.#chunkStart.push(this.#chunkMinMs.length)
      await pause()
    }
    if (this.#pageUsed > 0) yield this.#closePage()
  }

  times(): Uint8Array {
    return this.#times.subarray(0, this.#timesUsed)
  }

  summary(): EncodedBlock {
    return {
      seriesCount: this.#labels.length,
      sampleCount: this.#samples,
      chunkCount: this.#chunkMinMs.length,
      minMs: this.#minMs,
      maxMs: this.#maxMs,
    }
  }

  index(): {
    labels: Parameters<typeof encodeColumns>[0]
    series: Parameters<typeof encodeColumns>[0]
    postings: Parameters<typeof encodeColumns>[0]
  } {
    const { numberOf, labels } = numberPairs(this.#labels)
    const pairStart = new Uint32Array(this.#labels.length + 1)
    for (const [index, set] of this.#labels.entries()) pairStart[index + 1] = pairStart[index] + set.length
    const pairs = new Uint32Array(pairStart[this.#labels.length])
    let at = 0
    for (const set of this.#labels) for (const [name, value] of set) pairs[at++] = numberOf(name, value)
    return {
      labels,
      series: {
        pairStart,
        pairs,
        chunkStart: Uint32Array.from(this.#chunkStart),
        chunkMinMs: Float64Array.from(this.#chunkMinMs),
        chunkMaxMs: Float64Array.from(this.#chunkMaxMs),
        chunkSamples: Uint16Array.from(this.#chunkSamples),
        chunkPage: Uint32Array.from(this.#chunkPage),
        chunkValuesAt: Uint32Array.from(this.#chunkValuesAt),
        chunkTimesAt: Uint32Array.from(this.#chunkTimesAt),
        ...this.#histogramColumns(),
        pageEnd: Float64Array.from(this.#pageEnd),
      },
      postings: invertPairs(pairStart, pairs, labels.firstPair.at(-1)!),
    }
  }

  #addChunk(columns: SampleColumns, start: number, end: number): void {
    const { timesMs, values, bits } = columns
    this.#chunkTimesAt.push(this.#putTimes(encodeColumn(timesMs, bitsOf(timesMs), start, end)))
    const encoded = encodeColumn(values, bits, start, end)
    this.#chunkPage.push(this.#pageEnd.length)
    this.#chunkValuesAt.push(this.#pageUsed)
    this.#putInPage(encoded)
    if (columns.histograms !== undefined) this.#addHistograms(columns.histograms, start, end)
    this.#chunkMinMs.push(timesMs[start])
    this.#chunkMaxMs.push(timesMs[end - 1])
    this.#chunkSamples.push(end - start)
    this.#samples += end - start
    this.#minMs = Math.min(this.#minMs, timesMs[start])
    this.#maxMs = Math.max(this.#maxMs, timesMs[end - 1])
  }

  #addHistograms(histograms: readonly (NativeHistogram | undefined)[], start: number, end: number): void {
    const column = this.#histograms
    column.reset()
    for (let at = start; at < end; at++) {
      const histogram = histograms[at]
      if (histogram !== undefined) column.append(at - start, histogram)
    }
    if (column.count === 0) return
    this.#histogramChunk.push(this.#chunkMinMs.length)
    this.#histogramAt.push(this.#pageUsed)
    this.#putInPage(column.view())
    this.#histogramEnd.push(this.#pageUsed)
  }

  #histogramColumns(): Record<string, Uint32Array> {
    if (this.#histogramChunk.length === 0) return {}
    return {
      histogramChunk: Uint32Array.from(this.#histogramChunk),
      histogramAt: Uint32Array.from(this.#histogramAt),
      histogramEnd: Uint32Array.from(this.#histogramEnd),
    }
  }

  /** The page has room for any values column; a histogram column may be of any size. */
  #putInPage(encoded: Uint8Array): void {
    if (this.#pageUsed + encoded.length > this.#page.length) {
      const grown = new Uint8Array(2 * (this.#pageUsed + encoded.length))
      grown.set(this.#page.subarray(0, this.#pageUsed))
      this.#page = grown
    }
    this.#page.set(encoded, this.#pageUsed)
    this.#pageUsed += encoded.length
  }

  #putTimes(encoded: Uint8Array): number {
    const key = Buffer.from(encoded.buffer, encoded.byteOffset, encoded.length).toString('latin1')
    const known = this.#timesAt.get(key)
    if (known !== undefined) return known
    const address = this.#timesUsed
    if (address + encoded.length > this.#times.length) {
      const grown = new Uint8Array(2 * (address + encoded.length))
      grown.set(this.#times)
      this.#times = grown
    }
    this.#times.set(encoded, address)
    this.#timesUsed += encoded.length
    this.#timesAt.set(key, address)
    return address
  }

  #closePage(): Uint8Array {
    const compressed = compress(this.#page.subarray(0, this.#pageUsed))
    this.#pageEnd.push((this.#pageEnd.at(-1) ?? 0) + compressed.length)
    this.#pageUsed = 0
    return compressed
  }
}

/** Numbers all pairs by name, then value. */
function numberPairs(sets: readonly Labels[]): {
  numberOf: (name: string, value: string) => number
  labels: { text: Uint8Array; textEnd: Uint32Array; firstPair: Uint32Array }
} {
  const byName = new Map<string, Map<string, number>>()
  for (const set of sets) {
    for (const [name, value] of set) {
      const values = byName.get(name)
      if (values) values.set(value, 0)
      else byName.set(name, new Map([[value, 0]]))
    }
  }
  const names = [...byName.keys()].sort(compareText)
  const texts = [...names]
  const firstPair = [0]
  let next = 0
  for (const name of names) {
    const values = byName.get(name)!
    for (const value of [...values.keys()].sort(compareText)) {
      values.set(value, next++)
      texts.push(value)
    }
    firstPair.push(next)
  }
  const encoded = texts.map((text) => Buffer.from(text))
  const textEnd = new Uint32Array(encoded.length)
  let end = 0
  for (const [index, text] of encoded.entries()) textEnd[index] = end += text.length
  return {
    numberOf: (name, value) => byName.get(name)!.get(value)!,
    labels: { text: Buffer.concat(encoded), textEnd, firstPair: Uint32Array.from(firstPair) },
  }
}

/** The series of every pair, ascending, as differences. */
function invertPairs(
  pairStart: Uint32Array,
  pairs: Uint32Array,
  pairCount: number,
): { start: Uint32Array; deltas: Uint32Array } {
  const start = new Uint32Array(pairCount + 1)
  for (const pair of pairs) start[pair + 1]++
  for (let pair = 0; pair < pairCount; pair++) start[pair + 1] += start[pair]
  const next = start.slice()
  const last = new Uint32Array(pairCount)
  const deltas = new Uint32Array(pairs.length)
  for (let series = 0; series + 1 < pairStart.length; series++) {
    for (let at = pairStart[series]; at < pairStart[series + 1]; at++) {
      const pair = pairs[at]
      deltas[next[pair]++] = series - last[pair]
      last[pair] = series
    }
  }
  return { start, deltas }
}
