import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seededRandom } from '@quartet/storage/testing'
import { ConfigError } from '@quartet/runtime'
import { loadTempoConfig } from '../../src/config/tempo-config.ts'

const SEED = Number(process.env['SEED'] ?? 7)

const GOOD = `metrics_generator:
  processor:
    service_graphs: { wait: 10s, max_items: 5, workers: 2, dimensions: [a], histogram_override: both }
    span_metrics:
      histogram_buckets: [1, 2]
      dimension_mappings: [{ name: n, source_labels: [a, b], join: x }]
      filter_policies: [{ include: { match_type: regex, attributes: [{ key: span.x, value: "a+" }] } }]
      intrinsic_dimensions: { span_kind: false }
  registry: { collection_interval: 1s, stale_duration: 5m, external_labels: { a: b } }
  storage:
    path: /x
    remote_write:
      - url: http://localhost/write
        send_exemplars: true
        headers: { x: y }
        basic_auth: { username: u, password: p }
        write_relabel_configs: [{ source_labels: [a], regex: b, action: drop }]
        queue_config: { max_samples_per_send: 100, min_backoff: 5ms }
overrides:
  defaults:
    metrics_generator:
      processors: [service-graphs, span-metrics]
      max_active_series: 10
      processor: { span_metrics: { dimensions: [k] } }
`

test(`a damaged configuration is read or refused with its place (seed ${SEED})`, async () => {
  const { next: random } = seededRandom(SEED)
  const words = GOOD.match(/[\w./-]+/g)!
  const odd = ['', '[]', '{}', '-1', '1e9', 'null', 'true', '"("', '{ a: ', '*x', 'native', '0s', '99999999999h']
  assert.ok((await loadTempoConfig({ path: 't.yaml', text: GOOD })).config.generator)
  for (let round = 0; round < 400; round++) {
    const word = words[Math.floor(random() * words.length)]
    const by = random() < 0.5 ? odd[Math.floor(random() * odd.length)] : words[Math.floor(random() * words.length)]
    const text = GOOD.replace(word, () => by)
    try {
      await loadTempoConfig({ path: 't.yaml', text })
    } catch (error) {
      assert.ok(error instanceof ConfigError, `round ${round}, "${word}" → "${by}": ${String(error)}`)
      for (const problem of error.problems) assert.match(problem, /^t\.yaml:\d+:\d+: error: ./, `round ${round}`)
    }
  }
})
