import { bitsOf, isStaleAt, writeStale } from '@quartet/model'
import type { MetricMetadata, NativeHistogram } from '@quartet/model'
import type { Head } from './head.ts'
import { APPENDABLE } from './head.ts'
import type { LoggedExemplar } from './wal-records.ts'

/** Verdict of a native histogram that may be appended; see head.ts for the others. */
export const HISTOGRAM = 10
/** Verdicts of samples, and histograms, that come after newer ones of their series but within the out-of-order window. */
export const LATE = 11
export const LATE_HISTOGRAM = 12
/** A sample that was appendable when it was logged, and late when it was to be applied: it is logged once more, as late. */
export const OVERTAKEN = 13
export const OVERTAKEN_HISTOGRAM = 14

/** Columns of one batch on its way into the head. Pooled, because a batch waits for the WAL. */
export class Batch {
  head!: Head
  generation = 0
  count = 0
  refs = new Uint32Array(64)
  timesMs = new Float64Array(64)
  values = new Float64Array(64)
  bits = bitsOf(this.values)
  verdicts = new Uint8Array(64)
  /** At the index of each sample that is a native histogram, whose verdict begins as {@link HISTOGRAM}. */
  histograms: (NativeHistogram | undefined)[] | undefined
  exemplars: LoggedExemplar[] = []
  metadata: readonly MetricMetadata[] = []
  /** Number of samples with the verdict {@link OVERTAKEN} or {@link OVERTAKEN_HISTOGRAM}. */
  overtaken = 0
  /** Series whose definition the record carries. */
  defined: number[] = []

  start(head: Head, count: number): void {
    this.head = head
    this.count = count
    this.histograms = undefined
    this.overtaken = 0
    this.exemplars = []
    this.metadata = []
    this.defined.length = 0
    if (count > this.refs.length) {
      const size = Math.max(count, 2 * this.refs.length)
      this.refs = new Uint32Array(size)
      this.timesMs = new Float64Array(size)
      this.values = new Float64Array(size)
      this.bits = bitsOf(this.values)
      this.verdicts = new Uint8Array(size)
    }
    this.verdicts.fill(APPENDABLE, 0, count)
  }

  setStale(index: number): void {
    writeStale(this.bits, index)
  }

  /** Sets the entries of {@link defined}. */
  mark(isLogged: Uint8Array, value: number): void {
    const { defined } = this
    for (let index = 0; index < defined.length; index++) isLogged[defined[index]] = value
  }

  /** Gives the samples of `ref` a verdict. */
  leaveOut(ref: number, verdict: number): void {
    for (let index = 0; index < this.count; index++) if (this.refs[index] === ref) this.verdicts[index] = verdict
  }

  /** Makes a native histogram of the sample at `index`; a stale one is a stale marker like any other. */
  setHistogram(index: number, histogram: NativeHistogram): void {
    this.values[index] = histogram.sum
    if (isStaleAt(this.bits, index)) return
    ;(this.histograms ??= [])[index] = histogram
    this.verdicts[index] = HISTOGRAM
  }
}
