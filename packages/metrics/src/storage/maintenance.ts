import type { MetricMetadata } from '@quartet/model'
import type { Clock, Logger } from '@quartet/runtime'
import { BlockWriter, selectExpired } from '@quartet/storage'
import type { Block, BlockDirectory, FileSystem, Wal } from '@quartet/storage'
import { SampleColumns } from '../query/source.ts'
import type { Appender } from './appender.ts'
import { encodeBlock } from './block-encoder.ts'
import type { EncodableSeries } from './block-encoder.ts'
import type { BlockCache } from './block-reader.ts'
import { selectFromBlock } from './block-reader.ts'
import type { ExemplarRing } from './exemplar-ring.ts'
import { selectFromHead } from './head-reader.ts'
import { mergeParts } from './merged-source.ts'
import { RecordWriter } from './wal-records.ts'

/** Work goes on for this long before it lets the event loop run. */
const SLICE_MS = 8
const CHECKPOINT_RECORD_BYTES = 256 << 10
const MAX_BLOCK_RANGE_MS = 31 * 86_400_000
/** A head that has lost this many series, and a quarter of all, is numbered anew. */
const DEAD_SERIES = 16
/** What the source of a block was; used by `status/tsdb/blocks`. */
const LEVEL = 'level'

export interface Retention {
  readonly retentionMs: number
  readonly retentionBytes: number
}

export interface MaintenanceOptions {
  readonly fileSystem: FileSystem
  readonly clock: Clock
  readonly logger: Logger
  readonly blockRangeMs: number
  readonly blocksDirectory: string
  readonly appender: Appender
  readonly wal: Wal
  readonly blocks: BlockDirectory
  readonly cache: BlockCache
  readonly exemplars: ExemplarRing
  readonly metadata: ReadonlyMap<string, MetricMetadata>
  readonly retention: () => Retention
}

/** Cuts blocks off the head, drops what the WAL no longer needs, merges and expires blocks. */
export class Maintenance {
  compactions = 0
  failures = 0
  seriesRemoved = 0
  readonly #options: MaintenanceOptions
  #sliceStartMs = 0

  constructor(options: MaintenanceOptions) {
    this.#options = options
  }

  async run(): Promise<void> {
    try {
      await this.#cutBlocks()
      await this.#compact()
      await this.#expire()
    } catch (error) {
      this.failures++
      throw error
    }
  }

  async #cutBlocks(): Promise<void> {
    const { appender, blockRangeMs } = this.#options
    let isCut = false
    // Upstream's rule: a block's range is cut when the head holds half a range more.
    while (appender.head.maxMs - appender.head.minMs > 1.5 * blockRangeMs) {
      const startMs = Math.floor(appender.head.minMs / blockRangeMs) * blockRangeMs
      await this.#cutBlock(startMs, startMs + blockRangeMs)
      isCut = true
    }
    if (isCut) await this.#checkpoint()
  }

  async #cutBlock(startMs: number, endMs: number): Promise<void> {
    const { appender, blocks } = this.#options
    const { head } = appender
    await appender.settled()
    const range = { minMs: startMs, maxMs: endMs - 1 }
    const selected = selectFromHead(head, { matchers: [], ...range })
    const id = await this.#writeBlock(
      selected.map((part) => ({
        labels: part.labels,
        read: (into) => void part.appendTo(into, range.minMs, range.maxMs),
      })),
      { level: 1 },
    )
    if (id !== undefined) await blocks.add(id)
    head.truncate(endMs)
    this.#dropDeadSeries()
  }

  #dropDeadSeries(): void {
    const { appender } = this.#options
    const { head } = appender
    let dead = 0
    for (let series = 0; series < head.series.count; series++) if (!head.isLive(series)) dead++
    if (dead < DEAD_SERIES || dead * 4 < head.series.count) return
    appender.renumber()
    this.seriesRemoved += dead
  }

  /** Repeats in a new segment what is still in the head, so that all older segments can go. */
  async #checkpoint(): Promise<void> {
    const { appender, wal, exemplars, metadata } = this.#options
    appender.forgetLogged()
    const segment = await wal.cut()
    // What was logged before the cut must be in the head before the head is copied.
    await appender.settled()
    const { head } = appender
    const record = new RecordWriter()
    const columns = new SampleColumns()
    const flush = async (): Promise<void> => {
      if (record.length > 0) await wal.append(record.view())
      record.reset()
    }
    record.metadata([...metadata.values()])
    for (let series = 0; series < head.series.count; series++) {
      if (!head.isLive(series)) continue
      columns.count = 0
      columns.histograms = undefined
      head.copySeries(series, columns)
      record.series(series, head.series.message(series))
      record.snapshot(series, columns, columns.count)
      if (record.length < CHECKPOINT_RECORD_BYTES) continue
      await flush()
      await this.#pause()
    }
    const kept = [...exemplars.entries()].flatMap(({ seriesLabels, labels, value, timeMs }) => {
      const series = head.series.find(seriesLabels)
      return series >= 0 && head.isLive(series) ? [{ series, labels, value, timeMs }] : []
    })
    if (kept.length > 0) record.exemplars(kept)
    await flush()
    await wal.sync()
    await wal.removeBefore(segment)
  }

  async #compact(): Promise<void> {
    const { retentionMs } = this.#options.retention()
    const longest = retentionMs > 0 ? Math.min(MAX_BLOCK_RANGE_MS, retentionMs / 10) : MAX_BLOCK_RANGE_MS
    for (let rangeMs = 3 * this.#options.blockRangeMs; rangeMs <= longest; rangeMs *= 3) {
      for (let group = this.#nextGroup(rangeMs); group; group = this.#nextGroup(rangeMs)) await this.#merge(group)
    }
  }

  /** Two or more blocks within one complete span of the grid; the newest block waits for its neighbours. */
  #nextGroup(rangeMs: number): readonly Block[] | undefined {
    const { blocks } = this.#options.blocks
    const newestMs = Math.max(...blocks.map((block) => block.meta.maxMs))
    const groups = new Map<number, Block[]>()
    for (const block of blocks) {
      const span = Math.floor(block.meta.minMs / rangeMs)
      if (Math.floor(block.meta.maxMs / rangeMs) !== span || (span + 1) * rangeMs > newestMs) continue
      const group = groups.get(span)
      if (group) group.push(block)
      else groups.set(span, [block])
    }
    for (const group of groups.values()) if (group.length > 1) return group
    return undefined
  }

  async #merge(group: readonly Block[]): Promise<void> {
    const { blocks, logger } = this.#options
    const ids = group.map((block) => block.id)
    const level = 1 + Math.max(...group.map((block) => (typeof block.meta[LEVEL] === 'number' ? block.meta[LEVEL] : 1)))
    const id = await this.#writeBlock(await this.#readGroup(group), { level, replaces: ids })
    await blocks.replace(id === undefined ? [] : [id], ids)
    this.compactions++
    logger.info({ blocks: ids, into: id }, 'merged blocks')
  }

  /** All series of the blocks. Only this class removes blocks, one step at a time, so that they need not be held. */
  async #readGroup(group: readonly Block[]): Promise<EncodableSeries[]> {
    const range = { minMs: -Infinity, maxMs: Infinity }
    const { signal } = new AbortController()
    const rows = []
    for (const block of group) {
      rows.push(await selectFromBlock(block, this.#options.cache, { matchers: [], ...range, signal }))
    }
    return mergeParts(rows).map(({ labels, parts }) => ({
      labels,
      read(into) {
        for (const part of parts) part.appendTo(into, range.minMs, range.maxMs)
      },
    }))
  }

  async #writeBlock(
    series: readonly EncodableSeries[],
    content: { readonly level: number; readonly replaces?: readonly string[] },
  ): Promise<string | undefined> {
    const { fileSystem, blocksDirectory, clock } = this.#options
    const writer = await BlockWriter.create({ fileSystem, directory: blocksDirectory, nowMs: clock.nowMs() })
    try {
      this.#sliceStartMs = clock.monotonicMs()
      const summary = await encodeBlock(writer, series, () => this.#pause())
      if (summary.sampleCount === 0) {
        await writer.abort()
        return undefined
      }
      return await writer.commit({ ...summary, ...content })
    } catch (error) {
      await writer.abort()
      throw error
    }
  }

  async #expire(): Promise<void> {
    const { blocks, clock, wal, logger } = this.#options
    const { retentionMs, retentionBytes } = this.#options.retention()
    const expired = selectExpired(blocks.blocks, {
      nowMs: clock.nowMs(),
      maxAgeMs: retentionMs,
      maxBytes: retentionBytes,
      otherBytes: wal.sizeBytes,
    })
    if (expired.length === 0) return
    logger.info({ blocks: expired }, 'removing expired blocks')
    await blocks.remove(expired)
  }

  /** Lets requests in when the slice is used up. */
  #pause(): Promise<void> | undefined {
    const { clock } = this.#options
    if (clock.monotonicMs() - this.#sliceStartMs < SLICE_MS) return undefined
    return new Promise((resolve) => {
      setImmediate(() => {
        this.#sliceStartMs = clock.monotonicMs()
        resolve()
      })
    })
  }
}
