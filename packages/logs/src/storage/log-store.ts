import { parseStreamLabels } from '@quartet/model'
import type { LogBatch } from '@quartet/model'
import type { Matcher } from '@quartet/query'
import type { Clock, Logger } from '@quartet/runtime'
import { BlockDirectory, selectExpired, Wal } from '@quartet/storage'
import type { FileSystem } from '@quartet/storage'
import type { LogPage, LogSource, TimeWindow } from '../query/source.ts'
import { Head } from './head.ts'
import { LogBlock, writeLogBlock } from './log-block.ts'
import { encodeRecord, readRecord } from './record.ts'
import type { RecordVisitor } from './record.ts'
import { StreamTable } from './stream-table.ts'
import type { StoredStream } from './stream-table.ts'

export interface LogStoreOptions {
  readonly fileSystem: FileSystem
  /** Holds `wal/` and `blocks/`. */
  readonly directory: string
  readonly clock: Clock
  readonly logger: Logger
  readonly walSync?: 'interval' | 'always'
  /** A block is cut when the head holds more than this. */
  readonly maxHeadBytes?: number
  /** … or is older than this. */
  readonly maxHeadAgeMs?: number
  /** Retention by time; 0 keeps for ever. */
  readonly retentionMs?: number
  /** Retention by size of all blocks; 0 for no limit. */
  readonly maxDiskBytes?: number
}

const DEFAULT_HEAD_BYTES = 64 << 20
const DEFAULT_HEAD_AGE_MS = 2 * 3600_000

/**
 * The streams, the WAL, the head and the blocks. {@link append} resolves when the entries are in the WAL and visible to every
 * query. Live appends and replay go through the same record, so that a restart rebuilds exactly what readers saw.
 */
export class LogStore implements LogSource {
  readonly streams = new StreamTable()
  readonly #options: LogStoreOptions
  readonly #wal: Wal
  readonly #blocks: BlockDirectory
  #logBlocks: readonly LogBlock[] = []
  #head: Head
  /** The head that is being written to a block; queries still read it. */
  #flushing: Head | undefined
  #pendingAppends = new Set<Promise<void>>()
  #flush: Promise<void> | undefined
  duplicates = 0
  readonly #listeners = new Set<
    (
      stream: StoredStream,
      seconds: number,
      nanos: number,
      bytes: Uint8Array,
      lineStart: number,
      lineEnd: number,
      metadataEnd: number,
    ) => void
  >()

  private constructor(options: LogStoreOptions, wal: Wal, blocks: BlockDirectory) {
    this.#options = options
    this.#wal = wal
    this.#blocks = blocks
    this.#head = this.#createHead()
  }

  static async open(options: LogStoreOptions): Promise<LogStore> {
    const { fileSystem, directory, clock, logger } = options
    await fileSystem.makeDirectory(`${directory}/blocks`)
    const blocks = await BlockDirectory.open({
      fileSystem,
      directory: `${directory}/blocks`,
      onProblem: (problem) =>
        problem.kind === 'leftover'
          ? logger.info({ ...problem }, 'cleaned up after an interrupted write of a log block')
          : logger.error({ ...problem }, 'log block problem'),
    })
    const wal = await Wal.open({
      fileSystem,
      directory: `${directory}/wal`,
      sync: options.walSync ?? 'interval',
      every: (ms, action) => clock.every(ms, action),
      onProblem: (problem) => logger.error({ ...problem }, 'log WAL problem'),
    })
    const store = new LogStore(options, wal, blocks)
    await store.#load()
    return store
  }

  async #load(): Promise<void> {
    const { logger } = this.#options
    const opened: LogBlock[] = []
    let coveredSegment = 0
    for (const block of this.#blocks.blocks) {
      try {
        opened.push(await LogBlock.open(block, this.streams))
        coveredSegment = Math.max(coveredSegment, Number(block.meta.walSegment ?? 0))
      } catch (error) {
        logger.error({ block: block.id, err: error }, 'set a log block aside')
        await this.#blocks.setAside(block.id, error)
      }
    }
    this.#logBlocks = opened
    // A crash between writing a block and removing the WAL before it must not replay what the block holds.
    if (coveredSegment > 0) await this.#wal.removeBefore(coveredSegment)
    const report = await this.#wal.replay((record) => this.#apply(record, this.#head))
    if (report.records > 0) logger.info({ ...report, streams: this.streams.size }, 'replayed the log WAL')
  }

  get headEntries(): number {
    return this.#head.entries + (this.#flushing?.entries ?? 0)
  }

  get headBytes(): number {
    return this.#head.sizeBytes
  }

  get headStreams(): number {
    return this.#head.streamCount
  }

  get walBytes(): number {
    return this.#wal.sizeBytes
  }

  get blockBytes(): number {
    return this.#blocks.sizeBytes
  }

  get blockCount(): number {
    return this.#logBlocks.length
  }

  /**
   * Makes the accepted entries durable and visible.
   * @param labelsText canonical labels of each stream of the batch
   * @throws what the WAL throws when the disk is full or broken; nothing is stored then
   */
  async append(batch: LogBatch, labelsText: readonly string[], accepted: Uint32Array): Promise<void> {
    if (accepted.length === 0) return
    const record = encodeRecord(batch, labelsText, accepted)
    const head = this.#head
    const written = this.#wal.append(record).then(() => this.#apply(record, head, this.#listeners.size > 0))
    this.#pendingAppends.add(written)
    try {
      await written
    } finally {
      this.#pendingAppends.delete(written)
    }
  }

  /** Calls `listener` for every entry from now on, as soon as queries see it. */
  subscribe(
    listener: (
      stream: StoredStream,
      seconds: number,
      nanos: number,
      bytes: Uint8Array,
      lineStart: number,
      lineEnd: number,
      metadataEnd: number,
    ) => void,
  ): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async select(matchers: readonly Matcher[], window: TimeWindow): Promise<readonly LogPage[]> {
    const pages: LogPage[] = []
    for (const stream of this.streams.select(matchers)) pages.push(...this.#pagesOf(stream, window))
    return pages
  }

  /** Streams that satisfy the matchers and have a page in the window. */
  selectStreams(matchers: readonly Matcher[], window: TimeWindow): StoredStream[] {
    return this.streams.select(matchers).filter((stream) => this.#pagesOf(stream, window).length > 0)
  }

  #pagesOf(stream: StoredStream, window: TimeWindow): LogPage[] {
    const pages = this.#head.pagesOf(stream, window)
    if (this.#flushing) pages.push(...this.#flushing.pagesOf(stream, window))
    for (const block of this.#logBlocks) if (block.has(stream.id)) pages.push(...block.pagesOf(stream, window))
    return pages
  }

  /** Cuts a block when the head is large or old enough, and applies retention. Called by a timer. */
  async maintain(): Promise<void> {
    const nowMs = this.#options.clock.nowMs()
    const isLarge = this.#head.sizeBytes >= (this.#options.maxHeadBytes ?? DEFAULT_HEAD_BYTES)
    const isOld =
      this.#head.entries > 0 && nowMs - this.#head.createdMs >= (this.#options.maxHeadAgeMs ?? DEFAULT_HEAD_AGE_MS)
    if (isLarge || isOld) await this.flush()
    await this.#retain(nowMs)
  }

  /** Writes the head to a block. One at a time; a second call waits for the first. */
  async flush(): Promise<void> {
    while (this.#flush) await this.#flush
    if (this.#head.entries === 0) return
    this.#flush = this.#flushHead()
    try {
      await this.#flush
    } finally {
      this.#flush = undefined
    }
  }

  async #flushHead(): Promise<void> {
    const { fileSystem, directory, clock } = this.#options
    // Appends that began before the cut go to the old head and the old segments, all later ones to the new.
    const cut = this.#wal.cut()
    const old = this.#head
    const pending = [...this.#pendingAppends]
    this.#head = this.#createHead()
    this.#flushing = old
    try {
      const segment = await cut
      await Promise.allSettled(pending)
      const id = await writeLogBlock({
        fileSystem,
        directory: `${directory}/blocks`,
        nowMs: clock.nowMs(),
        walSegment: segment,
        streams: await old.seal(),
      })
      const opened = await LogBlock.open(await this.#blocks.add(id), this.streams)
      this.#logBlocks = [...this.#logBlocks, opened]
      this.#flushing = undefined
      await this.#wal.removeBefore(segment)
    } catch (error) {
      // The old head stays readable and its WAL segments stay on disk; the next flush takes both together.
      if (this.#flushing === old) {
        old.copyTo(this.#head)
        this.#flushing = undefined
      }
      throw error
    }
  }

  async #retain(nowMs: number): Promise<void> {
    const { retentionMs = 0, maxDiskBytes = 0 } = this.#options
    const expired = selectExpired(this.#blocks.blocks, {
      nowMs,
      maxAgeMs: retentionMs,
      maxBytes: maxDiskBytes,
    })
    if (expired.length === 0) return
    this.#logBlocks = this.#logBlocks.filter((block) => !expired.includes(block.block.id))
    await this.#blocks.remove(expired)
    this.streams.removeUnused(
      (id) => this.#head.has(id) || this.#flushing?.has(id) === true || this.#logBlocks.some((block) => block.has(id)),
    )
    this.#options.logger.info({ blocks: expired.length }, 'removed expired log blocks')
  }

  async close(): Promise<void> {
    await Promise.allSettled([...this.#pendingAppends, this.#flush])
    await this.#wal.close()
    await this.#blocks.close()
  }

  #createHead(): Head {
    return new Head(this.#options.clock.nowMs(), () => this.duplicates++)
  }

  #apply(record: Uint8Array, head: Head, notify = false): void {
    const streams: StoredStream[] = []
    const visitor: RecordVisitor = {
      stream: (labels) => streams.push(this.streams.resolve(parseStreamLabels(labels))) - 1,
      entry: (index, seconds, nanos, bytes, lineStart, lineEnd, metadataEnd) => {
        const stored = head.append(streams[index], seconds, nanos, bytes, lineStart, lineEnd, metadataEnd)
        if (stored && notify) {
          for (const listener of this.#listeners)
            listener(streams[index], seconds, nanos, bytes, lineStart, lineEnd, metadataEnd)
        }
      },
    }
    readRecord(record, visitor)
  }
}
