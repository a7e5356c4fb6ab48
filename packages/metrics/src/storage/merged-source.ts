import { compareLabels, compareText } from '@quartet/model'
import type { Labels, MetricMetadata } from '@quartet/model'
import type { Block, BlockDirectory, Postings } from '@quartet/storage'
import { CorruptBlockError, union } from '@quartet/storage'
import type {
  LabelRequest,
  SampleColumns,
  SelectedSeries,
  SelectRequest,
  SeriesSelection,
  SeriesSource,
} from '../query/source.ts'
import type { Appender } from './appender.ts'
import type { BlockIndex } from './block-index.ts'
import type { BlockCache } from './block-reader.ts'
import { blockOverlaps, selectFromBlock } from './block-reader.ts'
import {
  allLabelNames,
  allLabelValues,
  headLabelNames,
  headLabelValues,
  headPostings,
  selectFromHead,
  selectLate,
} from './head-reader.ts'
import type { Head } from './head.ts'
import { readOverlapping } from './overlap.ts'
import type { PartSeries } from './series-part.ts'
import { TimesIds } from './times-ids.ts'
import type { Tombstones } from './tombstones.ts'

export interface MergedSourceOptions {
  readonly appender: Appender
  readonly blocks: BlockDirectory
  readonly cache: BlockCache
  readonly metadata: ReadonlyMap<string, MetricMetadata>
  readonly tombstones: () => Tombstones
  readonly onCorruptBlock: (block: string, error: CorruptBlockError) => void
}

/** Blocks and head as one {@link SeriesSource}. */
export class MergedSource implements SeriesSource {
  readonly #options: MergedSourceOptions

  constructor(options: MergedSourceOptions) {
    this.#options = options
  }

  async select(request: SelectRequest): Promise<SeriesSelection> {
    // The head first and in one go with the list of blocks: a block that is cut meanwhile holds nothing that this head does not.
    const { head } = this.#options.appender
    const fromHead = selectFromHead(head, request)
    const late = selectLate(head, request)
    const tombstones = this.#options.tombstones()
    const blocks = this.#acquire(request.minMs, request.maxMs)
    try {
      const parts: PartSeries[][] = []
      for (const block of blocks) {
        parts.push(await this.#reporting(block, () => selectFromBlock(block, this.#options.cache, request, tombstones)))
      }
      parts.push(fromHead, late)
      request.signal.throwIfAborted()
      return new Selection(
        mergeParts(parts),
        { ...request, isOverlapping: late.length > 0 || doOverlap(blocks) },
        blocks,
      )
    } catch (error) {
      for (const block of blocks) block.release()
      throw error
    }
  }

  async labelNames(request: LabelRequest): Promise<readonly string[]> {
    const names = new Set<string>()
    const { head } = this.#options.appender
    const isAll = request.matcherSets.length === 0
    const inHead = isAll ? allLabelNames(head, request) : headLabelNames(head, headMatches(head, request))
    for (const name of inHead) names.add(name)
    await this.#forEachBlock(request, (index, ids) => {
      const { pairStart, pairs } = index.series
      const seen = new Set<number>()
      for (const id of ids) for (let at = pairStart[id]; at < pairStart[id + 1]; at++) seen.add(pairs[at])
      for (const pair of seen) names.add(index.pair(pair)[0])
    })
    return [...names].sort(compareText)
  }

  async labelValues(name: string, request: LabelRequest): Promise<readonly string[]> {
    const { head } = this.#options.appender
    const isAll = request.matcherSets.length === 0
    const values = new Set(
      isAll ? allLabelValues(head, name, request) : headLabelValues(head, name, headMatches(head, request)),
    )
    await this.#forEachBlock(request, (index, ids) => {
      const { pairStart, pairs } = index.series
      const { first, end } = index.pairsOf(name)
      const seen = new Set<number>()
      for (const id of ids) {
        for (let at = pairStart[id]; at < pairStart[id + 1]; at++) {
          if (pairs[at] >= first && pairs[at] < end) seen.add(pairs[at])
        }
      }
      for (const pair of seen) values.add(index.value(pair))
    })
    return [...values].sort(compareText)
  }

  metadata(): Iterable<MetricMetadata> {
    return this.#options.metadata.values()
  }

  async #forEachBlock(request: LabelRequest, visit: (index: BlockIndex, ids: Postings) => void): Promise<void> {
    const { minMs, maxMs, matcherSets, signal } = request
    const blocks = this.#acquire(minMs, maxMs)
    try {
      for (const block of blocks) {
        const index = await this.#reporting(block, () => this.#options.cache.index(block))
        signal.throwIfAborted()
        const ids = union((matcherSets.length > 0 ? matcherSets : [[]]).map((matchers) => index.select(matchers)))
        visit(
          index,
          ids.filter((id) => blockOverlaps(index, id, minMs, maxMs)),
        )
      }
    } finally {
      for (const block of blocks) block.release()
    }
  }

  /** A damaged block fails the query that has found it, and is out of the way of the next. */
  async #reporting<T>(block: Block, read: () => Promise<T>): Promise<T> {
    try {
      return await read()
    } catch (error) {
      if (error instanceof CorruptBlockError) this.#options.onCorruptBlock(block.id, error)
      throw error
    }
  }

  #acquire(minMs: number, maxMs: number): Block[] {
    const blocks = this.#options.blocks.blocks.filter(({ meta }) => meta.minMs <= maxMs && meta.maxMs >= minMs)
    for (const block of blocks) block.acquire()
    return blocks
  }
}

function headMatches(head: Head, request: LabelRequest): Postings {
  const { minMs, maxMs, matcherSets } = request
  const ids = union((matcherSets.length > 0 ? matcherSets : [[]]).map((matchers) => headPostings(head, matchers)))
  return ids.filter((series) => head.overlaps(series, minMs, maxMs) || head.late.overlaps(series, minMs, maxMs))
}

/** Whether blocks, sorted by their beginning, share times. */
function doOverlap(blocks: readonly Block[]): boolean {
  let endMs = -Infinity
  for (const { meta } of blocks) {
    if (meta.minMs <= endMs) return true
    endMs = Math.max(endMs, meta.maxMs)
  }
  return false
}

class Selection implements SeriesSelection {
  readonly series: readonly SelectedSeries[]
  readonly minMs: number
  readonly maxMs: number
  /** Parts of a series may share times: out-of-order samples. */
  readonly isOverlapping: boolean
  readonly #blocks: readonly Block[]
  #isReleased = false
  readonly timesIds = new TimesIds()

  constructor(
    merged: readonly MergedEntry[],
    range: { readonly minMs: number; readonly maxMs: number; readonly isOverlapping: boolean },
    blocks: readonly Block[],
  ) {
    this.minMs = range.minMs
    this.maxMs = range.maxMs
    this.isOverlapping = range.isOverlapping
    this.#blocks = blocks
    this.series = merged.map(({ labels, parts }) => new MergedSeries(this, labels, parts))
  }

  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    for (const block of this.#blocks) block.release()
  }
}

class MergedSeries implements SelectedSeries {
  readonly labels: Labels
  readonly #selection: Selection
  readonly #parts: readonly PartSeries[]

  constructor(selection: Selection, labels: Labels, parts: readonly PartSeries[]) {
    this.#selection = selection
    this.labels = labels
    this.#parts = parts
  }

  read(into: SampleColumns): void {
    const { minMs, maxMs, isOverlapping } = this.#selection
    if (isOverlapping && this.#parts.length > 1) readOverlapping(this.#parts, into, this.#selection)
    else {
      into.count = 0
      into.histograms = undefined
      for (const part of this.#parts) part.appendTo(into, minMs, maxMs)
    }
    into.timesId = into.count === 0 ? 0 : this.#selection.timesIds.of(into)
  }
}

interface MergedEntry {
  readonly labels: Labels
  readonly parts: readonly PartSeries[]
}

/** Merges rows of series that are sorted by labels; parts of one series keep the order of the rows. */
export function mergeParts(rows: readonly (readonly PartSeries[])[]): MergedEntry[] {
  const filled = rows.filter((row) => row.length > 0)
  if (filled.length === 1) return filled[0].map((part) => ({ labels: part.labels, parts: [part] }))
  const at = filled.map(() => 0)
  const heads = filled.map((row) => row[0].labels)
  const merged: MergedEntry[] = []
  for (let open = filled.length; open > 0;) {
    let smallest: Labels | undefined
    for (let row = 0; row < filled.length; row++) {
      if (at[row] < filled[row].length && (!smallest || compareLabels(heads[row], smallest) < 0)) smallest = heads[row]
    }
    const parts: PartSeries[] = []
    for (let row = 0; row < filled.length; row++) {
      if (at[row] >= filled[row].length || compareLabels(heads[row], smallest!) !== 0) continue
      parts.push(filled[row][at[row]++])
      if (at[row] < filled[row].length) heads[row] = filled[row][at[row]].labels
      else open--
    }
    merged.push({ labels: smallest!, parts })
  }
  return merged
}
