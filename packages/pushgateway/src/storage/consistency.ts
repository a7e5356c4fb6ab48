import { formatGoFloat, isLabelName, kindOf } from '@quartet/model'
import type { FamilyMetric, FamilyType, MetricFamily } from '@quartet/model'

/** Metrics that contradict each other or what is there already; the message is upstream's. */
export class InconsistentError extends Error {
  override name = 'InconsistentError'
}

/** What a family is checked against. */
export interface KnownMetrics {
  /** The type that other groups or the Pushgateway itself give to a name. */
  typeOf(name: string): FamilyType | undefined
  /** Whether another group, or the Pushgateway itself, has the metric already. */
  has(name: string, signature: string): boolean
}

/** @throws InconsistentError with the first contradiction */
export function checkFamily(family: MetricFamily, known: KnownMetrics): void {
  const { metrics, name } = family
  checkSuffixes(family, known)
  const type = known.typeOf(name) ?? family.type
  const seen = new Set<string>()
  for (const metric of metrics) {
    if (kindOf(type) !== metric.value.kind) fail(name, metric, `is not a ${type}`)
    checkLabels(name, metric)
    const signature = seriesSignature(metric)
    if (seen.has(signature) || known.has(name, signature)) {
      fail(name, metric, 'was collected before with the same name and label values')
    }
    seen.add(signature)
  }
}

/** Equal for metrics of one family that would be one series. Labels must be sorted. */
export function seriesSignature({ labels }: FamilyMetric): string {
  return labels.map(({ name, value }) => `${name}\xff${value}`).join('\xfe')
}

function checkLabels(name: string, metric: FamilyMetric): void {
  let previous: string | undefined
  for (const { name: label } of metric.labels) {
    if (label === previous) fail(name, metric, `has two or more labels with the same name: ${label}`)
    if (!isLabelName(label, 'utf8') || label.startsWith('__'))
      fail(name, metric, `has a label with an invalid name: ${label}`)
    if (metric.value.kind === 'summary' && label === 'quantile')
      fail(name, metric, 'must not have an explicit "quantile" label')
    previous = label
  }
}

/** `x_count` beside a summary `x` would be two series of one name. */
function checkSuffixes({ name, type }: MetricFamily, known: KnownMetrics): void {
  const [, base = '', suffix = ''] = /^([^]+)_(count|sum|bucket)$/.exec(name) ?? []
  const whole = base === '' ? undefined : known.typeOf(base)
  const kind = whole && kindOf(whole)
  if (kind === 'histogram' || (kind === 'summary' && suffix !== 'bucket')) {
    throw new InconsistentError(
      `collected metric named ${JSON.stringify(name)} collides with previously collected ${kind} named ${JSON.stringify(base)}`,
    )
  }
  const own = kindOf(type)
  if (own !== 'summary' && own !== 'histogram') return
  for (const part of own === 'summary' ? ['_count', '_sum'] : ['_count', '_sum', '_bucket']) {
    if (known.typeOf(name + part) === undefined) continue
    throw new InconsistentError(
      `collected ${own} named ${JSON.stringify(name)} collides with previously collected metric named ${JSON.stringify(name + part)}`,
    )
  }
}

function fail(name: string, metric: FamilyMetric, problem: string): never {
  throw new InconsistentError(`collected metric ${JSON.stringify(name)} { ${describe(metric)}} ${problem}`)
}

/** The metric as Go prints its protobuf message. */
function describe({ labels, value }: FamilyMetric): string {
  const parts = labels.map((label) => `label:{name:${JSON.stringify(label.name)} value:${JSON.stringify(label.value)}}`)
  switch (value.kind) {
    case 'summary': {
      const quantiles = value.quantiles.map(
        (at) => ` quantile:{quantile:${formatGoFloat(at.quantile)} value:${formatGoFloat(at.value)}}`,
      )
      parts.push(`summary:{sample_count:${value.count} sample_sum:${formatGoFloat(value.sum)}${quantiles.join('')}}`)
      break
    }
    case 'histogram': {
      const buckets = value.buckets.map(
        (bucket) => ` bucket:{cumulative_count:${bucket.count} upper_bound:${formatGoFloat(bucket.upperBound)}}`,
      )
      parts.push(`histogram:{sample_count:${value.count} sample_sum:${formatGoFloat(value.sum)}${buckets.join('')}}`)
      break
    }
    default:
      parts.push(`${value.kind}:{value:${formatGoFloat(value.value)}}`)
  }
  return parts.join(' ')
}
