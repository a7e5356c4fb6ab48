import type { Labels, SampleSink } from '@quartet/model'
import type { Matcher } from '@quartet/query'
import type { Clock, Logger } from '@quartet/runtime'
import type { FileSystem } from '@quartet/storage'
import type { SeriesSource } from '../query/source.ts'

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
  /** `storage.tsdb.out_of_order_time_window`. Default 0. */
  readonly outOfOrderWindowMs?: number
  /** Length of a block before compaction. Default 2 h. */
  readonly blockRangeMs?: number
}

/** What a write refused; the rest of it is stored. Error texts are upstream's. */
export interface WriteReport {
  readonly samples: number
  readonly exemplars: number
  readonly histograms: number
  readonly outOfOrder: number
  readonly duplicate: number
  readonly tooOld: number
  readonly limited: number
  readonly histogramsSkipped: number
  /** The first refusal as upstream words it, to be answered with 400; undefined when all was stored. */
  readonly problem: string | undefined
}

export interface ExemplarSeries {
  readonly labels: Labels
  readonly exemplars: readonly { readonly labels: Labels; readonly value: number; readonly timeMs: number }[]
}

export interface DatabaseStats {
  readonly headSeries: number
  readonly headChunks: number
  readonly headSamples: number
  /** NaN while the head is empty. */
  readonly headMinMs: number
  readonly headMaxMs: number
  readonly headBytes: number
  readonly samplesAppended: number
  readonly outOfOrderSamples: number
  readonly duplicateSamples: number
  readonly tooOldSamples: number
  readonly blocks: number
  readonly blockBytes: number
  readonly walBytes: number
  readonly walCorruptions: number
  readonly exemplars: number
  readonly symbolBytes: number
  readonly compactions: number
  readonly compactionsFailed: number
  readonly seriesCreated: number
  readonly seriesRemoved: number
}

/** One line of `/api/v1/status/tsdb`. */
export interface NameCount {
  readonly name: string
  readonly value: number
}

export interface CardinalityReport {
  readonly numSeries: number
  readonly numLabelPairs: number
  readonly chunkCount: number
  readonly minTime: number
  readonly maxTime: number
  readonly seriesCountByMetricName: readonly NameCount[]
  readonly labelValueCountByLabelName: readonly NameCount[]
  readonly memoryInBytesByLabelName: readonly NameCount[]
  readonly seriesCountByLabelValuePair: readonly NameCount[]
}

/** The metrics store: head, WAL and blocks behind one object. */
export declare class MetricsDatabase {
  /** Replays the WAL; resolves when everything acknowledged before can be queried. */
  static open(options: MetricsDatabaseOptions): Promise<MetricsDatabase>
  /** For scrapes and rules. */
  readonly sink: SampleSink
  /** For PromQL and the label endpoints. Read-your-writes. */
  readonly source: SeriesSource
  /**
   * Stores one decompressed `prometheus.WriteRequest` (remote write v1).
   * @throws WireError when it is malformed, InvalidLabelsError when a label set is; nothing is stored then
   * @throws WalError when the disk refuses it
   */
  appendRemoteWrite(body: Uint8Array): Promise<WriteReport>
  /** Exemplars of the series that match any of the sets, by series, ascending in time. */
  exemplars(request: {
    readonly matcherSets: readonly (readonly Matcher[])[]
    readonly minMs: number
    readonly maxMs: number
  }): readonly ExemplarSeries[]
  stats(): DatabaseStats
  cardinality(limit: number): CardinalityReport
  /** Cuts blocks, compacts and applies retention as due; runs by itself every minute. */
  maintain(): Promise<void>
  setRetention(retention: { readonly retentionMs: number; readonly retentionBytes: number }): void
  setOutOfOrderWindow(windowMs: number): void
  setMaxExemplars(count: number): void
  close(): Promise<void>
}
