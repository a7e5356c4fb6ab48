import { labelsKey } from '@quartet/model'
import type { Labels } from '@quartet/model'
import type { QueryBudget } from '@quartet/query'
import type { SelectorNode } from '../ast.ts'
import type { LogSource } from '../source.ts'
import type { Entry } from './entry.ts'
import { Pipeline } from './pipeline.ts'
import type { ScanStats } from './pipeline.ts'

export interface ResultEntry {
  readonly timeNs: bigint
  readonly line: string
  readonly structuredMetadata: Labels
  readonly parsed: Labels
}

export interface ResultStream {
  readonly labels: Labels
  readonly entries: ResultEntry[]
}

export interface LogQueryOptions {
  readonly source: LogSource
  /** Both ends of the window are searched; upstream's `end` is exclusive for lines, so callers pass `end - 1`. */
  readonly startNs: bigint
  readonly endNs: bigint
  readonly limit: number
  readonly direction: 'forward' | 'backward'
  /** Only one entry per this many nanoseconds; 0 for all. */
  readonly intervalNs: bigint
  /** Streams keep their own labels; metadata and parsed labels stay apart. */
  readonly categorize: boolean
  readonly budget: QueryBudget
  readonly stats: ScanStats
  readonly nowNs: () => bigint
}

interface Candidate extends ResultEntry {
  readonly labels: Labels
  readonly key: string
  readonly order: number
}

/**
 * Runs a log query. Pages are read in the direction of the query, and reading ends as soon as no later page can hold an entry
 * that belongs to the first `limit` ones.
 */
export async function runLogQuery(node: SelectorNode, options: LogQueryOptions): Promise<ResultStream[]> {
  const { source, startNs, endNs, limit, budget, stats } = options
  const reverse = options.direction === 'backward'
  const pages = [...(await source.select(node.matchers, { startNs, endNs }))]
  pages.sort((a, b) => (reverse ? compareNs(b.maxNs, a.maxNs) : compareNs(a.minNs, b.minNs)))
  const pipeline = new Pipeline(node.stages, options.nowNs)
  const best = new BestEntries(limit, reverse)
  const sampler = options.intervalNs > 0n
  // With an interval, entries are thinned out after sorting, so that more than `limit` have to be looked at.
  const all = sampler ? new BestEntries(Number.MAX_SAFE_INTEGER, reverse) : best
  for (const page of pages) {
    if (all.isFull && (reverse ? page.maxNs < all.worstNs : page.minNs > all.worstNs)) break
    const pause = budget.checkpoint()
    if (pause) await pause
    const opened = page.open({ text: true })
    const lines = opened instanceof Promise ? await opened : opened
    let kept = 0
    pipeline.scan(page, lines, { startNs, endNs }, reverse, stats, (entry) => {
      // Within a page entries come in order: once one is behind the last that counts, so are all that follow.
      if (!all.wants(entry.timeNs)) return false
      all.add(candidate(entry, options.categorize, stats.postFilterLines))
      kept++
      return kept <= limit || sampler
    })
    if (sampler) budget.addSamples(kept)
  }
  const entries = all.sorted()
  return groupStreams(sampler ? thin(entries, options.intervalNs, limit, reverse) : entries)
}

function candidate(entry: Entry, categorize: boolean, order: number): Candidate {
  const labels = categorize ? entry.streamLabels() : entry.labels()
  return {
    timeNs: entry.timeNs,
    line: entry.line,
    labels,
    key: labelsKey(labels),
    structuredMetadata: categorize ? entry.categorized('metadata') : [],
    parsed: categorize ? entry.categorized('parsed') : [],
    order,
  }
}

/** The `limit` first entries in the query's direction; holds at most twice as many. */
class BestEntries {
  readonly #limit: number
  readonly #reverse: boolean
  #entries: Candidate[] = []
  #worst: bigint | undefined

  constructor(limit: number, reverse: boolean) {
    this.#limit = limit
    this.#reverse = reverse
  }

  get isFull(): boolean {
    return this.#worst !== undefined
  }

  /** Time of the last entry that still counts; only when full. */
  get worstNs(): bigint {
    return this.#worst ?? 0n
  }

  wants(timeNs: bigint): boolean {
    if (this.#worst === undefined) return true
    return this.#reverse ? timeNs >= this.#worst : timeNs <= this.#worst
  }

  add(entry: Candidate): void {
    this.#entries.push(entry)
    if (this.#entries.length >= Math.min(this.#limit * 2, Number.MAX_SAFE_INTEGER)) this.#cut()
    else if (this.#entries.length === this.#limit) this.#worst = this.#last()
  }

  sorted(): Candidate[] {
    this.#cut()
    return this.#entries
  }

  #last(): bigint {
    return this.#entries.reduce(
      (worst, entry) => ((this.#reverse ? entry.timeNs < worst : entry.timeNs > worst) ? entry.timeNs : worst),
      this.#entries[0].timeNs,
    )
  }

  #cut(): void {
    const sign = this.#reverse ? -1 : 1
    this.#entries.sort(
      (a, b) => sign * compareNs(a.timeNs, b.timeNs) || (a.key < b.key ? -1 : a.key > b.key ? 1 : a.order - b.order),
    )
    this.#entries = dropRepeated(this.#entries)
    if (this.#entries.length >= this.#limit) {
      this.#entries.length = this.#limit
      this.#worst = this.#entries.at(-1)?.timeNs
    }
  }
}

/** The same line of the same stream at the same time is one entry, also when it was stored twice. */
function dropRepeated(entries: readonly Candidate[]): Candidate[] {
  const kept: Candidate[] = []
  let runStart = 0
  for (const entry of entries) {
    while (runStart < kept.length && kept[runStart].timeNs !== entry.timeNs) runStart = kept.length
    let isRepeated = false
    for (let index = kept.length - 1; index >= runStart && kept[index].key === entry.key; index--) {
      if (kept[index].line === entry.line) isRepeated = true
    }
    if (!isRepeated) kept.push(entry)
  }
  return kept
}

/** Upstream measures the interval from the last entry that it sent, of whatever stream. */
function thin(entries: readonly Candidate[], intervalNs: bigint, limit: number, reverse: boolean): Candidate[] {
  let last: bigint | undefined
  const kept: Candidate[] = []
  for (const entry of entries) {
    if (last !== undefined && (reverse ? last - entry.timeNs : entry.timeNs - last) < intervalNs) continue
    last = entry.timeNs
    kept.push(entry)
    if (kept.length === limit) break
  }
  return kept
}

function groupStreams(entries: readonly Candidate[]): ResultStream[] {
  const streams = new Map<string, ResultStream>()
  for (const entry of entries) {
    let stream = streams.get(entry.key)
    if (!stream) streams.set(entry.key, (stream = { labels: entry.labels, entries: [] }))
    stream.entries.push(entry)
  }
  return [...streams.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, stream]) => stream)
}

function compareNs(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}
