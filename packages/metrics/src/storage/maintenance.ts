import type { MetricMetadata } from '@quartet/model'
import type { Clock, Logger } from '@quartet/runtime'
import { BlockWriter, CorruptBlockError, selectExpired } from '@quartet/storage'
import type { Block, BlockDirectory, FileSystem, Wal } from '@quartet/storage'
import type { Appender } from './appender.ts'
import { encodeBlock } from './block-encoder.ts'
import type { EncodableSeries } from './block-encoder.ts'
import type { BlockCache } from './block-reader.ts'
import { selectFromBlock } from './block-reader.ts'
import { writeCheckpoint } from './checkpoint.ts'
import type { ExemplarRing } from './exemplar-ring.ts'
import { selectFromHead, selectLate } from './head-reader.ts'
import type { LateSeries } from './head-reader.ts'
import { mergeParts } from './merged-source.ts'
import { readOverlapping } from './overlap.ts'
import { deleteSeries } from './series-deletion.ts'
import type { DeletionRequest } from './series-deletion.ts'
import type { PartSeries } from './series-part.ts'
import type { Tombstones } from './tombstones.ts'

/** Work goes on for this long before it lets the event loop run. */
const SLICE_MS = 8
/** Late samples older than the head that are kept in memory until the next block is cut. */
const MAX_LATE_SAMPLES = 500_000
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
  /** Replaced by a smaller one when blocks go. */
  readonly tombstones: { current: Tombstones }
  readonly setAside: (block: string, error: CorruptBlockError) => Promise<void>
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
    const { late } = appender.head
    const isFlushed = late.sampleCount > (isCut ? 0 : MAX_LATE_SAMPLES) && (await this.#flushLate())
    if (isCut || isFlushed) await this.#checkpoint()
  }

  async #cutBlock(startMs: number, endMs: number): Promise<void> {
    const { appender, blocks } = this.#options
    const { head } = appender
    await appender.settled()
    const range = { minMs: startMs, maxMs: endMs - 1 }
    const late = selectLate(head, { matchers: [], ...range })
    const rows = [selectFromHead(head, { matchers: [], ...range }), late]
    const id = await this.#writeBlock(encodable(rows, range), { level: 1 })
    if (id !== undefined) await blocks.add(id)
    head.truncate(endMs)
    for (const { series, columns } of late) head.late.removeCopied(series, columns)
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

  /**
   * Late samples that are older than the head go into blocks of their own, which overlap others until they are merged with them.
   * Returns whether there were any.
   */
  async #flushLate(): Promise<boolean> {
    const { appender, blocks, blockRangeMs } = this.#options
    const { head } = appender
    let isFlushed = false
    for (;;) {
      await appender.settled()
      const rows = selectLate(head, { matchers: [], minMs: -Infinity, maxMs: head.floorMs - 1 })
      if (rows.length === 0) return isFlushed
      const startMs = Math.floor(Math.min(...rows.map(firstMsOf)) / blockRangeMs) * blockRangeMs
      const range = { minMs: startMs, maxMs: Math.min(head.floorMs, startMs + blockRangeMs) - 1 }
      const late = selectLate(head, { matchers: [], ...range })
      const id = await this.#writeBlock(encodable([late], range), { level: 1 })
      if (id !== undefined) await blocks.add(id)
      for (const { series, columns } of late) head.late.removeCopied(series, columns)
      isFlushed = true
    }
  }

  #checkpoint(): Promise<void> {
    const { appender, wal, exemplars, metadata, tombstones } = this.#options
    const pause = (): Promise<void> | undefined => this.#pause()
    return writeCheckpoint({ appender, wal, exemplars, metadata, tombstones: () => tombstones.current, pause })
  }

  async #compact(): Promise<void> {
    for (let group = this.#nextOverlap(); group; group = this.#nextOverlap()) await this.#merge(group)
    const { retentionMs } = this.#options.retention()
    const longest = retentionMs > 0 ? Math.min(MAX_BLOCK_RANGE_MS, retentionMs / 10) : MAX_BLOCK_RANGE_MS
    for (let rangeMs = 3 * this.#options.blockRangeMs; rangeMs <= longest; rangeMs *= 3) {
      for (let group = this.#nextGroup(rangeMs); group; group = this.#nextGroup(rangeMs)) await this.#merge(group)
    }
  }

  /** Blocks that share times, by way of one another: samples that came out of order. */
  #nextOverlap(): readonly Block[] | undefined {
    let group: Block[] = []
    let endMs = -Infinity
    for (const block of this.#options.blocks.blocks) {
      if (block.meta.minMs > endMs) {
        if (group.length > 1) return group
        group = []
      }
      group.push(block)
      endMs = Math.max(endMs, block.meta.maxMs)
    }
    return group.length > 1 ? group : undefined
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
    const { logger } = this.#options
    const ids = group.map((block) => block.id)
    const level = 1 + Math.max(...group.map(levelOf))
    const id = await this.#writeBlock(await this.#readGroup(group), { level, replaces: ids })
    await this.#replace(id, ids)
    this.compactions++
    logger.info({ blocks: ids, into: id }, 'merged blocks')
  }

  /** All series of the blocks. Only this class removes blocks, one step at a time, so that they need not be held. */
  async #readGroup(group: readonly Block[]): Promise<EncodableSeries[]> {
    const range = { minMs: -Infinity, maxMs: Infinity }
    const { signal } = new AbortController()
    const { cache, tombstones } = this.#options
    const rows = []
    for (const block of group) {
      try {
        rows.push(await selectFromBlock(block, cache, { matchers: [], ...range, signal }, tombstones.current))
      } catch (error) {
        // Otherwise it would stop every merge from now on.
        if (error instanceof CorruptBlockError) await this.#options.setAside(block.id, error)
        throw error
      }
    }
    return encodable(rows, range)
  }

  /** See MetricsDatabase.deleteSeries. */
  async deleteSeries(request: DeletionRequest): Promise<void> {
    this.#sliceStartMs = this.#options.clock.monotonicMs()
    await deleteSeries({ ...this.#options, pause: () => this.#pause() }, request)
  }

  /** Writes the blocks anew in which deleted samples still lie. */
  async cleanTombstones(): Promise<void> {
    const { blocks, tombstones, logger } = this.#options
    for (const block of blocks.blocks) {
      if (!tombstones.current.touches(block.id)) continue
      const level = levelOf(block)
      const id = await this.#writeBlock(await this.#readGroup([block]), { level, replaces: [block.id] })
      await this.#replace(id, [block.id])
      logger.info({ block: block.id, into: id }, 'removed deleted samples from a block')
    }
  }

  async #replace(id: string | undefined, old: readonly string[]): Promise<void> {
    const { blocks, tombstones } = this.#options
    await blocks.replace(id === undefined ? [] : [id], old)
    tombstones.current = tombstones.current.only(new Set(blocks.blocks.map((block) => block.id)))
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
    const { blocks, wal, logger, tombstones } = this.#options
    const { retentionMs, retentionBytes } = this.#options.retention()
    const expired = selectExpired(blocks.blocks, {
      // As upstream: a server that stood still, or took over old data, does not lose it all at its first look at the clock.
      nowMs: Math.max(...blocks.blocks.map((block) => block.meta.maxMs)),
      maxAgeMs: retentionMs,
      maxBytes: retentionBytes,
      otherBytes: wal.sizeBytes,
    })
    if (expired.length === 0) return
    logger.info({ blocks: expired }, 'removing expired blocks')
    await blocks.remove(expired)
    tombstones.current = tombstones.current.only(new Set(blocks.blocks.map((block) => block.id)))
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

/** Rows of series, each sorted by labels, as the one row that they are together. */
function encodable(
  rows: readonly (readonly PartSeries[])[],
  range: { readonly minMs: number; readonly maxMs: number },
): EncodableSeries[] {
  return mergeParts(rows).map(({ labels, parts }) => ({ labels, read: (into) => readOverlapping(parts, into, range) }))
}

function levelOf(block: Block): number {
  const level = block.meta[LEVEL]
  return typeof level === 'number' ? level : 1
}

function firstMsOf({ columns }: LateSeries): number {
  return columns.timesMs[0]
}
