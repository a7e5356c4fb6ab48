import { anyValueText, compareText, labelsFromPairs } from '@quartet/model'
import type {
  InstrumentationScope,
  KeyValue,
  Label,
  Labels,
  MetricMetadata,
  OtlpExemplar,
  NativeHistogram,
  OtlpExponentialPoint,
  OtlpHistogramPoint,
  OtlpMetric,
  OtlpNumberPoint,
  OtlpResourceMetrics,
  OtlpSummaryPoint,
  OtlpTemporality,
  Resource,
} from '@quartet/model'
import type { WrittenSample } from '../storage/written-sample.ts'
import { explicitToNative, exponentialToNative } from './otlp-histograms.ts'
import { labelName, metricName, OtlpNameError, unitName } from './otlp-names.ts'
import type { OtlpMetricType } from './otlp-names.ts'

/** The `otlp` section of prometheus.yml, in its own words. */
export interface OtlpTranslationOptions {
  readonly promote_resource_attributes: readonly string[]
  readonly promote_all_resource_attributes: boolean
  readonly ignore_resource_attributes: readonly string[]
  readonly translation_strategy:
    | 'UnderscoreEscapingWithSuffixes'
    | 'UnderscoreEscapingWithoutSuffixes'
    | 'NoUTF8EscapingWithSuffixes'
    | 'NoTranslation'
  readonly keep_identifying_resource_attributes: boolean
  /** Histograms with explicit bounds become native ones with custom buckets. */
  readonly convert_histograms_to_nhcb?: boolean
  readonly promote_scope_metadata: boolean
  readonly label_name_underscore_sanitization: boolean
  readonly label_name_preserve_multiple_underscores: boolean
  /** Feature flag `type-and-unit-labels`. */
  readonly typeAndUnitLabels?: boolean
  /** Feature flag `otlp-native-delta-ingestion`. */
  readonly allowDelta?: boolean
  /** `query.lookback-delta`; half of it is the distance between target_info samples. Default 5 min. */
  readonly lookbackDeltaMs?: number
}

export const DEFAULT_OTLP_TRANSLATION: OtlpTranslationOptions = {
  promote_resource_attributes: [],
  promote_all_resource_attributes: false,
  ignore_resource_attributes: [],
  translation_strategy: 'UnderscoreEscapingWithSuffixes',
  keep_identifying_resource_attributes: false,
  promote_scope_metadata: false,
  label_name_underscore_sanitization: true,
  label_name_preserve_multiple_underscores: true,
}

export interface OtlpTranslation {
  readonly samples: readonly WrittenSample[]
  readonly metadata: readonly MetricMetadata[]
  /** What could not be translated, in upstream's words. Upstream then refuses the request. */
  readonly problems: readonly string[]
}

const SERVICE_NAME = 'service.name'
const SERVICE_NAMESPACE = 'service.namespace'
const SERVICE_INSTANCE = 'service.instance.id'
const IDENTIFYING = [SERVICE_NAMESPACE, SERVICE_NAME, SERVICE_INSTANCE]
/** OpenMetrics' limit on the characters of an exemplar's labels. */
const MAX_EXEMPLAR_CHARACTERS = 128

/** OTLP metrics as Prometheus samples, by the rules of upstream's prometheusremotewrite translator (v3.8.1). */
export function translateOtlp(
  resources: readonly OtlpResourceMetrics[],
  options: OtlpTranslationOptions = DEFAULT_OTLP_TRANSLATION,
): OtlpTranslation {
  const translator = new Translator(options)
  for (const resource of resources) translator.addResource(resource)
  return translator
}

class Translator implements OtlpTranslation {
  readonly samples: WrittenSample[] = []
  readonly metadata: MetricMetadata[] = []
  readonly problems: string[] = []
  readonly #options: OtlpTranslationOptions
  readonly #allowUtf8: boolean
  readonly #withSuffixes: boolean
  /** Attribute names repeat: translated once per request. */
  readonly #labelNames = new Map<string, string>()
  #common: Common = { resource: [], scope: [] }

  constructor(options: OtlpTranslationOptions) {
    this.#options = options
    const strategy = options.translation_strategy
    this.#allowUtf8 = strategy === 'NoUTF8EscapingWithSuffixes' || strategy === 'NoTranslation'
    this.#withSuffixes = strategy === 'UnderscoreEscapingWithSuffixes' || strategy === 'NoUTF8EscapingWithSuffixes'
  }

  addResource({ resource, scopes }: OtlpResourceMetrics): void {
    let earliestMs = Infinity
    let latestMs = -Infinity
    const promoted = this.#promoted(resource)
    for (const { scope, schemaUrl, metrics } of scopes) {
      this.#common = { resource: promoted, scope: this.#attempt(() => this.#scopeLabels(scope, schemaUrl)) ?? [] }
      for (const metric of metrics) {
        for (const point of metric.data.kind === 'empty' ? [] : metric.data.points) {
          earliestMs = Math.min(earliestMs, point.timeMs)
          latestMs = Math.max(latestMs, point.timeMs)
        }
        this.#attempt(() => this.#addMetric(metric, resource))
      }
    }
    if (latestMs >= earliestMs) this.#attempt(() => this.#addTargetInfo(resource, earliestMs, latestMs))
  }

  #attempt<T>(translate: () => T): T | undefined {
    try {
      return translate()
    } catch (error) {
      if (!(error instanceof OtlpNameError)) throw error
      this.problems.push(error.message)
      return undefined
    }
  }

  #addMetric(metric: OtlpMetric, resource: Resource): void {
    const { name, data } = metric
    if (data.kind === 'empty') {
      this.problems.push(`could not get aggregation temporality for ${name} as it has unsupported metric type Empty`)
      return
    }
    if ('temporality' in data && !this.#isAllowed(data.temporality)) {
      this.problems.push(`invalid temporality and type combination for metric ${JSON.stringify(name)}`)
      return
    }
    const type = typeOf(metric)
    const family = metricName(
      { name, unit: metric.unit, type },
      { allowUtf8: this.#allowUtf8, withSuffixes: this.#withSuffixes },
    )
    const metadata: MetricMetadata = {
      family,
      // There is no type for deltas yet.
      type: 'temporality' in data && data.temporality === 'delta' ? 'unknown' : METADATA_TYPES[type],
      help: metric.description,
      unit: unitName(metric.unit, this.#allowUtf8),
    }
    this.metadata.push(metadata)
    if (data.points.length === 0) {
      this.problems.push(`empty data points. ${name} is dropped`)
      return
    }
    switch (data.kind) {
      case 'gauge':
        for (const point of data.points) this.#addNumber(point, metadata, resource, [])
        return
      case 'sum':
        for (const point of data.points) this.#addNumber(point, metadata, resource, point.exemplars)
        return
      case 'histogram':
        if (this.#options.convert_histograms_to_nhcb) {
          for (const point of data.points)
            this.#addNative(point, explicitToNative(point, data.temporality), metadata, resource)
        } else for (const point of data.points) this.#addHistogram(point, metadata, resource)
        return
      case 'summary':
        for (const point of data.points) this.#addSummary(point, metadata, resource)
        return
      case 'exponentialHistogram':
        for (const point of data.points)
          this.#addNative(point, exponentialToNative(point, data.temporality), metadata, resource)
    }
  }

  #isAllowed(temporality: OtlpTemporality): boolean {
    return temporality === 'cumulative' || (temporality === 'delta' && this.#options.allowDelta === true)
  }

  #addNumber(
    point: OtlpNumberPoint,
    metadata: MetricMetadata,
    resource: Resource,
    exemplars: readonly OtlpExemplar[],
  ): void {
    const labels = withLabels(this.#pointLabels(resource, point.attributes, metadata), metadata.family)
    this.#push(labels, point, point.value, exemplars)
  }

  #addHistogram(point: OtlpHistogramPoint, metadata: MetricMetadata, resource: Resource): void {
    const { family } = metadata
    const base = this.#pointLabels(resource, point.attributes, metadata)
    if (point.sum !== undefined) this.#push(withLabels(base, `${family}_sum`), point, point.sum)
    this.#push(withLabels(base, `${family}_count`), point, point.count)
    const byBucket = exemplarsByBucket(point)
    let cumulative = 0
    const buckets = Math.min(point.bounds.length, point.bucketCounts.length)
    for (let index = 0; index < buckets; index++) {
      cumulative += point.bucketCounts[index]
      const labels = withLabels(base, `${family}_bucket`, ['le', formatFloat(point.bounds[index])])
      this.#push(labels, point, cumulative, byBucket.get(index))
    }
    this.#push(withLabels(base, `${family}_bucket`, ['le', '+Inf']), point, point.count, byBucket.get(Infinity))
  }

  #addNative(
    point: OtlpHistogramPoint | OtlpExponentialPoint,
    histogram: NativeHistogram,
    metadata: MetricMetadata,
    resource: Resource,
  ): void {
    const labels = withLabels(this.#pointLabels(resource, point.attributes, metadata), metadata.family)
    const { timeMs, isStale } = point
    const exemplars = point.exemplars.map(toExemplar)
    const common = { labels, timeMs, value: 0, isStale, isOptional: false, exemplars }
    this.samples.push(isStale ? common : { ...common, histogram })
  }

  #addSummary(point: OtlpSummaryPoint, metadata: MetricMetadata, resource: Resource): void {
    const { family } = metadata
    const base = this.#pointLabels(resource, point.attributes, metadata)
    this.#push(withLabels(base, `${family}_sum`), point, point.sum)
    this.#push(withLabels(base, `${family}_count`), point, point.count)
    for (const { quantile, value } of point.quantiles) {
      this.#push(withLabels(base, family, ['quantile', formatFloat(quantile)]), point, value)
    }
  }

  #push(
    labels: Labels,
    { timeMs, isStale }: { readonly timeMs: number; readonly isStale: boolean },
    value: number,
    exemplars: readonly OtlpExemplar[] = [],
  ): void {
    this.samples.push({ labels, timeMs, value, isStale, isOptional: false, exemplars: exemplars.map(toExemplar) })
  }

  /** Tells which resource a job and instance are; a sample at least every half look-back, as upstream does. */
  #addTargetInfo(resource: Resource, earliestMs: number, latestMs: number): void {
    const others = resource.attributes.filter(({ key }) => !IDENTIFYING.includes(key))
    if (others.length === 0) return
    const kept = this.#options.keep_identifying_resource_attributes ? resource.attributes : others
    const pairs = this.#attributeLabels(kept)
    for (const [name, value] of identity(resource)) pairs.set(name, value)
    if (!pairs.has('job') && !pairs.has('instance')) return
    const labels = withLabels(pairs, 'target_info')
    this.metadata.push({ family: 'target_info', type: 'gauge', help: 'Target metadata', unit: '' })
    const intervalMs = (this.#options.lookbackDeltaMs ?? 300_000) / 2
    const common = { labels, value: 1, isStale: false, isOptional: true, exemplars: [] }
    for (let timeMs = earliestMs; timeMs < latestMs; timeMs += intervalMs) this.samples.push({ ...common, timeMs })
    this.samples.push({ ...common, timeMs: latestMs })
  }

  #pointLabels(resource: Resource, attributes: readonly KeyValue[], metadata: MetricMetadata): Map<string, string> {
    const pairs = this.#attributeLabels(attributes)
    for (const [name, value] of this.#common.resource) if (!pairs.has(name)) pairs.set(name, value)
    for (const [name, value] of this.#common.scope) pairs.set(name, value)
    for (const [name, value] of identity(resource)) pairs.set(name, value)
    if (this.#options.typeAndUnitLabels) {
      if (metadata.type !== 'unknown') pairs.set('__type__', metadata.type)
      if (metadata.unit !== '') pairs.set('__unit__', metadata.unit)
    }
    return pairs
  }

  /** Attributes whose names become equal are joined in the order of their keys. */
  #attributeLabels(attributes: readonly KeyValue[]): Map<string, string> {
    const pairs = new Map<string, string>()
    const sorted = attributes.length > 1 ? attributes.toSorted((a, b) => compareText(a.key, b.key)) : attributes
    for (const { key, value } of sorted) {
      const name = this.#labelName(key)
      const text = anyValueText(value)
      const existing = pairs.get(name)
      pairs.set(name, existing === undefined ? text : `${existing};${text}`)
    }
    return pairs
  }

  #promoted({ attributes }: Resource): readonly Label[] {
    const { promote_all_resource_attributes: all, ignore_resource_attributes: ignored } = this.#options
    const { promote_resource_attributes: listed } = this.#options
    const wanted = attributes.filter(({ key }) => (all ? !ignored.includes(key) : listed.includes(key)))
    const found = this.#attempt(() => this.#attributeLabels(wanted))
    return found ? [...found] : []
  }

  #scopeLabels(scope: InstrumentationScope, schemaUrl: string): readonly Label[] {
    if (!this.#options.promote_scope_metadata || scope.name === '') return []
    const labels: Label[] = scope.attributes.map(({ key, value }) => [
      this.#labelName(`otel_scope_${key}`),
      anyValueText(value),
    ])
    labels.push(['otel_scope_name', scope.name], ['otel_scope_version', scope.version])
    labels.push(['otel_scope_schema_url', schemaUrl])
    return labels
  }

  #labelName(key: string): string {
    let name = this.#labelNames.get(key)
    if (name === undefined) {
      name = labelName(key, {
        allowUtf8: this.#allowUtf8,
        underscoreSanitization: this.#options.label_name_underscore_sanitization,
        preserveMultipleUnderscores: this.#options.label_name_preserve_multiple_underscores,
      })
      this.#labelNames.set(key, name)
    }
    return name
  }
}

interface Common {
  readonly resource: readonly Label[]
  readonly scope: readonly Label[]
}

/** `job` and `instance`, which every series of a resource has. */
function identity({ attributes }: Resource): Label[] {
  const valueOf = (key: string): string | undefined => {
    const found = attributes.find((attribute) => attribute.key === key)
    return found && anyValueText(found.value)
  }
  const labels: Label[] = []
  const service = valueOf(SERVICE_NAME)
  const namespace = valueOf(SERVICE_NAMESPACE)
  const instance = valueOf(SERVICE_INSTANCE)
  if (service !== undefined) labels.push(['job', namespace === undefined ? service : `${namespace}/${service}`])
  if (instance !== undefined) labels.push(['instance', instance])
  return labels
}

function withLabels(base: ReadonlyMap<string, string>, name: string, extra?: Label): Labels {
  const pairs: Label[] = [...base]
  if (extra) pairs.push(extra)
  pairs.push(['__name__', name])
  return labelsFromPairs(pairs)
}

/** Exemplars by the index of the first bucket that holds their value; Infinity for the last one. */
function exemplarsByBucket(point: OtlpHistogramPoint): Map<number, OtlpExemplar[]> {
  const found = new Map<number, OtlpExemplar[]>()
  for (const exemplar of point.exemplars) {
    const { value } = exemplar
    if (value === undefined) continue
    const index = point.bounds.findIndex((bound) => value <= bound)
    const key = index < 0 ? Infinity : index
    const list = found.get(key)
    if (list) list.push(exemplar)
    else found.set(key, [exemplar])
  }
  return found
}

function toExemplar({ attributes, value, timeMs, traceId, spanId }: OtlpExemplar): WrittenSample['exemplars'][number] {
  const labels: Label[] = []
  if (traceId.some((byte) => byte !== 0)) labels.push(['trace_id', Buffer.from(traceId).toString('hex')])
  if (spanId.some((byte) => byte !== 0)) labels.push(['span_id', Buffer.from(spanId).toString('hex')])
  const others = attributes.map((attribute): Label => [attribute.key, anyValueText(attribute.value)])
  const characters = [...labels, ...others].reduce((sum, [name, text]) => sum + [...name].length + [...text].length, 0)
  // Filtered attributes are left out as a whole when they would make the exemplar too long.
  if (characters <= MAX_EXEMPLAR_CHARACTERS) labels.push(...others)
  return { labels, value: value ?? 0, timeMs }
}

function typeOf({ data }: OtlpMetric): OtlpMetricType {
  if (data.kind === 'sum') return data.isMonotonic ? 'counter' : 'upDownCounter'
  return data.kind === 'empty' ? 'unknown' : data.kind
}

const METADATA_TYPES: Record<OtlpMetricType, MetricMetadata['type']> = {
  gauge: 'gauge',
  counter: 'counter',
  upDownCounter: 'gauge',
  histogram: 'histogram',
  exponentialHistogram: 'histogram',
  summary: 'summary',
  unknown: 'unknown',
}

/** Go's strconv.FormatFloat(value, 'f', -1, 64): shortest digits, never an exponent. */
export function formatFloat(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
  const text = Object.is(value, -0) ? '-0' : String(value)
  const [mantissa, exponent] = text.split('e')
  if (exponent === undefined) return text
  const sign = mantissa.startsWith('-') ? '-' : ''
  const [whole, fraction = ''] = mantissa.replace('-', '').split('.')
  const digits = whole + fraction
  const point = whole.length + Number(exponent)
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  return (
    sign + (point >= digits.length ? digits.padEnd(point, '0') : `${digits.slice(0, point)}.${digits.slice(point)}`)
  )
}
