import { bitsOf } from '@quartet/model'
import type { Labels, MetricMetadata, NativeHistogram } from '@quartet/model'
import type { SampleColumns } from '../query/source.ts'
import { COLUMN_SLACK, decodeColumn, encodeColumn, MAX_COLUMN } from './column-codec.ts'
import { decodeHistogram, decodeHistograms, HistogramEncoder } from './histogram-column.ts'
import type { LoggedDeletion } from './tombstones.ts'

/**
 * Records of the head's WAL; layout in docs/format/wal.md. A record is a row of parts, so that what one request brings is
 * written, and survives, as one.
 */
export const PART_SERIES = 1
export const PART_SAMPLES = 2
export const PART_EXEMPLARS = 3
export const PART_METADATA = 4
export const PART_SNAPSHOT = 5
export const PART_HISTOGRAMS = 6
/** A snapshot of a series with native histograms. */
export const PART_MIXED_SNAPSHOT = 7
/** Samples that came after newer ones of their series, within the out-of-order window. */
export const PART_LATE_SAMPLES = 8
export const PART_LATE_HISTOGRAMS = 9
/** All late samples of a series. */
export const PART_LATE_SNAPSHOT = 10
export const PART_DELETION = 11

const HEADER = 8
/** A longer run is copied at once, as a view of it. */
const SHORT_RUN = 32

/** An exemplar as the WAL keeps it. */
export interface LoggedExemplar {
  readonly series: number
  readonly labels: Labels
  readonly value: number
  readonly timeMs: number
}

/** Where the canonical label messages of series are. */
interface SeriesMessages {
  messageBytes(series: number): number
  copyMessage(series: number, target: Uint8Array, at: number): void
}

/** Builds one record in a reused buffer. */
export class RecordWriter {
  #bytes = new Uint8Array(1 << 16)
  #view = new DataView(this.#bytes.buffer)
  #length = 0
  #partStart = 0

  get length(): number {
    return this.#length
  }

  reset(): this {
    this.#length = 0
    return this
  }

  /** What was written; valid until the next write. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  /** The definition of a series of the head. */
  series(ref: number, table: SeriesMessages): void {
    const size = table.messageBytes(ref)
    this.#begin(PART_SERIES)
    this.#uint32(ref)
    this.#reserve(size)
    table.copyMessage(ref, this.#bytes, this.#length)
    this.#length += size
    this.#finish()
  }

  /**
   * Samples as runs: neighbours in the columns with refs that count up and equal times share one header.
   * @param verdicts those entries are written that have the verdict `wanted`
   */
  samples(
    columns: { readonly refs: Uint32Array; readonly timesMs: Float64Array; readonly bits: Uint32Array },
    count: number,
    verdicts: Uint8Array,
    wanted = 0,
    part: typeof PART_SAMPLES | typeof PART_LATE_SAMPLES = PART_SAMPLES,
  ): void {
    const { refs, timesMs, bits } = columns
    this.#begin(part)
    this.#reserve(count * 24 + 8)
    let index = 0
    while (index < count) {
      if (verdicts[index] !== wanted) {
        index++
        continue
      }
      const first = index
      const timeMs = timesMs[first]
      do index++
      while (
        index < count &&
        verdicts[index] === wanted &&
        refs[index] === refs[index - 1] + 1 &&
        timesMs[index] === timeMs
      )
      this.#writeRun(refs[first], timeMs, bits, first, index)
    }
    this.#finish()
  }

  /** @param verdicts those entries are written that have the verdict `wanted` */
  histograms(
    columns: {
      readonly refs: Uint32Array
      readonly timesMs: Float64Array
      readonly histograms: readonly (NativeHistogram | undefined)[]
    },
    count: number,
    verdicts: Uint8Array,
    wanted: number,
    part: typeof PART_HISTOGRAMS | typeof PART_LATE_HISTOGRAMS = PART_HISTOGRAMS,
  ): void {
    this.#begin(part)
    for (let index = 0; index < count; index++) {
      if (verdicts[index] !== wanted) continue
      const histogram = columns.histograms[index]!
      histogramEncoder.reset()
      histogramEncoder.append(0, histogram)
      this.#uint32(columns.refs[index])
      this.#double(columns.timesMs[index])
      this.#double(histogram.sum)
      this.#column(histogramEncoder.view())
    }
    this.#finish()
  }

  exemplars(exemplars: readonly LoggedExemplar[]): void {
    this.#json(
      PART_EXEMPLARS,
      exemplars.map(({ series, labels, value, timeMs }) => [series, labels, String(value), timeMs]),
    )
  }

  metadata(metadata: readonly MetricMetadata[]): void {
    this.#json(
      PART_METADATA,
      metadata.map(({ family, type, help, unit }) => [family, type, help, unit]),
    )
  }

  /** All samples of one series that are still in the head, as encoded columns. */
  snapshot(
    ref: number,
    columns: {
      readonly timesMs: Float64Array
      readonly values: Float64Array
      readonly bits: Uint32Array
      readonly histograms?: readonly (NativeHistogram | undefined)[] | undefined
    },
    count: number,
  ): void {
    this.#columns(columns.histograms === undefined ? PART_SNAPSHOT : PART_MIXED_SNAPSHOT, ref, columns, count)
  }

  /** The late samples of one series; none of those that were logged before are forgotten for it. */
  lateSnapshot(ref: number, columns: SampleColumns): void {
    this.#columns(PART_LATE_SNAPSHOT, ref, { ...columns, histograms: columns.histograms ?? [] }, columns.count)
  }

  deletion(deletion: LoggedDeletion): void {
    this.#json(PART_DELETION, deletion)
  }

  #columns(
    part: number,
    ref: number,
    columns: {
      readonly timesMs: Float64Array
      readonly values: Float64Array
      readonly bits: Uint32Array
      readonly histograms?: readonly (NativeHistogram | undefined)[] | undefined
    },
    count: number,
  ): void {
    const timeBits = bitsOf(columns.timesMs)
    const { histograms } = columns
    this.#begin(part)
    this.#uint32(ref)
    for (let start = 0; start < count; start += MAX_COLUMN) {
      const end = Math.min(count, start + MAX_COLUMN)
      this.#uint32(end - start)
      this.#column(encodeColumn(columns.timesMs, timeBits, start, end))
      this.#column(encodeColumn(columns.values, columns.bits, start, end))
      if (histograms === undefined) continue
      histogramEncoder.reset()
      for (let at = start; at < end; at++) {
        const histogram = histograms[at]
        if (histogram !== undefined) histogramEncoder.append(at - start, histogram)
      }
      this.#column(histogramEncoder.view())
    }
    this.#finish()
  }

  #column(encoded: Uint8Array): void {
    this.#uint32(encoded.length)
    this.#raw(encoded)
  }

  #writeRun(ref: number, timeMs: number, bits: Uint32Array, first: number, end: number): void {
    const view = this.#view
    const at = this.#length
    view.setUint32(at, ref, true)
    view.setUint32(at + 4, end - first, true)
    view.setFloat64(at + 8, timeMs, true)
    const start = at + 16
    if (end - first > SHORT_RUN) {
      this.#bytes.set(new Uint8Array(bits.buffer, bits.byteOffset + 8 * first, 8 * (end - first)), start)
    } else {
      for (let index = first, to = start; index < end; index++, to += 8) {
        view.setUint32(to, bits[2 * index], true)
        view.setUint32(to + 4, bits[2 * index + 1], true)
      }
    }
    this.#length = start + 8 * (end - first)
  }

  #json(kind: number, content: unknown): void {
    this.#begin(kind)
    this.#raw(encoder.encode(JSON.stringify(content)))
    this.#finish()
  }

  #begin(kind: number): void {
    this.#reserve(HEADER)
    this.#partStart = this.#length
    this.#view.setUint32(this.#length, kind, true)
    this.#length += HEADER
  }

  #finish(): void {
    this.#view.setUint32(this.#partStart + 4, this.#length - this.#partStart - HEADER, true)
  }

  #uint32(value: number): void {
    this.#reserve(4)
    this.#view.setUint32(this.#length, value, true)
    this.#length += 4
  }

  #double(value: number): void {
    this.#reserve(8)
    this.#view.setFloat64(this.#length, value, true)
    this.#length += 8
  }

  #raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  #reserve(size: number): void {
    const needed = this.#length + size
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}

const histogramEncoder = new HistogramEncoder()

/** What replay calls for the parts of a record. */
export interface RecordVisitor {
  series(ref: number, bytes: Uint8Array, start: number, end: number): void
  sample(ref: number, timeMs: number, lowBits: number, highBits: number): void
  /** @param isHintStored whether its hint has been worked out when it was stored */
  histogram(ref: number, timeMs: number, histogram: NativeHistogram, isHintStored: boolean): void
  exemplar(exemplar: LoggedExemplar): void
  metadata(metadata: MetricMetadata): void
  /** The samples of a snapshot follow as {@link sample} and {@link histogram}, then {@link endSnapshot}. */
  snapshot(ref: number): void
  endSnapshot(): void
  lateSample(ref: number, timeMs: number, lowBits: number, highBits: number): void
  lateHistogram(ref: number, timeMs: number, histogram: NativeHistogram): void
  deletion(deletion: LoggedDeletion): void
}

/** @throws RangeError when the record is not one of ours; its checksum was right, so that this is a bug or a newer version */
export function readRecord(record: Uint8Array, visitor: RecordVisitor): void {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength)
  let at = 0
  while (at < record.length) {
    const kind = view.getUint32(at, true)
    const start = at + HEADER
    const end = start + view.getUint32(at + 4, true)
    if (end > record.length) throw new RangeError(`WAL record part at ${at} runs past the end`)
    if (kind === PART_SAMPLES) readSamples(view, start, end, visitor, false)
    else if (kind === PART_SERIES) visitor.series(view.getUint32(start, true), record, start + 4, end)
    else if (kind === PART_SNAPSHOT) readSnapshot(view, start, end, visitor, kind)
    else if (kind === PART_HISTOGRAMS) readHistograms(view, start, end, visitor, false)
    else if (kind === PART_MIXED_SNAPSHOT) readSnapshot(view, start, end, visitor, kind)
    else if (kind === PART_LATE_SAMPLES) readSamples(view, start, end, visitor, true)
    else if (kind === PART_LATE_HISTOGRAMS) readHistograms(view, start, end, visitor, true)
    else if (kind === PART_LATE_SNAPSHOT) readSnapshot(view, start, end, visitor, kind)
    else if (kind === PART_DELETION) visitor.deletion(readJson(record.subarray(start, end)) as LoggedDeletion)
    else if (kind === PART_EXEMPLARS) readExemplars(record.subarray(start, end), visitor)
    else if (kind === PART_METADATA) readMetadata(record.subarray(start, end), visitor)
    else throw new RangeError(`WAL record part of unknown kind ${kind}`)
    at = end
  }
}

function readSamples(view: DataView, start: number, end: number, visitor: RecordVisitor, isLate: boolean): void {
  for (let at = start; at < end;) {
    const ref = view.getUint32(at, true)
    const count = view.getUint32(at + 4, true)
    const timeMs = view.getFloat64(at + 8, true)
    at += 16
    for (let index = 0; index < count; index++, at += 8) {
      const low = view.getUint32(at, true)
      const high = view.getUint32(at + 4, true)
      if (isLate) visitor.lateSample(ref + index, timeMs, low, high)
      else visitor.sample(ref + index, timeMs, low, high)
    }
  }
}

function readHistograms(view: DataView, start: number, end: number, visitor: RecordVisitor, isLate: boolean): void {
  for (let at = start; at < end;) {
    const columnBytes = view.getUint32(at + 20, true)
    const column = new Uint8Array(view.buffer, view.byteOffset + at + 24, columnBytes)
    const histogram = decodeHistogram(column, view.getFloat64(at + 12, true))
    const ref = view.getUint32(at, true)
    const timeMs = view.getFloat64(at + 4, true)
    if (isLate) visitor.lateHistogram(ref, timeMs, histogram)
    else visitor.histogram(ref, timeMs, histogram, false)
    at += 24 + columnBytes
  }
}

function readSnapshot(view: DataView, start: number, end: number, visitor: RecordVisitor, kind: number): void {
  const isLate = kind === PART_LATE_SNAPSHOT
  // A copy with room behind it, since the codec may look behind its column.
  const bytes = new Uint8Array(end - start + COLUMN_SLACK)
  bytes.set(new Uint8Array(view.buffer, view.byteOffset + start, end - start))
  const copy = new DataView(bytes.buffer)
  const ref = copy.getUint32(0, true)
  if (!isLate) visitor.snapshot(ref)
  for (let at = 4; at < end - start;) {
    const count = copy.getUint32(at, true)
    const timesBytes = copy.getUint32(at + 4, true)
    decodeColumn(copy, at + 8, count, snapshotTimes, snapshotTimeBits, 0)
    at += 8 + timesBytes
    const valuesBytes = copy.getUint32(at, true)
    decodeColumn(copy, at + 4, count, snapshotValues, snapshotBits, 0)
    at += 4 + valuesBytes
    const histograms: (NativeHistogram | undefined)[] = []
    if (kind !== PART_SNAPSHOT) {
      const columnBytes = copy.getUint32(at, true)
      decodeHistograms(bytes.subarray(at + 4, at + 4 + columnBytes), snapshotValues, 0, histograms)
      at += 4 + columnBytes
    }
    for (let index = 0; index < count; index++) {
      const timeMs = snapshotTimes[index]
      const low = snapshotBits[2 * index]
      const high = snapshotBits[2 * index + 1]
      const histogram = histograms[index]
      if (isLate && histogram !== undefined) visitor.lateHistogram(ref, timeMs, histogram)
      else if (isLate) visitor.lateSample(ref, timeMs, low, high)
      else if (histogram !== undefined) visitor.histogram(ref, timeMs, histogram, true)
      else visitor.sample(ref, timeMs, low, high)
    }
  }
  if (!isLate) visitor.endSnapshot()
}

const snapshotTimes = new Float64Array(MAX_COLUMN)
const snapshotTimeBits = bitsOf(snapshotTimes)
const snapshotValues = new Float64Array(MAX_COLUMN)
const snapshotBits = bitsOf(snapshotValues)

function readExemplars(bytes: Uint8Array, visitor: RecordVisitor): void {
  for (const [series, labels, value, timeMs] of readJson(bytes) as [number, Labels, string, number][]) {
    visitor.exemplar({ series, labels, value: Number(value), timeMs })
  }
}

function readMetadata(bytes: Uint8Array, visitor: RecordVisitor): void {
  type Row = [string, MetricMetadata['type'], string, string]
  for (const [family, type, help, unit] of readJson(bytes) as Row[]) {
    visitor.metadata({ family, type, help, unit })
  }
}

function readJson(bytes: Uint8Array): unknown {
  return JSON.parse(decoder.decode(bytes))
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()
