import { SampleColumns } from '../query/source.ts'
import { withUnknownHint } from './late-samples.ts'
import type { PartSeries } from './series-part.ts'

/** Columns reused between reads, which are synchronous and never nested. */
const part = new SampleColumns()
const merged = new SampleColumns()

/**
 * Reads parts whose times may overlap into one ascending row. Of two samples of one time that of the first part stays.
 * @param into replaced
 */
export function readOverlapping(
  parts: readonly PartSeries[],
  into: SampleColumns,
  range: { readonly minMs: number; readonly maxMs: number },
): void {
  into.count = 0
  into.histograms = undefined
  for (const one of parts) {
    part.count = 0
    part.histograms = undefined
    one.appendTo(part, range.minMs, range.maxMs)
    if (part.count === 0) continue
    if (into.count === 0) swap(into, part)
    else if (part.timesMs[0] > into.timesMs[into.count - 1]) append(into, part)
    else {
      merge(into, part)
      swap(into, merged)
    }
  }
}

function append(into: SampleColumns, from: SampleColumns): void {
  const at = into.count
  into.reserve(at + from.count)
  into.timesMs.set(from.timesMs.subarray(0, from.count), at)
  into.bits.set(from.bits.subarray(0, 2 * from.count), 2 * at)
  into.count = at + from.count
  if (from.histograms === undefined) return
  const histograms = (into.histograms ??= [])
  for (let index = 0; index < from.histograms.length; index++) {
    if (from.histograms[index] !== undefined) histograms[at + index] = from.histograms[index]
  }
}

/** `left` and `right` into {@link merged}. */
function merge(left: SampleColumns, right: SampleColumns): void {
  merged.count = 0
  merged.histograms = undefined
  merged.reserve(left.count + right.count)
  const { timesMs, bits } = merged
  let count = 0
  let a = 0
  let b = 0
  let last: SampleColumns | undefined
  while (a < left.count || b < right.count) {
    const isLeft = b === right.count || (a < left.count && left.timesMs[a] <= right.timesMs[b])
    const from = isLeft ? left : right
    const at = isLeft ? a : b
    timesMs[count] = from.timesMs[at]
    bits[2 * count] = from.bits[2 * at]
    bits[2 * count + 1] = from.bits[2 * at + 1]
    const histogram = from.histograms?.[at]
    if (histogram !== undefined) {
      ;(merged.histograms ??= [])[count] = last === from ? histogram : withUnknownHint(histogram)
    }
    last = from
    if (!isLeft) b++
    else {
      if (b < right.count && right.timesMs[b] === left.timesMs[a]) b++
      a++
    }
    count++
  }
  merged.count = count
}

function swap(a: SampleColumns, b: SampleColumns): void {
  const { timesMs, values, bits, histograms, count } = a
  a.timesMs = b.timesMs
  a.values = b.values
  a.bits = b.bits
  a.histograms = b.histograms
  a.count = b.count
  b.timesMs = timesMs
  b.values = values
  b.bits = bits
  b.histograms = histograms
  b.count = count
}

/** Removes the samples in any of the intervals, given as [min, max] pairs, from the columns' entries [from, count). */
export function dropIntervals(
  into: SampleColumns,
  from: number,
  intervals: readonly (readonly [number, number])[],
): void {
  const { timesMs, bits, histograms } = into
  let kept = from
  let isGap = false
  for (let at = from; at < into.count; at++) {
    const timeMs = timesMs[at]
    if (intervals.some(([minMs, maxMs]) => timeMs >= minMs && timeMs <= maxMs)) {
      isGap = true
      continue
    }
    if (kept !== at) {
      timesMs[kept] = timeMs
      bits[2 * kept] = bits[2 * at]
      bits[2 * kept + 1] = bits[2 * at + 1]
      if (histograms !== undefined) histograms[kept] = histograms[at]
    }
    const histogram = histograms?.[kept]
    if (isGap && histogram !== undefined) histograms![kept] = withUnknownHint(histogram)
    isGap = false
    kept++
  }
  if (histograms !== undefined) {
    histograms.length = Math.min(histograms.length, kept)
    if (histograms.length === 0) into.histograms = undefined
  }
  into.count = kept
}
