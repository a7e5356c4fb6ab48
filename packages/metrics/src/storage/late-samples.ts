import { bitsOf, RESET_NO, RESET_UNKNOWN, RESET_YES } from '@quartet/model'
import type { NativeHistogram } from '@quartet/model'
import { SampleColumns } from '../query/source.ts'

/**
 * Samples of the head that came after newer ones of their series, within the out-of-order window: a sorted column pair for each series
 * that has any. Of two samples of one series and time the first stays, as upstream has it.
 */
export class LateSamples {
  readonly #series = new Map<number, SampleColumns>()
  sampleCount = 0

  get sizeBytes(): number {
    let bytes = 0
    for (const { values } of this.#series.values()) bytes += 300 + 16 * values.length
    return bytes
  }

  /** The series that have late samples. */
  series(): IterableIterator<number> {
    return this.#series.keys()
  }

  has(series: number): boolean {
    return this.#series.has(series)
  }

  /** Returns false when the series has a late sample of this time already; the new one is then dropped. */
  insert(series: number, timeMs: number, lowBits: number, highBits: number, histogram?: NativeHistogram): boolean {
    let columns = this.#series.get(series)
    if (columns === undefined) {
      columns = new SampleColumns()
      this.#series.set(series, columns)
    }
    const { count } = columns
    const at = firstAtOrAfter(columns, timeMs)
    if (at < count && columns.timesMs[at] === timeMs) return false
    reserveSparingly(columns, count + 1)
    const { timesMs, bits } = columns
    if (at < count) {
      timesMs.copyWithin(at + 1, at, count)
      // By words: a copy of doubles may lose the bits of a NaN.
      bits.copyWithin(2 * at + 2, 2 * at, 2 * count)
      if (columns.histograms !== undefined) shiftUp(columns.histograms, at, count)
    }
    timesMs[at] = timeMs
    bits[2 * at] = lowBits
    bits[2 * at + 1] = highBits
    if (histogram !== undefined) (columns.histograms ??= [])[at] = histogram
    columns.count = count + 1
    this.sampleCount++
    return true
  }

  /** Whether the series has a late sample in [minMs, maxMs]. */
  overlaps(series: number, minMs: number, maxMs: number): boolean {
    const columns = this.#series.get(series)
    if (columns === undefined) return false
    const at = firstAtOrAfter(columns, minMs)
    return at < columns.count && columns.timesMs[at] <= maxMs
  }

  /** A copy of the late samples of a series in [minMs, maxMs]; undefined when there are none. */
  copy(series: number, minMs: number, maxMs: number): SampleColumns | undefined {
    const columns = this.#series.get(series)
    if (columns === undefined) return undefined
    const from = firstAtOrAfter(columns, minMs)
    let to = columns.count
    while (to > from && columns.timesMs[to - 1] > maxMs) to--
    if (from === to) return undefined
    const copy = new SampleColumns()
    copy.timesMs = columns.timesMs.slice(from, to)
    copy.bits = columns.bits.slice(2 * from, 2 * to)
    copy.values = new Float64Array(copy.bits.buffer)
    copy.histograms = columns.histograms?.slice(from, to)
    copy.count = to - from
    return copy
  }

  /** Removes the samples of a series in [minMs, maxMs]; returns how many there were. */
  remove(series: number, minMs: number, maxMs: number): number {
    return this.#keep(series, (timeMs) => timeMs < minMs || timeMs > maxMs)
  }

  /** Removes exactly the samples of a {@link copy}; what came in between stays. */
  removeCopied(series: number, copied: SampleColumns): void {
    let at = 0
    this.#keep(series, (timeMs) => {
      while (at < copied.count && copied.timesMs[at] < timeMs) at++
      return at === copied.count || copied.timesMs[at] !== timeMs
    })
  }

  /** The same samples under new numbers of series; those of -1 are dropped. */
  renumbered(forward: Int32Array): LateSamples {
    const kept = new LateSamples()
    for (const [series, columns] of this.#series) {
      if (forward[series] < 0) continue
      kept.#series.set(forward[series], columns)
      kept.sampleCount += columns.count
    }
    return kept
  }

  #keep(series: number, isKept: (timeMs: number) => boolean): number {
    const columns = this.#series.get(series)
    if (columns === undefined) return 0
    const { timesMs, bits, histograms } = columns
    let kept = 0
    for (let at = 0; at < columns.count; at++) {
      if (!isKept(timesMs[at])) continue
      timesMs[kept] = timesMs[at]
      bits[2 * kept] = bits[2 * at]
      bits[2 * kept + 1] = bits[2 * at + 1]
      if (histograms !== undefined) histograms[kept] = histograms[at]
      kept++
    }
    const removed = columns.count - kept
    columns.count = kept
    this.sampleCount -= removed
    if (histograms !== undefined) histograms.length = Math.min(histograms.length, kept)
    if (kept === 0) this.#series.delete(series)
    return removed
  }
}

/** Inserts a native histogram. Which others will stand beside it is not known, and so neither whether it continues them. */
export function insertLateHistogram(
  late: LateSamples,
  series: number,
  timeMs: number,
  histogram: NativeHistogram,
): boolean {
  sumColumn[0] = histogram.sum
  return late.insert(series, timeMs, sumBits[0], sumBits[1], withUnknownHint(histogram))
}

/** Says no longer that the histogram continues the one before it; a gauge stays one. */
export function withUnknownHint(histogram: NativeHistogram): NativeHistogram {
  const { resetHint } = histogram
  return resetHint === RESET_NO || resetHint === RESET_YES ? { ...histogram, resetHint: RESET_UNKNOWN } : histogram
}

const sumColumn = new Float64Array(1)
const sumBits = bitsOf(sumColumn)

function firstAtOrAfter({ timesMs, count }: SampleColumns, timeMs: number): number {
  // Late samples come mostly in order among themselves.
  if (count === 0 || timesMs[count - 1] < timeMs) return count
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (timesMs[middle] < timeMs) low = middle + 1
    else high = middle
  }
  return low
}

/** There may be a million series with one late sample each: columns begin small. */
function reserveSparingly(columns: SampleColumns, count: number): void {
  if (count <= columns.timesMs.length) return
  const size = Math.max(4, 2 * columns.timesMs.length)
  const timesMs = new Float64Array(size)
  timesMs.set(columns.timesMs)
  const bits = new Uint32Array(2 * size)
  bits.set(columns.bits)
  columns.timesMs = timesMs
  columns.bits = bits
  columns.values = new Float64Array(bits.buffer)
}

function shiftUp(histograms: (NativeHistogram | undefined)[], at: number, count: number): void {
  for (let index = Math.min(count, histograms.length); index > at; index--) histograms[index] = histograms[index - 1]
  if (at < histograms.length) histograms[at] = undefined
}
