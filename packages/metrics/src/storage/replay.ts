import type { MetricMetadata, NativeHistogram } from '@quartet/model'
import type { ReplayReport, Wal } from '@quartet/storage'
import type { ExemplarRing } from './exemplar-ring.ts'
import type { Head } from './head.ts'
import { APPENDABLE } from './head.ts'
import { insertLateHistogram } from './late-samples.ts'
import { SampleColumns } from '../query/source.ts'
import { seriesToDelete } from './series-deletion.ts'
import { fromLogged } from './tombstones.ts'
import type { Deletion, LoggedDeletion } from './tombstones.ts'
import { readRecord } from './wal-records.ts'
import type { LoggedExemplar, RecordVisitor } from './wal-records.ts'

const UNKNOWN = 0xffffffff

export interface HeadReplay extends ReplayReport {
  readonly samples: number
  /** Samples of series whose definition is gone with a damaged record. */
  readonly orphans: number
  /** Whether the head numbers its series as the WAL does, so that the WAL can go on without new definitions. */
  readonly isSameNumbering: boolean
}

/** Rebuilds what readers saw before: everything logged that is not in a block yet. */
export async function replayHead(
  wal: Wal,
  into: {
    readonly head: Head
    readonly exemplars: ExemplarRing
    readonly metadata: Map<string, MetricMetadata>
    readonly onDeletion: (deletion: Deletion) => void
  },
): Promise<HeadReplay> {
  const visitor = new Replay(into.head, into.exemplars, into.metadata)
  visitor.onDeletion = into.onDeletion
  const report = await wal.replay((record) => readRecord(record, visitor))
  visitor.finish()
  return {
    ...report,
    samples: visitor.samples,
    orphans: visitor.orphans,
    isSameNumbering: visitor.isSameNumbering,
  }
}

class Replay implements RecordVisitor {
  samples = 0
  orphans = 0
  isSameNumbering = true
  readonly #head: Head
  readonly #exemplars: ExemplarRing
  readonly #metadata: Map<string, MetricMetadata>
  onDeletion: (deletion: Deletion) => void = () => undefined
  /** What the series of a snapshot had before it, and which one that is. */
  readonly #before = new SampleColumns()
  #snapshotSeries = UNKNOWN
  /** Head series by the WAL's ref. */
  #seriesOf = new Uint32Array(1024).fill(UNKNOWN)

  constructor(head: Head, exemplars: ExemplarRing, metadata: Map<string, MetricMetadata>) {
    this.#head = head
    this.#exemplars = exemplars
    this.#metadata = metadata
  }

  series(ref: number, bytes: Uint8Array, start: number, end: number): void {
    if (ref >= this.#seriesOf.length) {
      const larger = new Uint32Array(Math.max(ref + 1, 2 * this.#seriesOf.length)).fill(UNKNOWN)
      larger.set(this.#seriesOf)
      this.#seriesOf = larger
    }
    const series = this.#head.series.add(bytes, start, end)
    this.#head.reserve()
    this.#seriesOf[ref] = series
    if (series === ref) this.#head.isLogged[series] = 1
    else this.isSameNumbering = false
  }

  sample(ref: number, timeMs: number, lowBits: number, highBits: number): void {
    const series = this.#seriesOf[ref] ?? UNKNOWN
    if (series === UNKNOWN) {
      this.orphans++
      return
    }
    const head = this.#head
    // Refused samples were logged before they were refused; they are refused again here.
    if (head.check(series, timeMs, lowBits, highBits, head.floorMs) !== APPENDABLE) return
    head.append(series, timeMs, lowBits, highBits)
    this.samples++
  }

  histogram(ref: number, timeMs: number, histogram: NativeHistogram, isHintStored: boolean): void {
    const series = this.#seriesOf[ref] ?? UNKNOWN
    if (series === UNKNOWN) {
      this.orphans++
      return
    }
    const head = this.#head
    if (head.checkHistogram(series, timeMs, histogram, head.floorMs) !== APPENDABLE) return
    head.appendHistogram(series, timeMs, histogram, isHintStored)
    this.samples++
  }

  snapshot(ref: number): void {
    const series = this.#seriesOf[ref] ?? UNKNOWN
    this.#snapshotSeries = series
    this.#before.count = 0
    this.#before.histograms = undefined
    if (series === UNKNOWN || this.#head.lastMsOf(series) === -Infinity) return
    this.#head.copySeries(series, this.#before)
    this.#head.clear(series)
  }

  /** A request that was being logged when the snapshot was taken stands before it in the WAL, but is not in it. */
  endSnapshot(): void {
    const { timesMs, bits, histograms, count } = this.#before
    if (count === 0) return
    const head = this.#head
    const series = this.#snapshotSeries
    for (let at = 0; at < count; at++) {
      if (timesMs[at] <= head.lastMsOf(series) || timesMs[at] < head.floorMs) continue
      const histogram = histograms?.[at]
      if (histogram !== undefined) head.appendHistogram(series, timesMs[at], histogram, true)
      else head.append(series, timesMs[at], bits[2 * at], bits[2 * at + 1])
    }
  }

  lateSample(ref: number, timeMs: number, lowBits: number, highBits: number): void {
    const series = this.#seriesOf[ref] ?? UNKNOWN
    if (series === UNKNOWN) this.orphans++
    else if (this.#head.late.insert(series, timeMs, lowBits, highBits)) this.samples++
  }

  lateHistogram(ref: number, timeMs: number, histogram: NativeHistogram): void {
    const series = this.#seriesOf[ref] ?? UNKNOWN
    if (series === UNKNOWN) this.orphans++
    else if (insertLateHistogram(this.#head.late, series, timeMs, histogram)) this.samples++
  }

  deletion(logged: LoggedDeletion): void {
    const deletion = fromLogged(logged)
    for (const [series, maxMs] of seriesToDelete(this.#head, deletion)) {
      this.#head.late.remove(series, deletion.minMs, deletion.maxMs)
      this.#head.deleteRange(series, deletion.minMs, maxMs)
    }
    this.onDeletion(deletion)
  }

  exemplar({ series: ref, labels, value, timeMs }: LoggedExemplar): void {
    const series = this.#seriesOf[ref] ?? UNKNOWN
    if (series !== UNKNOWN) this.#exemplars.add(this.#head.series.labelsOf(series), labels, value, timeMs)
  }

  metadata(metadata: MetricMetadata): void {
    this.#metadata.set(metadata.family, metadata)
  }

  /** Two WAL refs may have meant one series, and another numbering must not be taken for this one's. */
  finish(): void {
    if (!this.isSameNumbering) this.#head.isLogged.fill(0)
  }
}
