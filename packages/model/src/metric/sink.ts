import type { Labels } from '../labels.ts'
import type { NativeHistogram } from './native-histogram.ts'

/** Names one series inside one sink. Only meaningful to that sink and only until its {@link SampleSink.epoch} changes. */
export type SeriesRef = number & { readonly __brand: 'SeriesRef' }

/** One commit's worth of float samples as columns; all columns have at least `count` entries. Owned by the caller. */
export interface SampleBatch {
  readonly count: number
  readonly refs: Uint32Array
  readonly timesMs: Float64Array
  /** A stale marker is the NaN with the bits of {@link writeStale}; copy values with `set`, never one by one. */
  readonly values: Float64Array
  /** Where a sample is a native histogram: the histogram at its index, whose entry of `values` is not looked at. Absent when none is. */
  readonly histograms?: readonly (NativeHistogram | undefined)[]
}

/** What `append` refused, by upstream's reason; the rest of the batch is stored. */
export interface AppendReport {
  readonly outOfOrder: number
  readonly tooOld: number
  readonly duplicate: number
}

/** Metric type, help and unit as the exposition format or remote write gave them. */
export interface MetricMetadata {
  readonly family: string
  readonly type: 'counter' | 'gauge' | 'histogram' | 'gaugehistogram' | 'summary' | 'info' | 'stateset' | 'unknown'
  readonly help: string
  readonly unit: string
}

export interface Exemplar {
  readonly ref: SeriesRef
  readonly labels: Labels
  readonly value: number
  /** 0 when the source gave none. */
  readonly timeMs: number
}

/**
 * Where scraped or received samples go: the metrics head, or the collector's remote-write queue.
 * Declared here so that `scrape` can feed both without knowing either.
 */
export interface SampleSink {
  /** Changes when refs handed out before are no longer valid; whoever caches refs must then drop them. */
  readonly epoch: number
  /**
   * The ref of a label set, creating the series when it is new.
   * @throws LimitError when the series limit is reached
   */
  resolve(labels: Labels): SeriesRef
  /** Resolves once the batch is durable (as far as the sink promises) and visible. */
  append(batch: SampleBatch, exemplars?: readonly Exemplar[]): Promise<AppendReport>
  describe(metadata: readonly MetricMetadata[]): void
}

/** A stated limit was reached. The message says which, its value and how to raise it. */
export class LimitError extends Error {
  readonly limit: string
  constructor(limit: string, message: string) {
    super(message)
    this.name = 'LimitError'
    this.limit = limit
  }
}
