import type { Labels, MetricMetadata, NativeHistogram } from '@quartet/model'
import type { Matcher } from '@quartet/query'

/**
 * What PromQL needs of a database. The engine knows only this; `service.ts` supplies the real one, tests an in-memory one.
 */
export interface SeriesSource {
  /**
   * The series that match every matcher and may have samples in [minMs, maxMs] (both inclusive), sorted by labels.
   * Loads what {@link SelectedSeries.read} will need, so that reading is synchronous.
   * A consistent view: samples appended later are not seen, blocks in use are not removed until {@link release}.
   */
  select(request: SelectRequest): Promise<SeriesSelection>
  /** Sorted names, or values of one name, among the series that match any of `matcherSets` (all series when empty). */
  labelNames(request: LabelRequest): Promise<readonly string[]>
  labelValues(name: string, request: LabelRequest): Promise<readonly string[]>
  metadata(): Iterable<MetricMetadata>
}

export interface SelectRequest {
  readonly matchers: readonly Matcher[]
  readonly minMs: number
  readonly maxMs: number
  readonly signal: AbortSignal
}

export interface LabelRequest {
  readonly matcherSets: readonly (readonly Matcher[])[]
  readonly minMs: number
  readonly maxMs: number
  readonly signal: AbortSignal
}

export interface SeriesSelection {
  readonly series: readonly SelectedSeries[]
  /** The series behind {@link series}, from a source that hands them over in parts; undefined behind the last. */
  more?(): Promise<readonly SelectedSeries[] | undefined>
  release(): void
}

export interface SelectedSeries {
  readonly labels: Labels
  /** Replaces the content of `into` with the samples in [minMs, maxMs], ascending in time, stale markers among them. */
  read(into: SampleColumns): void
}

/** A reused pair of columns. Only the first `count` entries are valid, and only until the next `read`. */
export class SampleColumns {
  timesMs: Float64Array = new Float64Array(0)
  values: Float64Array = new Float64Array(0)
  /** Same buffer as `values`, for stale markers (`isStaleAt`). */
  bits: Uint32Array = new Uint32Array(0)
  /**
   * Where a sample is a native histogram, the histogram at its index (its entry of `values` is then meaningless); `undefined` when
   * none of this series is one, which is the rule.
   */
  histograms: (NativeHistogram | undefined)[] | undefined = undefined
  count = 0
  /**
   * Equal non-zero ids promise equal `timesMs[0..count)`: windows over the times are then computed once for a whole
   * scrape group. 0 promises nothing.
   */
  timesId = 0

  /** Makes room for `capacity` samples; keeps the content. */
  reserve(capacity: number): void {
    if (capacity <= this.values.length) return
    const size = Math.max(capacity, this.values.length * 2, 128)
    const values = new Float64Array(size)
    const timesMs = new Float64Array(size)
    values.set(this.values)
    timesMs.set(this.timesMs)
    this.values = values
    this.timesMs = timesMs
    this.bits = new Uint32Array(values.buffer)
  }
}
