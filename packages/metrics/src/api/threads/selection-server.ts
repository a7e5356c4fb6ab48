import type { Label } from '@quartet/model'
import { SampleColumns } from '../../query/source.ts'
import type { SeriesSelection } from '../../query/source.ts'
import type { SeriesBatch } from './messages.ts'

/** A batch ends with either: a millisecond or two of reading, after which the event loop has its turn. */
const BATCH_SAMPLES = 64 * 1024
const BATCH_SERIES = 512
/** Times that both sides keep for the series to come. */
const KEPT_SAMPLES = 1 << 19

/**
 * Reads a selection for a thread, a batch at a time and only when asked. What is decoded here is copied once and handed over; times that
 * series share go over once.
 */
export class SelectionServer {
  readonly #selection: SeriesSelection
  readonly #pairs = new Map<Label, number>()
  readonly #sentTimes = new Set<number>()
  readonly #columns = new SampleColumns()
  #at = 0
  #keptSamples = 0

  constructor(selection: SeriesSelection) {
    this.#selection = selection
  }

  release(): void {
    this.#selection.release()
  }

  next(): SeriesBatch {
    const batch = new BatchBuilder()
    const columns = this.#columns
    const { series: all } = this.#selection
    while (this.#at < all.length && batch.seriesCount < BATCH_SERIES && batch.sampleCount < BATCH_SAMPLES) {
      const series = all[this.#at++]
      series.read(columns)
      if (columns.count === 0) continue
      for (const label of series.labels) batch.addPair(this.#numberOf(label, batch))
      batch.addSamples(columns, this.#isSent(columns))
    }
    return batch.finish(this.#at === all.length)
  }

  /** Pairs are told apart as objects: storage makes each once. Two of the same text would only be sent twice. */
  #numberOf(label: Label, batch: BatchBuilder): number {
    const known = this.#pairs.get(label)
    if (known !== undefined) return known
    const number = this.#pairs.size
    this.#pairs.set(label, number)
    batch.newPairs.push(label[0], label[1])
    return number
  }

  #isSent({ timesId, count }: SampleColumns): boolean {
    if (timesId === 0) return false
    if (this.#sentTimes.has(timesId)) return true
    if (this.#keptSamples + count <= KEPT_SAMPLES) {
      this.#keptSamples += count
      this.#sentTimes.add(timesId)
    }
    return false
  }
}

class BatchBuilder {
  readonly newPairs: string[] = []
  seriesCount = 0
  sampleCount = 0
  readonly #pairs: number[] = []
  readonly #pairEnds: number[] = []
  readonly #counts: number[] = []
  readonly #timesIds: number[] = []
  readonly #times = new Growing()
  readonly #values = new Growing()
  readonly #histograms = new Map<number, SeriesBatch['histograms'] extends ReadonlyMap<number, infer T> ? T : never>()

  addPair(pair: number): void {
    this.#pairs.push(pair)
  }

  addSamples(columns: SampleColumns, areTimesKnown: boolean): void {
    const { timesMs, values, count, timesId, histograms } = columns
    if (histograms !== undefined) this.#histograms.set(this.seriesCount, histograms.slice(0, count))
    this.#pairEnds.push(this.#pairs.length)
    this.#counts.push(count)
    this.#timesIds.push(timesId)
    if (!areTimesKnown) this.#times.add(timesMs, count)
    this.#values.add(values, count)
    this.seriesCount++
    this.sampleCount += count
  }

  finish(isLast: boolean): SeriesBatch {
    return {
      isLast,
      newPairs: this.newPairs,
      pairs: Uint32Array.from(this.#pairs),
      pairEnds: Uint32Array.from(this.#pairEnds),
      counts: Uint32Array.from(this.#counts),
      timesIds: Uint32Array.from(this.#timesIds),
      newTimes: this.#times.finish(),
      values: this.#values.finish(),
      histograms: this.#histograms,
    }
  }
}

/** A column that is handed away in the end. Copies between columns of doubles keep the bits of a stale marker. */
class Growing {
  #column = new Float64Array(4096)
  #count = 0

  add(values: Float64Array, count: number): void {
    if (this.#count + count > this.#column.length) {
      const larger = new Float64Array(Math.max(2 * this.#column.length, this.#count + count))
      larger.set(this.#column.subarray(0, this.#count))
      this.#column = larger
    }
    this.#column.set(values.subarray(0, count), this.#count)
    this.#count += count
  }

  finish(): Float64Array<ArrayBuffer> {
    return this.#column.slice(0, this.#count)
  }
}
