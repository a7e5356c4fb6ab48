import { LimitError, OtlpTracesReader, WireError } from '@quartet/model'
import type { SpanColumns, SpanSegment } from '@quartet/model'
import { BlockDirectory, CorruptBlockError, selectExpired, Wal } from '@quartet/storage'
import type { FileSystem, ReplayReport } from '@quartet/storage'
import { join } from 'node:path'
import type { BlockContentMeta } from './block-encoder.ts'
import { encodeBlock } from './block-encoder.ts'
import { BlockSegment } from './block-segment.ts'
import { mergeBlocks, selectCompaction } from './compaction.ts'
import { HeadSegment } from './head-segment.ts'
import { Head } from './head.ts'

export interface SpanStoreOptions {
  readonly fileSystem: FileSystem
  /** Holds `wal/` and `blocks/`. */
  readonly directory: string
  readonly nowMs: () => number
  readonly every?: (ms: number, action: () => void) => { cancel(): void }
  readonly sync?: 'interval' | 'always'
  /** A head of this many bytes in memory, or of this age, is written as a block. */
  readonly maxHeadBytes: number
  readonly maxHeadAgeMs: number
  readonly retentionMs: number
  /** 0: no limit. */
  readonly retentionBytes: number
  /** 0: no limit. Spans of a trace that has this much in the head are refused. */
  readonly maxTraceBytes: number
  readonly onProblem: (problem: StoreProblem) => void
  /** Given the spans of a request once they are stored; its columns stay as they are until `release` is called. */
  readonly onStored?: ((columns: SpanColumns, release: () => void) => void) | undefined
}

export interface StoreProblem {
  readonly kind: string
  readonly message: string
  readonly cause?: unknown
}

export interface AppendResult {
  readonly spanCount: number
  readonly sizeBytes: number
}

interface FrozenHead {
  readonly head: Head
  /** The WAL segment that begins behind this head's records; -1 while not known. */
  walEnd: number
}

/** Heads that wait for the disk hold at most this many times `maxHeadBytes` together. */
const MAX_WAITING_HEADS = 3

/**
 * Spans on disk and in memory: WAL, head, blocks. An append resolves when its bytes are in the WAL and its spans visible to
 * every reader that asks afterwards.
 */
export class SpanStore {
  readonly #options: SpanStoreOptions
  readonly #wal: Wal
  readonly #blocks: BlockDirectory
  readonly #segments = new Map<string, BlockSegment>()
  readonly #readers: OtlpTracesReader[] = []
  readonly #pending = new Map<Head, number>()
  #head: Head
  #frozen: readonly FrozenHead[] = []
  #writing: Promise<void> | undefined
  #waiters: (() => void)[] = []
  readonly replayed: ReplayReport

  static async open(options: SpanStoreOptions): Promise<SpanStore> {
    const { fileSystem, directory, onProblem } = options
    const blocks = await BlockDirectory.open({ fileSystem, directory: join(directory, 'blocks'), onProblem })
    const wal = await Wal.open({
      fileSystem,
      directory: join(directory, 'wal'),
      onProblem,
      ...(options.sync ? { sync: options.sync } : {}),
      ...(options.every ? { every: options.every } : {}),
    })
    // A crash between committing a block and trimming the WAL leaves the records of the block.
    const walEnd = blocks.blocks.reduce((end, block) => Math.max(end, metaOf(block).walEnd), -1)
    if (walEnd >= 0) await wal.removeBefore(walEnd)
    const head = new Head(options.nowMs())
    const reader = new OtlpTracesReader()
    const replayed = await wal.replay((record) => {
      try {
        head.apply(reader.read(record))
      } catch (error) {
        if (!(error instanceof WireError)) throw error
        onProblem({ kind: 'corrupt', message: 'skipped a WAL record that is not OTLP', cause: error })
      }
    })
    return new SpanStore(options, { wal, blocks, head, replayed })
  }

  private constructor(
    options: SpanStoreOptions,
    parts: { wal: Wal; blocks: BlockDirectory; head: Head; replayed: ReplayReport },
  ) {
    this.#options = options
    this.#wal = parts.wal
    this.#blocks = parts.blocks
    this.#head = parts.head
    this.replayed = parts.replayed
  }

  get headSpanCount(): number {
    return this.#head.spanCount
  }

  get headBytes(): number {
    return this.#head.sizeBytes
  }

  get headTraceCount(): number {
    return this.#head.traces.count
  }

  get blockCount(): number {
    return this.#blocks.blocks.length
  }

  get blockBytes(): number {
    return this.#blocks.sizeBytes
  }

  get walBytes(): number {
    return this.#wal.sizeBytes
  }

  /**
   * Stores an ExportTraceServiceRequest.
   * @param check sees the decoded columns before anything is stored and may throw
   * @throws WireError when it is malformed · LimitError over a limit · WalError when the disk refuses
   */
  async append(request: Uint8Array, check?: (columns: SpanColumns) => void): Promise<AppendResult> {
    const reader = this.#readers.pop() ?? new OtlpTracesReader()
    const release = (): void => {
      if (this.#readers.length < 8) this.#readers.push(reader)
    }
    let isLent = false
    try {
      const columns = reader.read(request)
      check?.(columns)
      if (columns.count === 0) return { spanCount: 0, sizeBytes: request.length }
      this.#checkLimits(columns)
      // The head is chosen before the record is queued: `cut` swaps it in the same turn in which it queues the WAL's cut, so a
      // head holds exactly the records in front of its cut.
      const head = this.#head
      this.#pending.set(head, (this.#pending.get(head) ?? 0) + 1)
      try {
        await this.#wal.append(request)
        head.apply(columns)
      } finally {
        this.#settle(head)
      }
      if (head === this.#head && head.sizeBytes >= this.#options.maxHeadBytes) this.cutInBackground()
      const report = { spanCount: columns.count, sizeBytes: request.length }
      if (this.#options.onStored) {
        isLent = true
        this.#options.onStored(columns, release)
      }
      return report
    } finally {
      if (!isLent) release()
    }
  }

  /** Everything that is stored, newest data first; hold it only during {@link read}. */
  async read<T>(run: (segments: readonly SpanSegment[]) => Promise<T>): Promise<T> {
    const blocks = this.#blocks.blocks.toReversed()
    for (const block of blocks) block.acquire()
    try {
      const heads = [this.#head, ...this.#frozen.map(({ head }) => head).reverse()]
      const segments: SpanSegment[] = heads
        .filter((head) => head.spanCount > 0)
        .map((head, index) => new HeadSegment(head, `head-${index}`))
      for (const block of blocks) segments.push(this.#segmentOf(block))
      return await run(segments)
    } catch (error) {
      // Without the damaged block the question can still be answered; what it held is reported, not silently missed.
      const damaged = error instanceof CorruptBlockError && blocks.find(({ id }) => error.message.includes(id))
      if (!damaged) throw error
      this.#setAside(damaged.id, error)
    } finally {
      for (const block of blocks) block.release()
    }
    return this.read(run)
  }

  /** To be called regularly: writes a head that is old enough, tries again what failed, removes what has expired. */
  async maintain(): Promise<void> {
    const { maxHeadAgeMs, nowMs } = this.#options
    const isOld = this.#head.spanCount > 0 && nowMs() - this.#head.createdMs >= maxHeadAgeMs
    if (isOld || this.#head.sizeBytes >= this.#options.maxHeadBytes) await this.cut()
    else if (this.#frozen.length > 0) await this.#writeFrozen()
    this.#removeExpired()
    await this.#compact()
  }

  /** Writes the head as a block. Resolves when it is one; rejects when the disk refuses, and then tries again later. */
  async cut(): Promise<void> {
    if (this.#head.spanCount === 0 && !this.#pending.has(this.#head)) return this.#writeFrozen()
    const frozen: FrozenHead = { head: this.#head, walEnd: -1 }
    this.#head = new Head(this.#options.nowMs())
    this.#frozen = [...this.#frozen, frozen]
    const cut = this.#wal.cut().then(
      (segment) => {
        frozen.walEnd = segment
      },
      (cause: unknown) => {
        this.#options.onProblem({ kind: 'write', message: 'could not begin a new WAL segment', cause })
      },
    )
    await cut
    await this.#writeFrozen()
  }

  cutInBackground(): void {
    this.cut().catch((cause: unknown) => {
      this.#options.onProblem({ kind: 'write', message: 'could not write a block; will try again', cause })
    })
  }

  async close(): Promise<void> {
    while (this.#pending.size > 0) await this.#settled()
    await this.#writing?.catch(() => {
      // Reported by whoever asked for the block; its spans are in the WAL.
    })
    await this.#wal.close()
    await this.#blocks.close()
  }

  #checkLimits(columns: SpanColumns): void {
    const { maxHeadBytes, maxTraceBytes } = this.#options
    if (this.#frozen.length >= MAX_WAITING_HEADS && this.#head.sizeBytes >= maxHeadBytes) {
      throw new LimitError('max_block_bytes', 'the disk is slower than ingestion: too much data waits to be written')
    }
    if (maxTraceBytes === 0) return
    const { traces } = this.#head
    for (let index = 0; index < columns.count; index++) {
      const trace = traces.find(columns.bytes, columns.traceIdStart[index])
      if (trace < 0 || traces.sizeBytes[trace] < maxTraceBytes) continue
      const id = Buffer.from(traces.id(trace)).toString('hex')
      throw new LimitError(
        'max_bytes_per_trace',
        `TRACE_TOO_LARGE: max size of trace (${maxTraceBytes}) exceeded while adding to trace ${id}`,
      )
    }
  }

  #settle(head: Head): void {
    const left = this.#pending.get(head)! - 1
    if (left > 0) this.#pending.set(head, left)
    else this.#pending.delete(head)
    const waiters = this.#waiters
    this.#waiters = []
    for (const wake of waiters) wake()
  }

  /** Resolves when the next append has settled. */
  #settled(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  #writeFrozen(): Promise<void> {
    return (this.#writing ??= this.#writeAll().finally(() => {
      this.#writing = undefined
    }))
  }

  async #writeAll(): Promise<void> {
    for (let frozen = this.#frozen.at(0); frozen; frozen = this.#frozen.at(0)) {
      const { head } = frozen
      while (this.#pending.has(head)) await this.#settled()
      if (head.spanCount > 0) {
        const { fileSystem, directory, nowMs } = this.#options
        const id = await encodeBlock(head, {
          fileSystem,
          directory: join(directory, 'blocks'),
          nowMs: nowMs(),
          walEnd: frozen.walEnd,
        })
        await this.#blocks.add(id)
      }
      this.#frozen = this.#frozen.filter((other) => other !== frozen)
      if (frozen.walEnd >= 0) await this.#wal.removeBefore(frozen.walEnd)
    }
  }

  #removeExpired(): void {
    const { nowMs, retentionBytes, retentionMs } = this.#options
    const expired = selectExpired(this.#blocks.blocks, {
      nowMs: nowMs(),
      maxAgeMs: retentionMs,
      maxBytes: retentionBytes,
      otherBytes: this.#wal.sizeBytes,
    })
    if (expired.length === 0) return
    for (const id of expired) this.#segments.delete(id)
    this.#blocks.remove(expired).catch((cause: unknown) => {
      this.#options.onProblem({ kind: 'retention', message: 'could not remove expired blocks', cause })
    })
  }

  #setAside(id: string, cause: unknown): void {
    this.#segments.delete(id)
    this.#blocks.setAside(id, cause).catch((error: unknown) => {
      this.#options.onProblem({ kind: 'corrupt', message: `could not set block ${id} aside`, cause: error })
    })
  }

  /** Puts one run of small neighbouring blocks together, when there is one. */
  async #compact(): Promise<void> {
    const run = selectCompaction(this.#blocks.blocks)
    if (run.length === 0) return
    const { fileSystem, directory, nowMs } = this.#options
    for (const block of run) block.acquire()
    let id: string
    try {
      const merged = await mergeBlocks(
        run.map((block) => this.#segmentOf(block)),
        nowMs(),
      )
      id = await encodeBlock(merged, {
        fileSystem,
        directory: join(directory, 'blocks'),
        nowMs: nowMs(),
        walEnd: run.reduce((end, block) => Math.max(end, metaOf(block).walEnd), -1),
        replaces: run.map((block) => block.id),
      })
    } catch (error) {
      const damaged = error instanceof CorruptBlockError && run.find((block) => error.message.includes(block.id))
      if (!damaged) throw error
      this.#setAside(damaged.id, error)
      return
    } finally {
      for (const block of run) block.release()
    }
    for (const block of run) this.#segments.delete(block.id)
    await this.#blocks.replace(
      [id],
      run.map((block) => block.id),
    )
  }

  #segmentOf(block: BlockDirectory['blocks'][number]): BlockSegment {
    let segment = this.#segments.get(block.id)
    if (segment === undefined) {
      segment = new BlockSegment(block)
      this.#segments.set(block.id, segment)
    }
    return segment
  }
}

function metaOf(block: BlockDirectory['blocks'][number]): BlockContentMeta {
  return block.meta as unknown as BlockContentMeta
}
