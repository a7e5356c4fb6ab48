import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ConfigError } from '@quartet/runtime'
import type { GeneratorConfig } from './generator-config.ts'
import { loadTempoConfig } from './tempo-config.ts'

const STORAGE = `metrics_generator:
  storage:
    path: /var/tempo/generator
    remote_write:
      - url: http://127.0.0.1:9090/api/v1/write
`

async function load(text: string): Promise<{ generator: GeneratorConfig | undefined; findings: string[] }> {
  const { config, findings } = await loadTempoConfig({ path: 'tempo.yaml', text })
  return { generator: config.generator, findings: findings.map(({ at, message }) => `${at}: ${message}`) }
}

const problemsOf = (text: string): Promise<readonly string[]> =>
  load(text).then(
    () => [],
    (error: unknown) => {
      assert.ok(error instanceof ConfigError, String(error))
      return error.problems
    },
  )

describe('metrics_generator', () => {
  it('is off until overrides enable a processor', async () => {
    assert.equal((await load(STORAGE)).generator, undefined)
    const on = await load(`${STORAGE}overrides: { defaults: { metrics_generator: { processors: [local-blocks] } } }`)
    assert.equal(on.generator, undefined)
  })

  it('has upstream defaults', async () => {
    const text = `${STORAGE}overrides: { defaults: { metrics_generator: { processors: [service-graphs, span-metrics] } } }`
    const { generator } = await load(text)
    assert.equal(generator?.collectionIntervalMs, 15_000)
    assert.equal(generator.staleMs, 900_000)
    assert.equal(generator.slackMs, 30_000)
    assert.equal(generator.traceIdLabel, 'traceID')
    assert.equal(generator.remoteWrite[0].sendExemplars, false)
    assert.deepEqual(generator.serviceGraphs?.buckets, [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8])
    assert.deepEqual(generator.serviceGraphs?.peerAttributes, ['peer.service', 'db.name', 'db.system'])
    assert.equal(generator.spanMetrics?.buckets.length, 14)
    assert.equal(generator.spanMetrics?.buckets.at(-1), 16.384)
  })

  it('takes overrides in the nested and in the flat form', async () => {
    const nested = await load(`${STORAGE}overrides:
  defaults:
    metrics_generator:
      processors: [span-metrics-count]
      max_active_series: 5
      collection_interval: 30s
      processor: { span_metrics: { dimensions: [a] } }
`)
    const flat = await load(`${STORAGE}overrides:
  metrics_generator_processors: [span-metrics-count]
  metrics_generator_max_active_series: 5
  metrics_generator_collection_interval: 30s
  metrics_generator_processor_span_metrics_dimensions: [a]
`)
    assert.equal(nested.generator?.maxActiveSeries, 5)
    assert.equal(nested.generator?.spanMetrics?.latency, false)
    assert.deepEqual(flat.generator, nested.generator)
  })

  it('says why enabled processors do nothing', async () => {
    const overrides = 'overrides:\n  defaults:\n    metrics_generator:\n      processors: [span-metrics]\n'
    assert.match((await load(overrides)).findings[0], /^tempo.yaml:4:19: .*storage.path is missing$/)
    const { findings } = await load(`metrics_generator: { storage: { path: /x } }\n${overrides}`)
    assert.match(findings[0], /no metrics_generator.storage.remote_write/)
  })

  it('refuses native histograms alone, and says that both are classic', async () => {
    const native = `${STORAGE}overrides:\n  defaults:\n    metrics_generator:\n      generate_native_histograms: native\n`
    assert.deepEqual(await problemsOf(native), [
      'tempo.yaml:9:35: error: native histograms cannot be written yet; use classic',
    ])
    const { findings } = await load(native.replace(': native', ': both'))
    assert.match(findings[0], /native histograms cannot be written yet: classic ones are/)
  })

  it('reports every mistake with its place', async () => {
    const text = `metrics_generator:
  processor:
    service_graphs: { waitt: 1s, histogram_buckets: [2, 1] }
    span_metrics:
      filter_policies:
        - include: { match_type: fuzzy }
        - exclude: { match_type: regex, attributes: [{ key: span.a, value: "(" }, { key: duration, value: 1s }] }
  storage:
    remote_write:
      - url: nowhere
        oauth2: { client_id: x }
overrides:
  defaults:
    metrics_generator:
      processors: [span-metrics, nonsense]
`
    const problems = await problemsOf(text)
    for (const part of [
      '3:23',
      '3:53',
      'fuzzy|match_type',
      'missing closing \\)',
      'duration',
      '10:14',
      'oauth2',
      '15:34',
    ]) {
      assert.ok(
        problems.some((problem) => new RegExp(part).test(problem)),
        `${part} in\n${problems.join('\n')}`,
      )
    }
  })

  it('refuses dimensions that give one label twice', async () => {
    const text = `metrics_generator:
  processor: { span_metrics: { dimensions: [a.b, a_b] } }
  storage: { path: /x, remote_write: [{ url: "http://x/" }] }
overrides: { defaults: { metrics_generator: { processors: [span-metrics] } } }
`
    assert.match((await problemsOf(text))[0], /^tempo.yaml:2:\d+: error: the dimension "a_b" gives the label "a_b"/)
  })
})
