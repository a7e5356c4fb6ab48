import { join } from 'node:path'
import { bitsOf, compareLabels, isStaleAt, labelsKey, storedHint } from '@quartet/model'
import type { Labels, NativeHistogram } from '@quartet/model'
import type { FileSystem } from '@quartet/storage'
import { SampleColumns } from '../../query/source.ts'
import type { StreamedSeries } from './block-reader.ts'
import { UpstreamFormatError } from './format-error.ts'
import { dropDeleted } from './tombstones.ts'
import type { Interval } from './tombstones.ts'
import { readUpstreamRecord } from './wal-record.ts'
import type { UpstreamRecordVisitor } from './wal-record.ts'
import { listWalSegments, readWal } from './wal-segments.ts'
import type { WalDamage } from './wal-segments.ts'

/** Samples that are held at one time; the log is read as often as that takes. */
const BATCH_SAMPLES = 8 << 20

interface LoggedSeries {
  readonly labels: Labels
  samples: number
  readonly deleted: Interval[]
}

export interface HeadOptions {
  readonly fileSystem: FileSystem
  /** The data directory. */
  readonly directory: string
  /** Samples before this are in blocks. */
  readonly floorMs: number
  readonly onDamage: (damage: WalDamage) => void
  readonly batchSamples?: number
}

/**
 * What a Prometheus had in memory: its WAL, with checkpoint, and the log of its late samples (WBL). The chunks that it maps from disk
 * repeat what these hold.
 */
export class UpstreamHead {
  readonly #options: HeadOptions
  readonly #segments: readonly string[]
  readonly #lateSegments: readonly string[]
  readonly #series: readonly LoggedSeries[]
  /** Series by the log's reference: a series that had vanished and came again has two. */
  readonly #byRef: ReadonlyMap<number, LoggedSeries>
  readonly minMs: number
  readonly maxMs: number

  static async open(options: HeadOptions): Promise<UpstreamHead> {
    const { fileSystem, directory } = options
    const segments = await listWalSegments(fileSystem, join(directory, 'wal'))
    const lateSegments = await listWalSegments(fileSystem, join(directory, 'wbl'))
    const survey = new Survey(options.floorMs)
    await survey.read(readWal(fileSystem, segments, options.onDamage), options.onDamage)
    survey.floorMs = -Infinity
    await survey.read(readWal(fileSystem, lateSegments, options.onDamage), options.onDamage)
    return new UpstreamHead({ ...options, onDamage: () => undefined }, { segments, lateSegments, survey })
  }

  private constructor(
    options: HeadOptions,
    found: { readonly segments: readonly string[]; readonly lateSegments: readonly string[]; readonly survey: Survey },
  ) {
    this.#options = options
    this.#segments = found.segments
    this.#lateSegments = found.lateSegments
    this.#byRef = found.survey.byRef
    this.#series = [...found.survey.byKey.values()].sort((a, b) => compareLabels(a.labels, b.labels))
    this.minMs = found.survey.minMs
    this.maxMs = found.survey.maxMs
  }

  get isEmpty(): boolean {
    return this.minMs > this.maxMs
  }

  /** What tells this state of the head from another: its files. */
  get id(): string {
    return [...this.#segments, ...this.#lateSegments]
      .map((path) => path.slice(this.#options.directory.length + 1))
      .join(' ')
  }

  /** The series, sorted by labels. Holds the samples of some of them at a time. */
  async *series(): AsyncGenerator<StreamedSeries> {
    const limit = this.#options.batchSamples ?? BATCH_SAMPLES
    for (let from = 0, to = 0; from < this.#series.length; from = to) {
      let samples = 0
      while (to < this.#series.length && (to === from || samples + this.#series[to].samples <= limit)) {
        samples += this.#series[to++].samples
      }
      const batch = new Batch(this.#series.slice(from, to), this.#byRef, this.#options.floorMs)
      if (samples > 0) await this.#read(batch)
      for (const series of batch.finished()) yield series
    }
  }

  async #read(batch: Batch): Promise<void> {
    const { fileSystem, onDamage } = this.#options
    for await (const record of readWal(fileSystem, this.#segments, onDamage)) batch.read(record)
    batch.isLate = true
    for await (const record of readWal(fileSystem, this.#lateSegments, onDamage)) batch.read(record)
  }
}

/** First reading: which series there are, how many samples each has, and when. */
class Survey implements UpstreamRecordVisitor {
  minMs = Infinity
  maxMs = -Infinity
  floorMs: number
  readonly byRef = new Map<number, LoggedSeries>()
  readonly byKey = new Map<string, LoggedSeries>()

  constructor(floorMs: number) {
    this.floorMs = floorMs
  }

  async read(records: AsyncIterable<Uint8Array>, onDamage: (damage: WalDamage) => void): Promise<void> {
    for await (const record of records) {
      try {
        readUpstreamRecord(record, this)
      } catch (error) {
        if (!(error instanceof UpstreamFormatError)) throw error
        onDamage({ file: 'wal', message: error.message })
      }
    }
  }

  series(ref: number, labels: Labels): void {
    const key = labelsKey(labels)
    let series = this.byKey.get(key)
    if (series === undefined) this.byKey.set(key, (series = { labels, samples: 0, deleted: [] }))
    this.byRef.set(ref, series)
  }

  sample(ref: number, timeMs: number): void {
    const series = this.byRef.get(ref)
    if (series === undefined || timeMs < this.floorMs) return
    series.samples++
    if (timeMs < this.minMs) this.minMs = timeMs
    if (timeMs > this.maxMs) this.maxMs = timeMs
  }

  histogram(ref: number, timeMs: number): void {
    this.sample(ref, timeMs)
  }

  deletion(ref: number, minMs: number, maxMs: number): void {
    this.byRef.get(ref)?.deleted.push({ minMs, maxMs })
  }
}

interface Collected {
  readonly timesMs: Float64Array
  readonly values: Float64Array
  readonly bits: Uint32Array
  histograms: (NativeHistogram | undefined)[] | undefined
  count: number
  /** Samples in order: late ones come behind. */
  inOrder: number
}

/** Later readings: the samples of some series. */
class Batch implements UpstreamRecordVisitor {
  isLate = false
  readonly #series: readonly LoggedSeries[]
  readonly #byRef: ReadonlyMap<number, LoggedSeries>
  readonly #floorMs: number
  readonly #collected = new Map<LoggedSeries, Collected>()

  constructor(series: readonly LoggedSeries[], byRef: ReadonlyMap<number, LoggedSeries>, floorMs: number) {
    this.#series = series
    this.#byRef = byRef
    this.#floorMs = floorMs
    for (const one of series) {
      if (one.samples === 0) continue
      const values = new Float64Array(one.samples)
      const timesMs = new Float64Array(one.samples)
      this.#collected.set(one, { timesMs, values, bits: bitsOf(values), histograms: undefined, count: 0, inOrder: 0 })
    }
  }

  read(record: Uint8Array): void {
    try {
      readUpstreamRecord(record, this)
    } catch (error) {
      // Told when the log was read first.
      if (!(error instanceof UpstreamFormatError)) throw error
    }
  }

  sample(ref: number, timeMs: number, value: number): void {
    const into = this.#place(ref, timeMs)
    if (into !== undefined) into.values[into.count - 1] = value
  }

  histogram(ref: number, timeMs: number, read: () => NativeHistogram): void {
    const into = this.#place(ref, timeMs)
    if (into === undefined) return
    const at = into.count - 1
    const histogram = read()
    into.values[at] = histogram.sum
    if (isStaleAt(into.bits, at)) return
    ;(into.histograms ??= [])[at] = histogram
  }

  *finished(): Generator<StreamedSeries> {
    const columns = new SampleColumns()
    for (const series of this.#series) {
      const found = this.#collected.get(series)
      if (found === undefined || found.count === 0) continue
      copySorted(found, columns)
      setHints(columns)
      if (series.deleted.length > 0) dropDeleted(columns, series.deleted)
      if (columns.count > 0) yield { labels: series.labels, columns }
    }
  }

  #place(ref: number, timeMs: number): Collected | undefined {
    const series = this.#byRef.get(ref)
    const into = series === undefined ? undefined : this.#collected.get(series)
    if (into === undefined) return undefined
    if (!this.isLate) {
      // As Prometheus replays: what is in a block, or not after the last one, was refused when it came.
      if (timeMs < this.#floorMs || (into.count > 0 && timeMs <= into.timesMs[into.count - 1])) return undefined
      into.inOrder++
    }
    into.timesMs[into.count++] = timeMs
    return into
  }
}

/** By time; of two samples of one time the one that came in order stays. */
function copySorted(from: Collected, columns: SampleColumns): void {
  const order = Uint32Array.from({ length: from.count }, (_, index) => index)
  if (from.inOrder < from.count) order.sort((a, b) => from.timesMs[a] - from.timesMs[b] || a - b)
  columns.count = 0
  columns.histograms = undefined
  columns.reserve(from.count)
  for (const at of order) {
    const to = columns.count
    if (to > 0 && columns.timesMs[to - 1] === from.timesMs[at]) continue
    columns.timesMs[to] = from.timesMs[at]
    columns.bits[2 * to] = from.bits[2 * at]
    columns.bits[2 * to + 1] = from.bits[2 * at + 1]
    const histogram = from.histograms?.[at]
    if (histogram !== undefined) (columns.histograms ??= [])[to] = histogram
    columns.count = to + 1
  }
}

/** A log keeps the hints that were sent; what is stored says whether a histogram continues the one before it. */
function setHints({ histograms, count }: SampleColumns): void {
  if (histograms === undefined) return
  let previous: NativeHistogram | undefined
  for (let at = 0; at < count; at++) {
    const current = histograms[at]
    if (current !== undefined) histograms[at] = { ...current, resetHint: storedHint(previous, current) }
    previous = current
  }
}
