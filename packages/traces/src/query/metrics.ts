import type { SpanSegment } from '@quartet/model'
import type { QueryBudget } from '@quartet/query'
import { QueryLimitError } from '@quartet/query'
import type { Attribute, FieldExpression, MetricsAggregate, MetricsSecondStage, TraceQlQuery } from './ast.ts'
import { numberOf } from './expression.ts'
import { formatAttribute } from './format.ts'
import { intervalOf } from './intervals.ts'
import type { Intervals } from './intervals.ts'
import { attributesOf, localPart } from './query-attributes.ts'
import { searchTraces } from './search.ts'
import { formatStatic } from './static.ts'
import type { Static } from './static.ts'
import { QuerySegment } from './stored-trace.ts'

export interface MetricsRequest {
  readonly query: TraceQlQuery
  readonly aggregate: MetricsAggregate
  readonly intervals: Intervals
  readonly budget: QueryBudget
  readonly maxSeries: number
}

export interface MetricSeries {
  readonly labels: readonly (readonly [name: string, value: Static])[]
  /** By interval; NaN where there is nothing to say. */
  readonly values: Float64Array
}

/** Counts or aggregates matching spans over time, by the interval in which they start. */
export async function evaluateMetrics(
  segments: readonly SpanSegment[],
  request: MetricsRequest,
): Promise<readonly MetricSeries[]> {
  const { aggregate, budget, intervals, query } = request
  const groups = new Map<string, Group>()
  const by = aggregate.by.map(asExpression)
  const measured = aggregate.attribute === undefined ? undefined : asExpression(aggregate.attribute)
  await forEachSpan(segments, request, (part, row) => {
    const interval = intervalOf(intervals, part.source.data('start')[row])
    if (interval < 0) return
    const value = measured === undefined ? 1 : measure(part.value(measured)(row))
    if (value === undefined) return
    const labels = by.map((expression) => part.value(expression)(row))
    const key = labels.map((label) => `${label.type} ${formatStatic(label)}`).join('\0')
    let group = groups.get(key)
    if (group === undefined) {
      if (groups.size >= request.maxSeries)
        throw new QueryLimitError('samples', `max series ${request.maxSeries} exceeded`)
      budget.addSamples(intervals.count)
      group = { labels, accumulator: createAccumulator(aggregate, intervals) }
      groups.set(key, group)
    }
    group.accumulator.add(interval, value)
  })
  const names = aggregate.by.map(formatAttribute)
  const series = [...groups.values()].flatMap(({ accumulator, labels }) => {
    const own = labels.map((label, index) => [names[index], label] as const)
    const base = own.length > 0 ? own : nameLabel(aggregate)
    return accumulator.finish().map(({ label, values }) => ({ labels: label ? [...own, label] : base, values }))
  })
  return query.secondStage === undefined ? series : keepExtreme(series, query.secondStage, intervals.count)
}

interface Group {
  readonly labels: readonly Static[]
  readonly accumulator: Accumulator
}

/** Durations are measured in seconds, as everything in Prometheus is. */
function measure(value: Static): number | undefined {
  const number = numberOf(value)
  return value.type === 'duration' && number !== undefined ? number / 1e9 : number
}

function asExpression(attribute: Attribute): FieldExpression {
  return { kind: 'attribute', attribute, range: { start: 0, end: 0 } }
}

function nameLabel({ name }: MetricsAggregate): readonly (readonly [string, Static])[] {
  return [['__name__', { type: 'string', value: name }]]
}

const ROWS_PER_CHECK = 8192

/**
 * One filter over a segment needs no traces; every other pipeline runs trace by trace. On the short way a span that a client
 * sent twice counts twice.
 */
async function forEachSpan(
  segments: readonly SpanSegment[],
  { budget, intervals, query }: MetricsRequest,
  visit: (part: QuerySegment, row: number) => void,
): Promise<void> {
  const { startNs } = intervals
  const endNs = startNs + intervals.stepNs * BigInt(intervals.count)
  const [stage] = query.stages
  const isSimple =
    query.stages.length === 1 && stage.kind === 'filter' && localPart(stage.expression) === stage.expression
  if (!isSimple || stage.kind !== 'filter') {
    const { traces } = await searchTraces(segments, { query, startNs, endNs, limit: Infinity, budget })
    for (const { spansets, trace } of traces) {
      for (const { part } of trace.spans) part.source.trace = trace
      for (const { spans } of spansets) for (const { part, row } of spans) visit(part, row)
    }
    return
  }
  const attributes = attributesOf(query)
  for (const segment of segments) {
    if (segment.maxEndNs < startNs || segment.minStartNs > endNs) continue
    const part = new QuerySegment(segment, attributes)
    await part.load()
    await part.source.load([], ['start'])
    const predicate = part.predicate(stage.expression)
    for (let row = 0; row < segment.spanCount; row++) {
      if (row % ROWS_PER_CHECK === 0) {
        const pause = budget.checkpoint()
        if (pause) await pause
      }
      if (predicate(row)) visit(part, row)
    }
  }
}

interface Accumulator {
  add(interval: number, value: number): void
  finish(): readonly { label: readonly [string, Static] | undefined; values: Float64Array }[]
}

function createAccumulator(aggregate: MetricsAggregate, intervals: Intervals): Accumulator {
  const { count } = intervals
  switch (aggregate.name) {
    case 'rate':
      return counter(count, Number(intervals.stepNs) / 1e9)
    case 'count_over_time':
      return counter(count, 1)
    case 'sum_over_time':
      return fold(count, (sum, value) => sum + value)
    case 'min_over_time':
      return fold(count, Math.min)
    case 'max_over_time':
      return fold(count, Math.max)
    case 'avg_over_time':
      return average(count)
    case 'quantile_over_time':
      return quantiles(count, aggregate.quantiles)
    case 'histogram_over_time':
      return histogram(count)
    case 'compare':
      throw new Error('compare() is refused before evaluation')
  }
}

function counter(count: number, divisor: number): Accumulator {
  const values = new Float64Array(count)
  return {
    add: (interval) => void values[interval]++,
    finish: () => [{ label: undefined, values: values.map((value) => value / divisor) }],
  }
}

function fold(count: number, combine: (a: number, b: number) => number): Accumulator {
  const values = new Float64Array(count).fill(NaN)
  return {
    add: (interval, value) => {
      values[interval] = Number.isNaN(values[interval]) ? value : combine(values[interval], value)
    },
    finish: () => [{ label: undefined, values }],
  }
}

function average(count: number): Accumulator {
  const sums = new Float64Array(count)
  const counts = new Float64Array(count)
  return {
    add: (interval, value) => {
      sums[interval] += value
      counts[interval]++
    },
    finish: () => [{ label: undefined, values: sums.map((sum, interval) => sum / counts[interval]) }],
  }
}

/** Upstream keeps a histogram of powers of two; the bucket of a value is the power that is not below it. */
class PowerBuckets {
  readonly counts = new Map<number, Float64Array>()
  readonly #count: number

  constructor(count: number) {
    this.#count = count
  }

  add(interval: number, value: number): void {
    if (!(value > 0)) return
    const exponent = Math.ceil(Math.log2(value))
    let counts = this.counts.get(exponent)
    if (counts === undefined) {
      counts = new Float64Array(this.#count)
      this.counts.set(exponent, counts)
    }
    counts[interval]++
  }
}

function histogram(count: number): Accumulator {
  const buckets = new PowerBuckets(count)
  return {
    add: (interval, value) => buckets.add(interval, value),
    finish: () =>
      [...buckets.counts]
        .sort(([a], [b]) => a - b)
        .map(([exponent, values]) => ({ label: ['__bucket', { type: 'float', value: 2 ** exponent }], values })),
  }
}

function quantiles(count: number, wanted: readonly number[]): Accumulator {
  const buckets = new PowerBuckets(count)
  return {
    add: (interval, value) => buckets.add(interval, value),
    finish: () => {
      const sorted = [...buckets.counts].sort(([a], [b]) => a - b)
      return wanted.map((quantile) => ({
        label: ['p', { type: 'float', value: quantile }],
        values: Float64Array.from({ length: count }, (_, interval) => quantileAt(sorted, interval, quantile)),
      }))
    },
  }
}

/** Within a bucket the exponent is interpolated, since values lie along powers. */
function quantileAt(buckets: readonly (readonly [number, Float64Array])[], interval: number, quantile: number): number {
  const total = buckets.reduce((sum, [, counts]) => sum + counts[interval], 0)
  if (total === 0) return NaN
  let left = Math.max(quantile, 0) * total
  for (const [exponent, counts] of buckets) {
    const inBucket = counts[interval]
    if (inBucket === 0) continue
    if (left <= inBucket) return 2 ** (exponent - 1 + Math.max(left, 0) / inBucket)
    left -= inBucket
  }
  return 2 ** Math.max(...buckets.filter(([, counts]) => counts[interval] > 0).map(([exponent]) => exponent))
}

/** At each time the largest or smallest series stay; a series that never stays is left out. */
function keepExtreme(
  series: readonly MetricSeries[],
  { limit, name }: MetricsSecondStage,
  count: number,
): MetricSeries[] {
  const kept = series.map(({ labels }) => ({ labels, values: new Float64Array(count).fill(NaN) }))
  const sign = name === 'topk' ? -1 : 1
  for (let interval = 0; interval < count; interval++) {
    const ranked = series
      .map(({ values }, index) => ({ index, value: values[interval] }))
      .filter(({ value }) => !Number.isNaN(value))
      .sort((a, b) => sign * (a.value - b.value))
    for (const { index, value } of ranked.slice(0, limit)) kept[index].values[interval] = value
  }
  return kept.filter(({ values }) => values.some((value) => !Number.isNaN(value)))
}
