import { formatGoFloat, histogramProblem, labelsFromPairs, METRIC_NAME, readClientFamilies } from '@quartet/model'
import type {
  ClientExemplar,
  ClientFamily,
  ClientMetric,
  FamilyType,
  Label,
  Labels,
  NativeHistogram,
} from '@quartet/model'

import { ExpositionError } from './entry.ts'
import type { EntryKind, ExpositionParser, ParsedExemplar } from './entry.ts'

export interface ProtobufOptions {
  /** Native histograms are entries, which is the default; else only their classic buckets are. */
  readonly withNative?: boolean
  /** Also the classic buckets of histograms that are native. */
  readonly withClassic?: boolean
}

interface Entry {
  readonly kind: EntryKind
  readonly family: string
  readonly text: string
  readonly labels: Labels
  readonly value: number
  readonly histogram: NativeHistogram | undefined
  readonly exemplars: readonly ParsedExemplar[]
  readonly timeMs: number | undefined
  readonly createdMs: number | undefined
}

const NOTHING: Omit<Entry, 'kind' | 'family'> = {
  text: '',
  labels: [],
  value: 0,
  histogram: undefined,
  exemplars: [],
  timeMs: undefined,
  createdMs: undefined,
}

/**
 * The delimited protobuf format (`io.prometheus.client.MetricFamily`) as entries in upstream's order. There is no metric text: the labels
 * written as JSON stand for it.
 */
export class ProtobufParser implements ExpositionParser {
  bytes: Uint8Array = new Uint8Array(0)
  readonly seriesStart = 0
  seriesEnd = 0
  readonly #entries: Generator<Entry>
  #entry: Entry = { kind: 'end', family: '', ...NOTHING }
  /** Read already, when it was not what {@link nextIfKnown} was asked for. */
  #pending: Entry | undefined

  constructor(body: Uint8Array, options: ProtobufOptions = {}) {
    this.#entries = entriesOf(body, options)
  }

  /** @throws ExpositionError, WireError */
  next(): EntryKind {
    const entry = this.#take()
    this.#entry = entry
    if (entry.kind === 'series' || entry.kind === 'histogram') this.#setText(entry)
    return entry.kind
  }

  nextIfKnown(known: Uint8Array, start: number, end: number): boolean {
    const entry = this.#take()
    this.#pending = entry
    if (entry.kind !== 'series') return false
    this.#setText(entry)
    if (this.bytes.length !== end - start) return false
    for (let at = 0; at < this.bytes.length; at++) if (this.bytes[at] !== known[start + at]) return false
    this.#pending = undefined
    this.#entry = entry
    return true
  }

  get value(): number {
    return this.#entry.value
  }

  get timeMs(): number | undefined {
    return this.#entry.timeMs
  }

  get family(): string {
    return this.#entry.family
  }

  get text(): string {
    return this.#entry.text
  }

  get histogram(): NativeHistogram | undefined {
    return this.#entry.histogram
  }

  get createdMs(): number | undefined {
    return this.#entry.createdMs
  }

  labels(): Labels {
    return this.#entry.labels
  }

  exemplar(): ParsedExemplar | undefined {
    return this.#entry.exemplars[0]
  }

  histogramExemplars(): readonly ParsedExemplar[] {
    return this.#entry.exemplars
  }

  #take(): Entry {
    const pending = this.#pending
    this.#pending = undefined
    return pending ?? (this.#entries.next().value as Entry | undefined) ?? { kind: 'end', family: '', ...NOTHING }
  }

  #setText({ labels, kind }: Entry): void {
    this.bytes = Buffer.from(JSON.stringify([labels, kind]))
    this.seriesEnd = this.bytes.length
  }
}

const TYPES: Readonly<Record<FamilyType, string>> = {
  COUNTER: 'counter',
  GAUGE: 'gauge',
  SUMMARY: 'summary',
  UNTYPED: 'unknown',
  HISTOGRAM: 'histogram',
  GAUGE_HISTOGRAM: 'gaugehistogram',
}

function* entriesOf(body: Uint8Array, options: ProtobufOptions): Generator<Entry> {
  for (const family of readClientFamilies(body)) {
    const { name, help, unit, type, metrics } = family
    if (metrics.length === 0) continue
    check(family)
    yield { kind: 'help', family: name, ...NOTHING, text: help }
    if (unit !== '') yield { kind: 'unit', family: name, ...NOTHING, text: unit }
    yield { kind: 'type', family: name, ...NOTHING, text: TYPES[type!] }
    for (const metric of metrics) yield* metricEntries(family, metric, options)
  }
}

function check({ name, type, unit }: ClientFamily): void {
  if (name === '') throw new ExpositionError(`invalid metric name: ${name}`)
  if (type === undefined) throw new ExpositionError(`unknown metric type for metric ${JSON.stringify(name)}`)
  if (unit === '') return
  const isTotal = type === 'COUNTER' && name.endsWith('_total')
  if ((isTotal ? name.slice(0, -6) : name).endsWith(`_${unit}`)) return
  const what = isTotal ? 'counter' : 'metric'
  throw new ExpositionError(`unit ${JSON.stringify(unit)} not a suffix of ${what} ${JSON.stringify(name)}`)
}

function* metricEntries(
  { name, type }: ClientFamily,
  metric: ClientMetric,
  options: ProtobufOptions,
): Generator<Entry> {
  const { timeMs, createdMs, histogram, summary } = metric
  const common = {
    ...NOTHING,
    family: name,
    timeMs: timeMs === 0 ? undefined : timeMs,
    createdMs: createdMs === 0 ? undefined : createdMs,
  }
  const series = (suffix: string, value: number, extra?: Label, exemplar?: ClientExemplar): Entry => ({
    ...common,
    kind: 'series',
    labels: labelsOf(name + suffix, metric, extra),
    value,
    exemplars: exemplar === undefined ? [] : [parsed(exemplar)],
  })
  if (type === 'SUMMARY') {
    yield series('_count', summary?.count ?? 0)
    yield series('_sum', summary?.sum ?? 0)
    for (const { quantile, value } of summary?.quantiles ?? [])
      yield series('', value, ['quantile', openMetricsFloat(quantile)])
    return
  }
  if (type !== 'HISTOGRAM' && type !== 'GAUGE_HISTOGRAM') {
    yield series('', metric.value, undefined, type === 'COUNTER' ? metric.exemplar : undefined)
    return
  }
  const native = options.withNative === false ? undefined : histogram?.native
  if (native !== undefined) {
    const problem = typeof native === 'string' ? native : histogramProblem(native)
    if (problem !== undefined || typeof native === 'string') throw new ExpositionError(problem ?? '')
    const own =
      histogram!.exemplars.length > 0
        ? histogram!.exemplars
        : histogram!.buckets.flatMap(({ exemplar }) => exemplar ?? [])
    const exemplars = own.filter((exemplar) => exemplar.timeMs !== undefined).map(parsed)
    yield { ...common, kind: 'histogram', labels: labelsOf(name, metric), histogram: native, exemplars }
    if (options.withClassic !== true || histogram!.buckets.length === 0) return
  }
  yield series('_count', histogram?.count ?? 0)
  yield series('_sum', histogram?.sum ?? 0)
  let hasInfinite = false
  for (const { upperBound, count, exemplar } of histogram?.buckets ?? []) {
    yield series('_bucket', count, ['le', openMetricsFloat(upperBound)], exemplar)
    hasInfinite = upperBound === Infinity
    if (hasInfinite) break
  }
  if (!hasInfinite) yield series('_bucket', histogram?.count ?? 0, ['le', '+Inf'])
}

function labelsOf(name: string, { labels }: ClientMetric, extra?: Label): Labels {
  const pairs: Label[] = [[METRIC_NAME, name], ...(labels as readonly Label[]).filter(([, value]) => value !== '')]
  if (extra !== undefined) pairs.push(extra)
  return labelsFromPairs(pairs)
}

function parsed({ labels, value, timeMs }: ClientExemplar): ParsedExemplar {
  return { labels: labelsFromPairs(labels as readonly Label[]), value, timeMs }
}

/** A float as OpenMetrics has it in labels: never without a point or an exponent. */
function openMetricsFloat(value: number): string {
  const text = formatGoFloat(value)
  return /[e.NI]/.test(text) ? text : `${text}.0`
}
