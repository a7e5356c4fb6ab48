import { anyValueText, compareText, LimitError } from '@quartet/model'
import type {
  KeyValue,
  OtlpBuckets,
  OtlpExponentialPoint,
  OtlpHistogramPoint,
  OtlpMetric,
  OtlpMetricData,
  OtlpNumberPoint,
  OtlpResourceMetrics,
} from '@quartet/model'

/** A stream that has brought nothing for so long begins anew; the default of the collector's processor. */
const MAX_STALE_MS = 5 * 60_000
const MAX_STREAMS = 1_000_000
/** Buckets of one side of an exponential histogram, above which its scale is lowered; the processor's limit. */
const MAX_BUCKETS = 160

type DeltaPoint = OtlpNumberPoint | OtlpHistogramPoint | OtlpExponentialPoint
type Add<T> = (sum: T, point: T) => T

type TemporalData = Extract<OtlpMetricData, { temporality: unknown }>

interface Stream {
  readonly point: DeltaPoint
  readonly seenMs: number
}

/**
 * Adds up the points of delta temporality of each stream, so that they can be stored as cumulative ones (feature
 * `otlp-deltatocumulative`). As in the collector's deltatocumulative processor, the first point of a stream is its beginning, and a point
 * that is late, or of an earlier beginning, is dropped. Sums are in memory only: after a restart all begin anew.
 */
export class DeltaAccumulator {
  readonly #nowMs: () => number
  readonly #streams = new Map<string, Stream>()
  #sweptMs = 0

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  get streamCount(): number {
    return this.#streams.size
  }

  /** @throws LimitError when there are too many streams */
  cumulative(resources: readonly OtlpResourceMetrics[]): OtlpResourceMetrics[] {
    this.#sweep()
    return resources.map((resource) => {
      const resourceKey = keyOf(resource.resource.attributes)
      const scopes = resource.scopes.map((scope) => {
        const { name, version, attributes } = scope.scope
        const key = [resourceKey, name, version, keyOf(attributes)].join('\n')
        return { ...scope, metrics: scope.metrics.flatMap((metric) => this.#metric(metric, key) ?? []) }
      })
      return { ...resource, scopes }
    })
  }

  /** Nothing when every point was dropped. */
  #metric(metric: OtlpMetric, scopeKey: string): OtlpMetric | undefined {
    const { data } = metric
    if (!('temporality' in data) || data.temporality !== 'delta') return metric
    const key = [scopeKey, metric.name, metric.unit, data.kind].join('\n')
    const cumulative = this.#data(data, key)
    const isDropped = data.points.length > 0 && cumulative.points.length === 0
    return isDropped ? undefined : { ...metric, data: cumulative }
  }

  #data(data: TemporalData, key: string): TemporalData {
    const temporality = 'cumulative'
    switch (data.kind) {
      case 'sum':
        return { ...data, temporality, points: this.#points(data.points, `${key}${data.isMonotonic}`, addNumbers) }
      case 'histogram':
        return { ...data, temporality, points: this.#points(data.points, key, addHistograms) }
      case 'exponentialHistogram':
        return { ...data, temporality, points: this.#points(data.points, key, addExponentials) }
    }
  }

  #points<T extends DeltaPoint>(points: readonly T[], metricKey: string, add: Add<T>): T[] {
    const summed: T[] = []
    for (const point of points) {
      const key = `${metricKey}\n${keyOf(point.attributes)}`
      // The kind of the metric is part of the key.
      const known = this.#streams.get(key)?.point as T | undefined
      if (known !== undefined && (point.startTimeMs < known.startTimeMs || point.timeMs <= known.timeMs)) continue
      if (point.isStale) {
        this.#streams.delete(key)
        summed.push(point)
        continue
      }
      if (known === undefined && this.#streams.size >= MAX_STREAMS)
        throw new LimitError('otlp-streams', `the limit of ${MAX_STREAMS} delta streams is reached`)
      const sum = known === undefined ? point : { ...add(known, point), startTimeMs: known.startTimeMs }
      // Exemplars are of this point alone.
      this.#streams.set(key, { point: { ...sum, exemplars: [] }, seenMs: this.#nowMs() })
      summed.push({ ...sum, exemplars: point.exemplars })
    }
    return summed
  }

  #sweep(): void {
    const nowMs = this.#nowMs()
    if (nowMs - this.#sweptMs < MAX_STALE_MS / 5) return
    this.#sweptMs = nowMs
    for (const [key, { seenMs }] of this.#streams) if (nowMs - seenMs > MAX_STALE_MS) this.#streams.delete(key)
  }
}

function keyOf(attributes: readonly KeyValue[]): string {
  const pairs = attributes.map(({ key, value }) => `${key}\0${value.kind}\0${anyValueText(value)}`)
  return pairs.sort(compareText).join('\x01')
}

function addNumbers(sum: OtlpNumberPoint, point: OtlpNumberPoint): OtlpNumberPoint {
  return { ...point, value: sum.value + point.value }
}

function addHistograms(sum: OtlpHistogramPoint, point: OtlpHistogramPoint): OtlpHistogramPoint {
  const hasSameBounds =
    sum.bounds.length === point.bounds.length &&
    sum.bounds.every((bound, index) => bound === point.bounds[index]) &&
    sum.bucketCounts.length === point.bucketCounts.length
  // Nothing can be added across other bounds.
  if (!hasSameBounds) return point
  return {
    ...point,
    count: sum.count + point.count,
    sum: sumOf(sum.sum, point.sum),
    bucketCounts: point.bucketCounts.map((count, index) => count + sum.bucketCounts[index]),
  }
}

function addExponentials(sum: OtlpExponentialPoint, point: OtlpExponentialPoint): OtlpExponentialPoint {
  const scale = commonScale(sum, point)
  const merge = (a: OtlpBuckets, b: OtlpBuckets): OtlpBuckets =>
    addBuckets(coarser(a, sum.scale - scale), coarser(b, point.scale - scale))
  return {
    ...point,
    scale,
    count: sum.count + point.count,
    sum: sumOf(sum.sum, point.sum),
    zeroCount: sum.zeroCount + point.zeroCount,
    zeroThreshold: Math.max(sum.zeroThreshold, point.zeroThreshold),
    positive: merge(sum.positive, point.positive),
    negative: merge(sum.negative, point.negative),
  }
}

/** The finest scale in which both have room. */
function commonScale(a: OtlpExponentialPoint, b: OtlpExponentialPoint): number {
  let scale = Math.min(a.scale, b.scale)
  const spanOf = (side: 'positive' | 'negative'): number => {
    const parts = [a, b].filter((point) => point[side].counts.length > 0)
    if (parts.length === 0) return 0
    const first = Math.min(...parts.map((point) => point[side].offset >> (point.scale - scale)))
    const last = Math.max(
      ...parts.map((point) => (point[side].offset + point[side].counts.length - 1) >> (point.scale - scale)),
    )
    return last - first + 1
  }
  while (Math.max(spanOf('positive'), spanOf('negative')) > MAX_BUCKETS) scale--
  return scale
}

function sumOf(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b
}

/** The same observations, with the buckets of a scale that is lower by `shift`. */
function coarser({ offset, counts }: OtlpBuckets, shift: number): OtlpBuckets {
  if (shift === 0 || counts.length === 0) return { offset, counts }
  const first = offset >> shift
  const merged = new Array<number>(((offset + counts.length - 1) >> shift) - first + 1).fill(0)
  for (const [index, count] of counts.entries()) merged[((offset + index) >> shift) - first] += count
  return { offset: first, counts: merged }
}

function addBuckets(a: OtlpBuckets, b: OtlpBuckets): OtlpBuckets {
  if (a.counts.length === 0) return b
  if (b.counts.length === 0) return a
  const offset = Math.min(a.offset, b.offset)
  const end = Math.max(a.offset + a.counts.length, b.offset + b.counts.length)
  const counts = new Array<number>(end - offset).fill(0)
  for (const { offset: start, counts: own } of [a, b])
    for (const [index, count] of own.entries()) counts[start - offset + index] += count
  return { offset, counts }
}
