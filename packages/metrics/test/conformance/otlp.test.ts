import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { after, test } from 'node:test'
import { otlpJsonToProto, OtlpMetricsReader } from '@quartet/model'
import { labelName, metricName, OtlpNameError, unitName } from '../../src/ingest/otlp-names.ts'
import type { OtlpMetricType } from '../../src/ingest/otlp-names.ts'
import { DEFAULT_OTLP_TRANSLATION, translateOtlp } from '../../src/ingest/otlp-translation.ts'
import type { OtlpTranslationOptions } from '../../src/ingest/otlp-translation.ts'

/** Runs upstream's own cases (see SOURCE.md beside them) through the code that serves requests. */
const FACTS = process.env.QUARTET_CONFORMANCE ?? '/work/shared/conformance'
const isPresent = existsSync(`${FACTS}/otlp/facts`)

/** Cases that are known to fail, by file and line in the upstream table, with the reason. */
const KNOWN_FAILURES: Record<string, string> = JSON.parse(
  readFileSync(new URL('otlp.known-failures.json', import.meta.url), 'utf8'),
)

const totals = { passed: 0, failed: 0, skipped: 0 }
after(() => {
  console.log(`otlp: ${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`)
})

interface Case {
  readonly src_line?: number
  readonly name?: string
}

/** Runs every case of a file; `check` throws for a failure and returns false to skip. */
function runCases<T extends Case>(file: string, check: (one: T) => boolean | void): void {
  test(`${file} holds`, { skip: !isPresent && `no conformance corpus in ${FACTS}` }, () => {
    const { cases } = JSON.parse(readFileSync(`${FACTS}/otlp/facts/${file}.json`, 'utf8')) as { cases: T[] }
    const unexpected: string[] = []
    for (const one of cases) {
      const id = `${file}:${one.src_line ?? one.name}`
      try {
        if (check(one) === false) totals.skipped++
        else {
          totals.passed++
          if (KNOWN_FAILURES[id]) unexpected.push(`${id} passes now: take it off the list`)
        }
      } catch (error) {
        totals.failed++
        if (!KNOWN_FAILURES[id]) unexpected.push(`${id} ${one.name ?? ''}: ${(error as Error).message}`)
      }
    }
    assert.deepEqual(unexpected, [])
  })
}

const TYPES: Record<string, OtlpMetricType> = {
  MetricTypeGauge: 'gauge',
  MetricTypeMonotonicCounter: 'counter',
  MetricTypeNonMonotonicCounter: 'upDownCounter',
  MetricTypeHistogram: 'histogram',
  MetricTypeExponentialHistogram: 'exponentialHistogram',
  MetricTypeSummary: 'summary',
}

interface MetricNameCase extends Case {
  readonly options: {
    readonly UTF8Allowed?: boolean
    readonly WithMetricSuffixes?: boolean
    readonly Namespace?: string
  }
  readonly metric: { readonly name: string; readonly unit: string; readonly type: string }
  readonly metric_name: string
  readonly unit_name: string
  readonly error: string | null
}

runCases<MetricNameCase>('metric_names', ({ options, metric, metric_name, unit_name, error }) => {
  const { UTF8Allowed = false, WithMetricSuffixes = false, Namespace = '' } = options
  const build = (): string =>
    metricName(
      { ...metric, type: TYPES[metric.type] ?? 'unknown' },
      { allowUtf8: UTF8Allowed, withSuffixes: WithMetricSuffixes, namespace: Namespace },
    )
  if (error) assert.throws(build, (thrown) => thrown instanceof OtlpNameError && thrown.message === error)
  else assert.equal(build(), metric_name)
  assert.equal(unitName(metric.unit, UTF8Allowed), unit_name)
})

interface LabelNameCase extends Case {
  readonly label: string
  readonly sanitized: string
  readonly sanitizedMultipleUnderscores?: string
}

runCases<LabelNameCase>('label_names', ({ label, sanitized, sanitizedMultipleUnderscores = sanitized }) => {
  for (const [preserve, expected] of [
    [false, sanitized],
    [true, sanitizedMultipleUnderscores],
  ] as const) {
    const build = (): string =>
      labelName(label, { allowUtf8: false, underscoreSanitization: false, preserveMultipleUnderscores: preserve })
    if (expected === '') assert.throws(build, OtlpNameError)
    else assert.equal(build(), expected)
  }
})

type Attributes = Record<string, string>

const DEFAULT_RESOURCE: Attributes = {
  'service.name': 'service name',
  'service.instance.id': 'service ID',
  'existent-attr': 'resource value',
  'metric-attr': 'resource value',
  job: 'resource value',
  instance: 'resource value',
}
const DEFAULT_POINT: Attributes = { 'metric-attr': 'metric value', 'metric-attr-other': 'metric value other' }
const UNDERSCORED_RESOURCE: Attributes = {
  'service.name': 'service name',
  'service.instance.id': 'service ID',
  _private: 'private value',
  __reserved__: 'reserved value',
  label___multi: 'multi value',
}
const UNDERSCORED_POINT: Attributes = { _metric_private: 'private metric', metric___multi: 'multi metric' }

interface AttributesCase extends Case {
  readonly scope?: {
    readonly name?: string
    readonly version?: string
    readonly schemaURL?: string
    readonly attributes?: Attributes
  }
  readonly resource?: string
  readonly attrs?: string
  readonly promoteScope?: boolean
  readonly promoteResourceAttributes?: readonly string[] | null
  readonly promoteAllResourceAttributes?: boolean
  readonly ignoreResourceAttributes?: readonly string[]
  readonly ignoreAttrs?: readonly string[]
  readonly labelNameUnderscoreSanitization?: boolean
  readonly labelNamePreserveMultipleUnderscores?: boolean
  readonly expectedLabels: Attributes
}

runCases<AttributesCase>('attributes_to_labels', (one) => {
  // Upstream's table passes attributes to ignore into an inner function; only target_info uses that.
  if (one.ignoreAttrs) return false
  const isUnderscored = one.resource === 'with_underscores'
  const [translated] = translate(
    {
      resource: { attributes: attributesOf(isUnderscored ? UNDERSCORED_RESOURCE : DEFAULT_RESOURCE) },
      scopeMetrics: [
        {
          scope: {
            name: one.scope?.name,
            version: one.scope?.version,
            attributes: attributesOf(one.scope?.attributes ?? {}),
          },
          schemaUrl: one.scope?.schemaURL,
          metrics: [
            {
              name: 'test_metric',
              gauge: {
                dataPoints: [
                  {
                    timeUnixNano: '1',
                    asDouble: 1,
                    attributes: attributesOf(isUnderscored ? UNDERSCORED_POINT : DEFAULT_POINT),
                  },
                ],
              },
            },
          ],
        },
      ],
    },
    {
      promote_scope_metadata: one.promoteScope ?? false,
      promote_resource_attributes: one.promoteResourceAttributes ?? [],
      promote_all_resource_attributes: one.promoteAllResourceAttributes ?? false,
      ignore_resource_attributes: one.ignoreResourceAttributes ?? [],
      label_name_underscore_sanitization: one.labelNameUnderscoreSanitization ?? false,
      label_name_preserve_multiple_underscores: one.labelNamePreserveMultipleUnderscores ?? false,
    },
  ).samples
  assert.deepEqual(Object.fromEntries(translated.labels), one.expectedLabels)
  return true
})

interface TemporalityCase extends Case {
  readonly allow_delta: boolean
  readonly convert_to_nhcb: boolean
  readonly input: readonly { readonly kind: string; readonly metric: string; readonly temporality: string | null }[]
  readonly accepted_samples_of: readonly string[]
  readonly accepted_histograms_of: readonly string[]
  readonly error: string | null
}

runCases<TemporalityCase>('temporality', (one) => {
  const metrics = one.input.map(({ kind, metric: name, temporality }) => {
    const aggregationTemporality = ['Unspecified', 'Delta', 'Cumulative'].indexOf(temporality ?? 'Unspecified')
    const dataPoints = [{ timeUnixNano: '1000000', asDouble: 1 }]
    if (kind === 'Sum') return { name, sum: { aggregationTemporality, isMonotonic: true, dataPoints } }
    if (kind === 'ExplicitHistogram')
      return { name, histogram: { aggregationTemporality, dataPoints: [{ timeUnixNano: '1000000' }] } }
    if (kind === 'Gauge') return { name, gauge: { dataPoints } }
    if (kind === 'ExponentialHistogram') {
      return { name, exponentialHistogram: { aggregationTemporality, dataPoints: [{ timeUnixNano: '1000000' }] } }
    }
    return { name }
  })
  const { samples, problems } = translate(
    { resource: {}, scopeMetrics: [{ metrics }] },
    {
      allowDelta: one.allow_delta,
      translation_strategy: 'NoTranslation',
      convert_histograms_to_nhcb: one.convert_to_nhcb,
    },
  )
  const namesOf = (areHistograms: boolean): (string | undefined)[] =>
    samples
      .filter(({ histogram }) => (histogram !== undefined) === areHistograms)
      .map(({ labels }) => labels.find(([name]) => name === '__name__')?.[1])
  assert.deepEqual(namesOf(false), [...one.accepted_samples_of])
  assert.deepEqual(namesOf(true), [...one.accepted_histograms_of])
  assert.deepEqual(problems, one.error === null ? [] : [one.error])
  return true
})

interface WriteCase extends Case {
  readonly otlpCfg: { readonly TranslationStrategy: OtlpTranslationOptions['translation_strategy'] }
  readonly typeAndUnitLabels?: boolean
  readonly expectedSamples: readonly { readonly l: Attributes; readonly t: string; readonly v: number }[]
  readonly expectedMetadata: readonly {
    readonly l: Attributes
    readonly m: { readonly Type: string; readonly Unit: string; readonly Help: string }
  }[]
}

runCases<WriteCase>('otlp_write', (one) => {
  const request = JSON.parse(readFileSync(`${FACTS}/otlp/facts/otlp_write_request.json`, 'utf8')) as {
    resourceMetrics: unknown[]
  }
  const { samples, metadata } = translate(request.resourceMetrics[0], {
    translation_strategy: one.otlpCfg.TranslationStrategy,
    typeAndUnitLabels: one.typeAndUnitLabels ?? false,
  })
  const found = samples.map(({ labels, timeMs, value }) => ({ l: Object.fromEntries(labels), t: timeMs, v: value }))
  for (const { l, v } of one.expectedSamples) {
    assert.ok(
      found.some((sample) => isSame(sample.l, l) && sample.v === v && sample.t === 1_700_000_000_000),
      `no sample ${JSON.stringify(l)} ${v}`,
    )
  }
  for (const { l, m } of one.expectedMetadata) {
    const name = l.__name__
    const entry = metadata.find(({ family }) => name === family || name.replace(/_(sum|count|bucket)$/, '') === family)
    assert.ok(entry, `no metadata for ${name}`)
    assert.equal(`MetricType${entry.type}`.toLowerCase(), m.Type.toLowerCase())
    assert.deepEqual([entry.unit, entry.help], [m.Unit, m.Help])
    assert.ok(
      found.some((sample) => isSame(sample.l, l)),
      `no series ${JSON.stringify(l)}`,
    )
  }
  return true
})

function isSame(a: Attributes, b: Attributes): boolean {
  const sorted = (labels: Attributes): string => JSON.stringify(Object.entries(labels).sort())
  return sorted(a) === sorted(b)
}

function attributesOf(attributes: Attributes): unknown[] {
  return Object.entries(attributes).map(([key, stringValue]) => ({ key, value: { stringValue } }))
}

function translate(
  resourceMetrics: unknown,
  options: Partial<OtlpTranslationOptions>,
): ReturnType<typeof translateOtlp> {
  const message = otlpJsonToProto('metrics', JSON.stringify({ resourceMetrics: [resourceMetrics] }))
  return translateOtlp(new OtlpMetricsReader().read(message), { ...DEFAULT_OTLP_TRANSLATION, ...options })
}
