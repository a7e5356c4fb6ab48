import { METRIC_NAME } from '@quartet/model'
import type { Labels } from '@quartet/model'
import { matchesEmpty } from '@quartet/query'
import type { Matcher } from '@quartet/query'
import { intersectAll, NO_POSTINGS, subtract, union } from '@quartet/storage'
import type { Postings } from '@quartet/storage'
import type { SampleColumns } from '../query/source.ts'
import type { ChunkStore } from './chunk-store.ts'
import type { Head } from './head.ts'
import { OPEN_SAMPLES } from './open-chunks.ts'
import { decodeHistograms } from './histogram-column.ts'
import { trimColumns } from './series-part.ts'
import type { PartSeries } from './series-part.ts'
import { encodeLabels } from './series-table.ts'
import { ProtoWriter } from '@quartet/model'

const writer = new ProtoWriter()

/** Ids of the series that match every matcher. */
export function headPostings(head: Head, matchers: readonly Matcher[]): Postings {
  const included: Postings[] = []
  const excluded: Postings[] = []
  for (const matcher of matchers) {
    if (matchesEmpty(matcher)) excluded.push(pairPostings(head, matcher, false))
    else included.push(pairPostings(head, matcher, true))
  }
  const base = included.length > 0 ? intersectAll(included) : allSeries(head)
  return excluded.reduce(subtract, base)
}

/** Series with a value of the matcher's label that it accepts (or, with `accepted` false, refuses). */
function pairPostings(head: Head, matcher: Matcher, accepted: boolean): Postings {
  const { labels } = head.series
  const isPositive = matcher.op === '=' || matcher.op === '=~'
  if (matcher.setMatches && isPositive === accepted) {
    const lists = matcher.setMatches
      .filter((value) => value !== '')
      .map((value) => valuePostings(head, matcher.name, value))
    return union(lists)
  }
  const lists: Postings[] = []
  for (const pair of labels.name(matcher.name)?.pairs.view() ?? NO_POSTINGS) {
    if (matcher.matches(labels.label(pair)[1]) === accepted) lists.push(labels.postings(pair))
  }
  return union(lists)
}

function valuePostings(head: Head, name: string, value: string): Postings {
  const pair = head.series.labels.find(encodeLabels(writer, [[name, value]]))
  return pair < 0 ? NO_POSTINGS : head.series.labels.postings(pair)
}

function allSeries(head: Head): Postings {
  const named = head.series.labels.name(METRIC_NAME)
  if (!named) return NO_POSTINGS
  return Uint32Array.from({ length: head.series.count }, (_, series) => series)
}

/** The matching series with samples in the range, sorted by labels, as they are now. */
export function selectFromHead(
  head: Head,
  request: { readonly matchers: readonly Matcher[]; readonly minMs: number; readonly maxMs: number },
): PartSeries[] {
  const { minMs, maxMs } = request
  if (minMs > head.maxMs || maxMs < head.minMs) return []
  const ids = headPostings(head, request.matchers).filter((series) => head.overlaps(series, minMs, maxMs))
  const sorted = Array.from(ids).sort((a, b) => head.series.compare(a, b))
  let open = 0
  for (const series of sorted) open += head.openCountOf(series)
  const timesMs = new Float64Array(open)
  const bits = new Uint32Array(2 * open)
  let at = 0
  return sorted.map((series) => {
    const from = at
    at += head.readOpen(series, timesMs, bits, from)
    return new HeadSeries(head, series, { timesMs, bits, from, to: at })
  })
}

/** The late samples in the range of matching series, sorted by labels: copies. */
export function selectLate(
  head: Head,
  request: { readonly matchers: readonly Matcher[]; readonly minMs: number; readonly maxMs: number },
): LateSeries[] {
  const { late } = head
  if (late.sampleCount === 0) return []
  const { minMs, maxMs } = request
  const ids = headPostings(head, request.matchers).filter((series) => late.has(series))
  const sorted = Array.from(ids).sort((a, b) => head.series.compare(a, b))
  return sorted.flatMap((series) => {
    const columns = late.copy(series, minMs, maxMs)
    return columns === undefined ? [] : [new LateSeries(head, series, columns)]
  })
}

/** Late samples of a series as they were when they were selected. */
export class LateSeries implements PartSeries {
  readonly series: number
  readonly columns: SampleColumns
  readonly #head: Head

  constructor(head: Head, series: number, columns: SampleColumns) {
    this.#head = head
    this.series = series
    this.columns = columns
  }

  get labels(): Labels {
    return this.#head.series.labelsOf(this.series)
  }

  appendTo(into: SampleColumns, minMs: number, maxMs: number): number {
    const { columns } = this
    const from = into.count
    into.reserve(from + columns.count)
    into.timesMs.set(columns.timesMs.subarray(0, columns.count), from)
    into.bits.set(columns.bits.subarray(0, 2 * columns.count), 2 * from)
    for (const [at, histogram] of columns.histograms?.entries() ?? []) {
      if (histogram !== undefined) (into.histograms ??= [])[from + at] = histogram
    }
    into.count = from + columns.count
    trimColumns(into, from, { minMs, maxMs })
    return 0
  }
}

interface OpenCopy {
  readonly timesMs: Float64Array
  readonly bits: Uint32Array
  readonly from: number
  readonly to: number
}

/** A head series as it was when it was selected: its open chunk is a copy, its sealed ones never change. */
class HeadSeries implements PartSeries {
  readonly #head: Head
  readonly #series: number
  readonly #chunks: ChunkStore
  readonly #lastChunk: number
  readonly #floorMs: number
  readonly #open: OpenCopy
  readonly #openHistograms: Uint8Array | undefined

  constructor(head: Head, series: number, open: OpenCopy) {
    this.#head = head
    this.#series = series
    this.#chunks = head.chunks
    this.#lastChunk = head.lastChunkOf(series)
    this.#floorMs = head.floorMs
    this.#open = open
    this.#openHistograms = head.openHistograms(series)
  }

  get labels(): Labels {
    return this.#head.series.labelsOf(this.#series)
  }

  appendTo(into: SampleColumns, minMs: number, maxMs: number): number {
    const chunks = this.#chunks
    const lowestMs = Math.max(minMs, this.#floorMs)
    let sealed = 0
    let newest = this.#lastChunk
    while (newest >= 0 && chunks.minMs[newest] > maxMs) newest = chunks.previous[newest]
    let oldest = newest
    for (let chunk = newest; chunk >= 0 && chunks.maxMs[chunk] >= lowestMs; chunk = chunks.previous[chunk]) {
      sealed += chunks.samples[chunk]
      oldest = chunk
    }
    const open = this.#open.to - this.#open.from
    const from = into.count
    into.reserve(from + sealed + open + OPEN_SAMPLES)
    const timeBits = new Uint32Array(into.timesMs.buffer)
    // Chunks are linked from new to old: fill from the end.
    let at = from + sealed
    if (sealed > 0) {
      for (let chunk = newest; ; chunk = chunks.previous[chunk]) {
        at -= chunks.samples[chunk]
        chunks.readTimes(chunk, into.timesMs, timeBits, at)
        chunks.readValues(chunk, into.values, into.bits, at)
        if (chunks.hasHistograms) chunks.readHistograms(chunk, into, at)
        if (chunk === oldest) break
      }
    }
    at = from + sealed
    into.timesMs.set(this.#open.timesMs.subarray(this.#open.from, this.#open.to), at)
    into.bits.set(this.#open.bits.subarray(2 * this.#open.from, 2 * this.#open.to), 2 * at)
    const histograms = this.#openHistograms
    if (histograms !== undefined) decodeHistograms(histograms, into.values, at, (into.histograms ??= []))
    into.count = at + open
    trimColumns(into, from, { minMs: lowestMs, maxMs })
    return 0
  }
}

/** Sorted names of the labels of matching series with samples in the range, and whether a series has them. */
export function headLabelNames(head: Head, ids: Postings): string[] {
  const names = new Set<string>()
  for (const series of ids) head.series.forEachPair(series, (pair) => names.add(head.series.labels.nameOf(pair).name))
  return [...names]
}

/** Values of one label among the given series. */
export function headLabelValues(head: Head, name: string, ids: Postings): string[] {
  const { labels } = head.series
  const wanted = labels.name(name)
  if (!wanted) return []
  const pairs = new Set<number>()
  for (const series of ids) {
    head.series.forEachPair(series, (pair) => {
      if (labels.nameOf(pair) === wanted) pairs.add(pair)
    })
  }
  return [...pairs].map((pair) => labels.label(pair)[1])
}

interface TimeRange {
  readonly minMs: number
  readonly maxMs: number
}

/** Names of all labels of series with samples in the range. Most names are decided by the first series that has them. */
export function allLabelNames(head: Head, range: TimeRange): string[] {
  const names: string[] = []
  for (const { name, pairs } of head.series.labels.names()) {
    if (pairs.view().some((pair) => isInUse(head, pair, range))) names.push(name)
  }
  return names
}

/** Values of one label of series with samples in the range. */
export function allLabelValues(head: Head, name: string, range: TimeRange): string[] {
  const { labels } = head.series
  const values: string[] = []
  for (const pair of labels.name(name)?.pairs.view() ?? NO_POSTINGS) {
    if (isInUse(head, pair, range)) values.push(labels.label(pair)[1])
  }
  return values
}

function isInUse(head: Head, pair: number, { minMs, maxMs }: TimeRange): boolean {
  for (const series of head.series.labels.postings(pair)) {
    if (head.overlaps(series, minMs, maxMs) || head.late.overlaps(series, minMs, maxMs)) return true
  }
  return false
}
