import { areHistogramsEqual, bitsOf, storedHint } from '@quartet/model'
import type { NativeHistogram } from '@quartet/model'
import { SampleColumns } from '../query/source.ts'
import { ChunkStore } from './chunk-store.ts'
import { decodeHistograms, HistogramEncoder } from './histogram-column.ts'
import { LateSamples } from './late-samples.ts'
import { dropIntervals } from './overlap.ts'
import { OPEN_SAMPLES, OpenChunks } from './open-chunks.ts'
import { SeriesTable } from './series-table.ts'

/** What the head says of one sample. */
export const APPENDABLE = 0
/** The same sample is there already: accepted and not stored again, as upstream does. */
export const REPEATED = 1
export const DUPLICATE = 2
export const OUT_OF_ORDER = 3
export const OUT_OF_BOUNDS = 4
/** Out of order, and older than the out-of-order window. */
export const TOO_OLD = 5
export type Verdict = 0 | 1 | 2 | 3 | 4 | 5

/** What the head knows of a series that has had native histograms. */
interface OpenHistograms {
  /** Those of the open chunk. */
  readonly column: HistogramEncoder
  /** The newest, which may be followed by floats. */
  last: NativeHistogram
  lastMs: number
}

/** Columns big enough for every open chunk, for sealing and reading. */
const sealTimes = new Float64Array(OPEN_SAMPLES)
const sealValues = new Float64Array(OPEN_SAMPLES)
const sealBits = bitsOf(sealValues)
const sumColumn = new Float64Array(1)
const sumBits = bitsOf(sumColumn)

/**
 * Samples newer than the last block, in slabs of typed arrays. Knows nothing of disks: what it is given has been logged.
 * The newest samples lie in {@link OpenChunks}; a full chunk is sealed into the {@link ChunkStore} when the next sample arrives.
 * The value of a native histogram is its sum, and the rest stands in a column of its own.
 */
export class Head {
  readonly series = new SeriesTable()
  chunks = new ChunkStore()
  /** Those that came out of order; they count neither for {@link minMs} nor for {@link sampleCount}. */
  late = new LateSamples()
  minMs = Infinity
  maxMs = -Infinity
  /** Samples before this are in blocks. */
  floorMs = -Infinity
  /** Samples now in memory, sealed and open. */
  sampleCount = 0
  /** 1 when the series' definition is in the WAL for sure. */
  isLogged = new Uint8Array(1024)
  readonly #open = new OpenChunks()
  #lastMs = new Float64Array(1024).fill(-Infinity)
  #lastChunk = new Int32Array(1024).fill(-1)
  readonly #histograms = new Map<number, OpenHistograms>()

  get sizeBytes(): number {
    let histograms = 0
    for (const { column } of this.#histograms.values()) histograms += 400 + column.sizeBytes
    const columns = 13 * this.#lastMs.length + this.#open.sizeBytes
    return this.series.sizeBytes + this.chunks.sizeBytes + this.late.sizeBytes + columns + histograms
  }

  /** Call after series were added and before their samples are. */
  reserve(): void {
    const { count } = this.series
    if (count > this.#lastMs.length) this.#growColumns(count)
    this.#open.reserve(count)
  }

  /** Oldest time that may still be appended; upstream's rule: an hour behind the newest sample, and never into a block. */
  lowestMs(blockRangeMs: number): number {
    return Math.max(this.floorMs, this.maxMs - blockRangeMs / 2)
  }

  lastMsOf(series: number): number {
    return this.#lastMs[series]
  }

  /** Whether a sample may follow the series' last. `lowBits` and `highBits` are the halves of its value. */
  check(series: number, timeMs: number, lowBits: number, highBits: number, lowestMs: number): Verdict {
    if (timeMs < lowestMs) return OUT_OF_BOUNDS
    const lastMs = this.#lastMs[series]
    if (timeMs > lastMs) return APPENDABLE
    if (timeMs < lastMs) return OUT_OF_ORDER
    if (this.isLastHistogram(series)) return DUPLICATE
    return this.#open.endsWith(series, lowBits, highBits) ? REPEATED : DUPLICATE
  }

  /** The same for a native histogram. */
  checkHistogram(series: number, timeMs: number, histogram: NativeHistogram, lowestMs: number): Verdict {
    if (timeMs < lowestMs) return OUT_OF_BOUNDS
    const lastMs = this.#lastMs[series]
    if (timeMs > lastMs) return APPENDABLE
    if (timeMs < lastMs) return OUT_OF_ORDER
    const known = this.#histograms.get(series)
    if (known?.lastMs !== lastMs || known.last.isFloat !== histogram.isFloat) return DUPLICATE
    return areHistogramsEqual(known.last, histogram) ? REPEATED : DUPLICATE
  }

  /** Whether the newest sample of a series is a native histogram. */
  isLastHistogram(series: number): boolean {
    return this.#histograms.size > 0 && this.#histograms.get(series)?.lastMs === this.#lastMs[series]
  }

  /** Value of the last sample, for messages. */
  lastValueOf(series: number): number {
    const count = this.readOpen(series, sealTimes, sealBits, 0)
    return sealValues[count - 1]
  }

  /** Appends a sample that {@link check} found appendable. */
  append(series: number, timeMs: number, lowBits: number, highBits: number): void {
    const open = this.#open
    if (open.isFull(series, timeMs)) this.#seal(series)
    open.append(series, timeMs, lowBits, highBits)
    this.#lastMs[series] = timeMs
    this.sampleCount++
    if (timeMs > this.maxMs) this.maxMs = timeMs
    if (timeMs < this.minMs) this.minMs = timeMs
  }

  /**
   * Appends a native histogram that {@link checkHistogram} found appendable.
   * @param isHintStored it has been here before: its hint says how it follows the one before it, and stays
   */
  appendHistogram(series: number, timeMs: number, histogram: NativeHistogram, isHintStored = false): void {
    let known = this.#histograms.get(series)
    const previous = known?.lastMs === this.#lastMs[series] ? known.last : undefined
    const stored = isHintStored ? histogram : { ...histogram, resetHint: storedHint(previous, histogram) }
    sumColumn[0] = histogram.sum
    this.append(series, timeMs, sumBits[0], sumBits[1])
    if (known === undefined) {
      known = { column: new HistogramEncoder(), last: stored, lastMs: timeMs }
      this.#histograms.set(series, known)
    }
    known.column.append(this.#open.count(series) - 1, stored)
    known.last = stored
    known.lastMs = timeMs
  }

  /** Whether the series has a sample in [minMs, maxMs], as far as its chunks' ends tell. */
  overlaps(series: number, minMs: number, maxMs: number): boolean {
    const lastMs = this.#lastMs[series]
    // A series whose only write was refused has no sample at all.
    if (lastMs === -Infinity || lastMs < minMs || lastMs < this.floorMs) return false
    if (this.#open.baseMs(series) <= maxMs) return true
    for (let chunk = this.#lastChunk[series]; chunk >= 0; chunk = this.chunks.previous[chunk]) {
      if (this.chunks.maxMs[chunk] < minMs) return false
      if (this.chunks.minMs[chunk] <= maxMs) return true
    }
    return false
  }

  /** Newest sealed chunk of a series, or -1; see {@link ChunkStore.previous}. */
  lastChunkOf(series: number): number {
    return this.#lastChunk[series]
  }

  /** Copies the open chunk to `at` of the columns and returns how many samples it has. */
  readOpen(series: number, timesMs: Float64Array, bits: Uint32Array, at: number): number {
    return this.#open.read(series, timesMs, bits, at)
  }

  /** Column of the native histograms in the open chunk, a view that stays as it is. */
  openHistograms(series: number): Uint8Array | undefined {
    if (this.#histograms.size === 0) return undefined
    const column = this.#histograms.get(series)?.column
    return column !== undefined && column.count > 0 ? column.view() : undefined
  }

  /** Appends all samples of a series that are not in a block to the columns. */
  copySeries(series: number, into: SampleColumns): void {
    const { chunks } = this
    const from = into.count
    let sealed = 0
    for (let chunk = this.#lastChunk[series]; chunk >= 0; chunk = chunks.previous[chunk])
      sealed += chunks.samples[chunk]
    into.reserve(from + sealed + OPEN_SAMPLES)
    const timeBits = bitsOf(into.timesMs)
    let at = from + sealed
    for (let chunk = this.#lastChunk[series]; chunk >= 0; chunk = chunks.previous[chunk]) {
      at -= chunks.samples[chunk]
      chunks.readTimes(chunk, into.timesMs, timeBits, at)
      chunks.readValues(chunk, into.values, into.bits, at)
      chunks.readHistograms(chunk, into, at)
    }
    into.count = from + sealed + this.readOpen(series, into.timesMs, into.bits, from + sealed)
    const open = this.openHistograms(series)
    if (open !== undefined) decodeHistograms(open, into.values, from + sealed, (into.histograms ??= []))
  }

  openCountOf(series: number): number {
    return this.#open.count(series)
  }

  /** Forgets the samples of a series; what is replayed next replaces them. */
  clear(series: number): void {
    this.sampleCount -= this.#open.count(series)
    for (let chunk = this.#lastChunk[series]; chunk >= 0; chunk = this.chunks.previous[chunk]) {
      this.sampleCount -= this.chunks.samples[chunk]
    }
    this.#open.clear(series)
    this.#lastChunk[series] = -1
    this.#lastMs[series] = -Infinity
    this.#histograms.delete(series)
  }

  /** Whether the series has samples that are not in a block. */
  isLive(series: number): boolean {
    return this.#lastMs[series] >= this.floorMs || this.late.has(series)
  }

  /** Removes the samples of a series in [minMs, maxMs], late ones aside. Queries that run keep what they hold. */
  deleteRange(series: number, minMs: number, maxMs: number): void {
    if (!this.overlaps(series, minMs, maxMs)) return
    const columns = new SampleColumns()
    this.copySeries(series, columns)
    this.clear(series)
    dropIntervals(columns, 0, [
      [minMs, maxMs],
      [-Infinity, this.floorMs - 1],
    ])
    const { timesMs, bits, histograms } = columns
    for (let at = 0; at < columns.count; at++) {
      const timeMs = timesMs[at]
      const histogram = histograms?.[at]
      if (histogram !== undefined) this.appendHistogram(series, timeMs, histogram, true)
      else this.append(series, timeMs, bits[2 * at], bits[2 * at + 1])
    }
  }

  /** Drops sealed chunks that end before `floorMs` and hides all older samples. Queries that run keep what they hold. */
  truncate(floorMs: number): void {
    this.floorMs = floorMs
    this.chunks = this.chunks.truncated(floorMs, this.#lastChunk, this.series.count)
    let samples = 0
    let minMs = Infinity
    for (let chunk = 0; chunk < this.chunks.count; chunk++) {
      samples += this.chunks.samples[chunk]
      minMs = Math.min(minMs, this.chunks.minMs[chunk])
    }
    for (let series = 0; series < this.series.count; series++) {
      if (this.#lastMs[series] < floorMs) {
        this.#open.clear(series)
        this.#histograms.delete(series)
      }
      const open = this.#open.count(series)
      if (open > 0) minMs = Math.min(minMs, this.#open.baseMs(series))
      samples += open
    }
    this.sampleCount = samples
    this.minMs = Math.max(minMs, floorMs)
  }

  /**
   * A head with only the live series, numbered anew, and the new number of each series, -1 for the dead. This one stays readable
   * for the queries that hold it.
   */
  withoutDead(): { head: Head; forward: Int32Array } {
    const kept = new Head()
    const forward = new Int32Array(this.series.count).fill(-1)
    kept.chunks = this.chunks
    kept.floorMs = this.floorMs
    kept.minMs = this.minMs
    kept.maxMs = this.maxMs
    kept.sampleCount = this.sampleCount
    for (let series = 0; series < this.series.count; series++) {
      if (!this.isLive(series)) continue
      const message = this.series.message(series)
      forward[series] = kept.series.add(message, 0, message.length)
      kept.#adopt(forward[series], this, series)
    }
    kept.late = this.late.renumbered(forward)
    return { head: kept, forward }
  }

  #adopt(series: number, from: Head, old: number): void {
    this.reserve()
    this.#lastMs[series] = from.#lastMs[old]
    this.#lastChunk[series] = from.#lastChunk[old]
    const histograms = from.#histograms.get(old)
    if (histograms !== undefined) this.#histograms.set(series, histograms)
    const count = from.readOpen(old, sealTimes, sealBits, 0)
    for (let index = 0; index < count; index++) {
      this.#open.append(series, sealTimes[index], sealBits[2 * index], sealBits[2 * index + 1])
    }
  }

  #seal(series: number): void {
    const count = this.readOpen(series, sealTimes, sealBits, 0)
    const columns = { timesMs: sealTimes, values: sealValues, bits: sealBits }
    const histograms = this.openHistograms(series)
    this.#lastChunk[series] = this.chunks.add(this.#lastChunk[series], columns, 0, count, histograms?.slice())
    if (histograms !== undefined) this.#histograms.get(series)!.column.reset()
    this.#open.clear(series)
  }

  #growColumns(count: number): void {
    const size = Math.max(count, 2 * this.#lastMs.length)
    this.isLogged = copyInto(new Uint8Array(size), this.isLogged)
    this.#lastMs = copyInto(new Float64Array(size).fill(-Infinity), this.#lastMs)
    this.#lastChunk = copyInto(new Int32Array(size).fill(-1), this.#lastChunk)
  }
}

function copyInto<T extends { set(source: T): void }>(target: T, source: T): T {
  target.set(source)
  return target
}
