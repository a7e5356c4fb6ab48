import type { Labels, NativeHistogram } from '@quartet/model'
import type { SampleColumns } from '../query/source.ts'

/** One series' samples in one place: the head or a block. */
export interface PartSeries {
  readonly labels: Labels
  /** Appends the samples in [minMs, maxMs] to the columns. A times id as in {@link SampleColumns}, 0 for none. */
  appendTo(into: SampleColumns, minMs: number, maxMs: number): number
}

/** Removes samples outside of [minMs, maxMs] or not after `afterMs` from the columns' entries [from, count). */
export function trimColumns(
  into: SampleColumns,
  from: number,
  range: { readonly minMs: number; readonly maxMs: number },
): boolean {
  const { timesMs, values, bits } = into
  const lowest = from > 0 ? Math.max(range.minMs, timesMs[from - 1] + 1) : range.minMs
  let start = from
  while (start < into.count && timesMs[start] < lowest) start++
  let end = into.count
  while (end > start && timesMs[end - 1] > range.maxMs) end--
  const isWhole = start === from && end === into.count
  if (start > from) {
    timesMs.copyWithin(from, start, end)
    // By words: a copy of doubles may lose the bits of a NaN.
    bits.copyWithin(2 * from, 2 * start, 2 * end)
  }
  if (into.histograms !== undefined) {
    trimHistograms(into.histograms, from, start, end)
    if (into.histograms.length === 0) into.histograms = undefined
  }
  into.count = from + end - start
  return isWhole && values.length > 0
}

/** Entries behind the end are cleared, and may be missing altogether. */
function trimHistograms(histograms: (NativeHistogram | undefined)[], from: number, start: number, end: number): void {
  if (start > from) for (let at = from; at < from + end - start; at++) histograms[at] = histograms[at - from + start]
  histograms.length = Math.min(histograms.length, from + end - start)
}

/** Numbers for equal times, handed out to one query. */
let lastTimesId = 0

export function nextTimesId(): number {
  lastTimesId = (lastTimesId % 0x3fffffff) + 1
  return lastTimesId
}
