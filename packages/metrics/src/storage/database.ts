import { join } from 'node:path'
import type { Labels, MetricMetadata, SampleSink, SnappyDecoder } from '@quartet/model'
import type { Matcher } from '@quartet/query'
import type { Clock, Logger, Timer } from '@quartet/runtime'
import { BlockDirectory, Wal } from '@quartet/storage'
import type { BlockMeta, FileSystem } from '@quartet/storage'
import type { SeriesSource } from '../query/source.ts'
import { Appender } from './appender.ts'
import { BlockCache } from './block-reader.ts'
import { cardinalityOf } from './cardinality.ts'
import type { CardinalityReport } from './cardinality.ts'
import { ExemplarRing } from './exemplar-ring.ts'
import { Head } from './head.ts'
import { Maintenance } from './maintenance.ts'
import type { Retention } from './maintenance.ts'
import { MergedSource } from './merged-source.ts'
import { replayHead } from './replay.ts'
import { RequestAppender } from './request-appender.ts'
import type { DeletionRequest } from './series-deletion.ts'
import { writeSnapshot } from './snapshot.ts'
import { Tombstones } from './tombstones.ts'
import type { WriteReport } from './write-report.ts'
import type { WrittenSample } from './written-sample.ts'

export type { CardinalityReport, NameCount } from './cardinality.ts'
export type { Retention } from './maintenance.ts'
export type { DeletionRequest } from './series-deletion.ts'
export type { WriteReport } from './write-report.ts'
export type { WrittenSample } from './written-sample.ts'

const DAY_MS = 86_400_000
const MAINTENANCE_INTERVAL_MS = 60_000
const BLOCK_CACHE_BYTES = 96 << 20
const DEFAULT_MAX_EXEMPLARS = 100_000

export interface MetricsDatabaseOptions {
  readonly fileSystem: FileSystem
  /** `data/prometheus`: `wal/` and `blocks/` are made below it. */
  readonly directory: string
  readonly clock: Clock
  readonly logger: Logger
  /** Default 15 days. 0: unlimited. */
  readonly retentionMs?: number
  /** Default 0: unlimited. */
  readonly retentionBytes?: number
  /** Default `interval`, see packages/storage/README.md. */
  readonly walSync?: 'interval' | 'always'
  readonly walSegmentBytes?: number
  /** Head series above which new ones are refused with LimitError. Default 0: unlimited. */
  readonly maxHeadSeries?: number
  /** `storage.exemplars.max_exemplars`. Default 100 000, 0 switches them off. */
  readonly maxExemplars?: number
  /** `out_of_order_time_window`. Default 0: only what is newer than its series' newest is taken. */
  readonly outOfOrderWindowMs?: number
  /** Length of a block before compaction. Default 2 h. */
  readonly blockRangeMs?: number
}

export interface ExemplarSeries {
  readonly labels: Labels
  readonly exemplars: readonly { readonly labels: Labels; readonly value: number; readonly timeMs: number }[]
}

export interface DatabaseStats {
  readonly headSeries: number
  readonly headChunks: number
  readonly headSamples: number
  /** Infinity and -Infinity while the head is empty. */
  readonly headMinMs: number
  readonly headMaxMs: number
  readonly headBytes: number
  readonly samplesAppended: number
  /** Refused. */
  readonly outOfOrderSamples: number
  readonly outOfBoundSamples: number
  /** Stored although they came out of order. */
  readonly lateSamples: number
  readonly duplicateSamples: number
  readonly tooOldSamples: number
  readonly outOfOrderExemplars: number
  readonly blocks: number
  readonly blockBytes: number
  /** Newest sample that is in a block; -Infinity without blocks. */
  readonly blocksMaxMs: number
  readonly blocksMinMs: number
  readonly walBytes: number
  readonly walSegment: number
  readonly walCorruptions: number
  readonly walReplayMs: number
  readonly walReplayedSamples: number
  readonly exemplars: number
  readonly exemplarSeries: number
  readonly compactions: number
  readonly compactionsFailed: number
  readonly seriesCreated: number
  readonly seriesRemoved: number
}

/** The metrics store: head, WAL and blocks behind one object. */
export class MetricsDatabase {
  /** For scrapes and rules. */
  readonly sink: SampleSink
  /** For PromQL and the label endpoints. Read-your-writes. */
  readonly source: SeriesSource
  readonly #options: MetricsDatabaseOptions
  readonly #wal: Wal
  readonly #blocks: BlockDirectory
  readonly #appender: Appender
  readonly #requests: RequestAppender
  readonly #maintenance: Maintenance
  readonly #exemplars: ExemplarRing
  readonly #faults: Faults
  readonly #timer: Timer
  #replay = { ms: 0, samples: 0 }
  #retention: Retention
  readonly #tombstones = { current: Tombstones.none }
  #running: Promise<void> | undefined
  /** The last of the works that change blocks, which go one after the other. */
  #exclusive: Promise<unknown> = Promise.resolve()

  /**
   * Replays the WAL; resolves when everything acknowledged before can be queried.
   * Damage is repaired and logged, never refused.
   */
  static async open(options: MetricsDatabaseOptions): Promise<MetricsDatabase> {
    const { fileSystem, directory, clock, logger } = options
    const faults: Faults = { walCorruptions: 0 }
    const blocks = await BlockDirectory.open({
      fileSystem,
      directory: join(directory, 'blocks'),
      cacheBytes: 0,
      onProblem: ({ kind, block, message }) => logger.warn({ kind, block, detail: message }, 'block problem'),
    })
    const wal = await Wal.open({
      fileSystem,
      directory: join(directory, 'wal'),
      every: (ms, action) => clock.every(ms, action),
      ...(options.walSync ? { sync: options.walSync } : {}),
      ...(options.walSegmentBytes ? { segmentBytes: options.walSegmentBytes } : {}),
      onProblem(problem) {
        if (problem.kind !== 'write' && problem.kind !== 'sync') faults.walCorruptions++
        const { kind, segment, offset, message, cause } = problem
        logger.warn({ kind, segment, offset, detail: message, err: cause }, 'WAL problem')
      },
    })
    const database = new MetricsDatabase(options, { wal, blocks, faults })
    await database.#recover()
    return database
  }

  private constructor(
    options: MetricsDatabaseOptions,
    made: { readonly wal: Wal; readonly blocks: BlockDirectory; readonly faults: Faults },
  ) {
    const { clock, logger, fileSystem, blockRangeMs = 7_200_000 } = options
    const { wal, blocks } = made
    this.#options = options
    this.#wal = wal
    this.#blocks = blocks
    this.#faults = made.faults
    this.#retention = { retentionMs: options.retentionMs ?? 15 * DAY_MS, retentionBytes: options.retentionBytes ?? 0 }
    const metadata = new Map<string, MetricMetadata>()
    const exemplars = new ExemplarRing(options.maxExemplars ?? DEFAULT_MAX_EXEMPLARS)
    this.#exemplars = exemplars
    const cache = new BlockCache(BLOCK_CACHE_BYTES)
    const appender = new Appender(new Head(), {
      wal,
      nowMs: () => clock.nowMs(),
      blockRangeMs,
      maxSeries: options.maxHeadSeries ?? 0,
      exemplars,
      metadata,
    })
    this.#appender = appender
    this.#requests = new RequestAppender(appender)
    this.sink = appender
    this.source = new MergedSource({
      appender,
      blocks,
      cache,
      metadata,
      tombstones: () => this.#tombstones.current,
      onCorruptBlock: (block, error) => this.#setAside(block, error),
    })
    this.#metadata = metadata
    this.#maintenance = new Maintenance({
      fileSystem,
      clock,
      logger,
      blockRangeMs,
      blocksDirectory: join(options.directory, 'blocks'),
      appender,
      wal,
      blocks,
      cache,
      exemplars,
      metadata,
      retention: () => this.#retention,
      tombstones: this.#tombstones,
      setAside: (block, error) => blocks.setAside(block, error),
    })
    appender.lateWindowMs = options.outOfOrderWindowMs ?? 0
    this.#timer = clock.every(MAINTENANCE_INTERVAL_MS, () => {
      this.maintain().catch((error: unknown) => logger.error({ err: error }, 'maintenance of the metrics store failed'))
    })
  }

  readonly #metadata: Map<string, MetricMetadata>

  /**
   * Stores one decompressed `prometheus.WriteRequest` (remote write v1), all of it or, when the report names a problem, as much as
   * upstream would. The body may be reused once this has returned its promise.
   * @throws WireError when it is malformed; nothing is stored then
   * @throws WalError when the disk refuses it; nothing is stored then
   */
  appendRemoteWrite(body: Uint8Array): Promise<WriteReport> {
    return this.#requests.append(body)
  }

  /**
   * The same for a body as it came, compressed with snappy. Both it and the decoder, which is for requests out of the common, may be
   * reused once this has returned its promise.
   */
  appendSnappyRemoteWrite(body: Uint8Array, decoder: SnappyDecoder): Promise<WriteReport> {
    return this.#requests.appendSnappy(body, decoder)
  }

  /**
   * Stores what can be stored of a decompressed `io.prometheus.write.v2.Request`; the report's problem names the rest, one line each.
   * The body may be reused once this has returned its promise.
   * @throws WireError when it is malformed; nothing is stored then
   * @throws WalError when the disk refuses it; nothing is stored then
   */
  appendRemoteWriteV2(body: Uint8Array, options: { readonly createdZeros?: boolean } = {}): Promise<WriteReport> {
    return this.#requests.appendV2(body, options.createdZeros === true)
  }

  /**
   * Stores samples that are already labelled: all of them, or none when the report names a problem.
   * @throws WalError when the disk refuses it; nothing is stored then
   */
  appendSamples(samples: readonly WrittenSample[], metadata: readonly MetricMetadata[] = []): Promise<WriteReport> {
    return this.#appender.appendSamples(samples, metadata)
  }

  /** Exemplars of the series that match any of the sets, by series, ascending in time. */
  exemplars(request: {
    readonly matcherSets: readonly (readonly Matcher[])[]
    readonly minMs: number
    readonly maxMs: number
  }): readonly ExemplarSeries[] {
    const found = new Map<string, { labels: Labels; exemplars: { labels: Labels; value: number; timeMs: number }[] }>()
    const verdicts = new Map<string, boolean>()
    for (const { key, seriesLabels, labels, value, timeMs } of this.#exemplars.entries()) {
      if (timeMs < request.minMs || timeMs > request.maxMs) continue
      let isWanted = verdicts.get(key)
      if (isWanted === undefined) {
        isWanted = request.matcherSets.some((matchers) => matchesAll(matchers, seriesLabels))
        verdicts.set(key, isWanted)
      }
      if (!isWanted) continue
      const entry = found.get(key)
      if (entry) entry.exemplars.push({ labels, value, timeMs })
      else found.set(key, { labels: seriesLabels, exemplars: [{ labels, value, timeMs }] })
    }
    return [...found.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, series]) => series)
  }

  stats(): DatabaseStats {
    const { head, counters } = this.#appender
    const { blocks } = this.#blocks
    return {
      headSeries: head.series.count,
      headChunks: head.chunks.count + head.series.count,
      headSamples: head.sampleCount,
      headMinMs: head.minMs,
      headMaxMs: head.maxMs,
      headBytes: head.sizeBytes,
      samplesAppended: counters.samples,
      outOfOrderSamples: counters.outOfOrder,
      outOfBoundSamples: counters.outOfBounds,
      lateSamples: counters.late,
      duplicateSamples: counters.duplicate,
      tooOldSamples: counters.tooOld,
      outOfOrderExemplars: counters.exemplarsOutOfOrder,
      blocks: blocks.length,
      blockBytes: this.#blocks.sizeBytes,
      blocksMinMs: Math.min(...blocks.map((block) => block.meta.minMs)),
      blocksMaxMs: Math.max(...blocks.map((block) => block.meta.maxMs)),
      walBytes: this.#wal.sizeBytes,
      walSegment: this.#wal.segment,
      walCorruptions: this.#faults.walCorruptions,
      walReplayMs: this.#replay.ms,
      walReplayedSamples: this.#replay.samples,
      exemplars: this.#exemplars.count,
      exemplarSeries: this.#exemplars.seriesCount,
      compactions: this.#maintenance.compactions,
      compactionsFailed: this.#maintenance.failures,
      seriesCreated: counters.seriesCreated,
      seriesRemoved: this.#maintenance.seriesRemoved,
    }
  }

  /** What is said of the blocks, by the time where they begin. */
  blocks(): readonly BlockMeta[] {
    return this.#blocks.blocks.map(({ meta }) => meta)
  }

  cardinality(limit: number): CardinalityReport {
    return cardinalityOf(this.#appender.head, limit)
  }

  /** Cuts blocks, compacts and applies retention as due; runs by itself every minute. One run at a time. */
  maintain(): Promise<void> {
    this.#running ??= this.#oneAtATime(() => this.#maintenance.run()).finally(() => (this.#running = undefined))
    return this.#running
  }

  /**
   * Deletes the samples of matching series in a time range. Durable and out of sight of every query that begins after it has
   * resolved; blocks shrink when they are merged or by {@link cleanTombstones}.
   * @throws WalError when the disk refuses it; nothing is deleted then
   */
  deleteSeries(request: DeletionRequest): Promise<void> {
    return this.#oneAtATime(() => this.#maintenance.deleteSeries(request))
  }

  /** Takes deleted samples out of the blocks. */
  cleanTombstones(): Promise<void> {
    return this.#oneAtATime(() => this.#maintenance.cleanTombstones())
  }

  /**
   * Makes `snapshots/<name>` below the directory, by hard links where it can: a data directory with all that was acknowledged before
   * the call.
   * @param options.skipHead leaves out what is not in a block yet
   */
  snapshot(name: string, options: { readonly skipHead: boolean }): Promise<void> {
    const { fileSystem, directory } = this.#options
    return this.#oneAtATime(() => {
      return writeSnapshot({ fileSystem, directory, name, ...options, tombstones: this.#tombstones.current })
    })
  }

  /** @param windowMs see `out_of_order_time_window`; 0 refuses what is out of order */
  setOutOfOrderWindow(windowMs: number): void {
    this.#appender.lateWindowMs = windowMs
  }

  /** Not awaited by the query that has found it, which holds the block until it has failed. */
  #setAside(block: string, cause: unknown): void {
    this.#oneAtATime(() => this.#blocks.setAside(block, cause)).catch((error: unknown) => {
      this.#options.logger.error({ err: error, block }, 'a damaged block could not be moved away')
    })
  }

  #oneAtATime<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#exclusive.then(work)
    // Whoever asked for the work gets its error.
    this.#exclusive = done.catch(() => undefined)
    return done
  }

  setRetention(retention: Retention): void {
    this.#retention = retention
  }

  setMaxExemplars(count: number): void {
    this.#exemplars.resize(count)
  }

  /** Waits for writes and maintenance that have begun, then flushes. */
  async close(): Promise<void> {
    this.#timer.cancel()
    await this.#exclusive
    await this.#appender.settled()
    await this.#wal.close()
    await this.#blocks.close()
  }

  async #recover(): Promise<void> {
    const { clock, logger } = this.#options
    const { head } = this.#appender
    for (const block of this.#blocks.blocks) head.floorMs = Math.max(head.floorMs, block.meta.maxMs + 1)
    const startMs = clock.monotonicMs()
    const report = await replayHead(this.#wal, {
      head,
      exemplars: this.#exemplars,
      metadata: this.#metadata,
      onDeletion: (deletion) => (this.#tombstones.current = this.#tombstones.current.with(deletion)),
    })
    this.#tombstones.current = this.#tombstones.current.only(new Set(this.#blocks.blocks.map((block) => block.id)))
    this.#replay = { ms: clock.monotonicMs() - startMs, samples: report.samples }
    if (report.records === 0) return
    const { records, segments, samples, orphans, lostBytes } = report
    logger.info({ records, segments, samples, orphans, lostBytes, ms: this.#replay.ms }, 'replayed the WAL')
  }
}

interface Faults {
  walCorruptions: number
}

function matchesAll(matchers: readonly Matcher[], labels: Labels): boolean {
  return matchers.every((matcher) => matcher.matches(labels.find(([name]) => name === matcher.name)?.[1] ?? ''))
}
