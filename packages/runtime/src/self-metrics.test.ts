import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemClock } from './clock.ts'
import { createSelfMetrics } from './self-metrics.ts'

test('renders counters, gauges and histograms of one system', async () => {
  const metrics = createSelfMetrics({ clock: systemClock })
  metrics.counter('requests_total', 'Requests.', ['code']).inc({ code: '200' }, 3)
  metrics.gauge('head_series', 'Series.', [], (gauge) => gauge.set(7))
  metrics.histogram('duration_seconds', 'Duration.', [0.1, 1]).observe(0.5)
  let total = 5
  metrics.counterOf('bytes_total', 'Bytes.', () => total)
  const { text, contentType } = await metrics.render()
  assert.match(contentType, /^text\/plain; version=0\.0\.4/)
  assert.match(text, /^requests_total\{code="200"\} 3$/m)
  assert.match(text, /^head_series 7$/m)
  assert.match(text, /^duration_seconds_bucket\{le="1"\} 1$/m)
  assert.match(text, /^bytes_total 5$/m)
  total = 9
  assert.match((await metrics.render()).text, /^bytes_total 9$/m)
})

test('describes the process with plausible numbers', async () => {
  const { text } = await createSelfMetrics({ clock: systemClock }).render()
  const valueOf = (name: string): number => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1])
  assert.ok(valueOf('process_cpu_seconds_total') > 0)
  assert.ok(valueOf('process_resident_memory_bytes') > 10_000_000)
  assert.ok(Math.abs(valueOf('process_start_time_seconds') - (Date.now() / 1000 - process.uptime())) < 2)
  assert.ok(valueOf('process_open_fds') >= 3)
  assert.ok(valueOf('nodejs_heap_size_used_bytes') > 1_000_000)
  assert.ok(valueOf('nodejs_eventloop_lag_seconds') >= 0)
})

test('two systems in one process have separate registries', async () => {
  const [first, second] = [createSelfMetrics({ clock: systemClock }), createSelfMetrics({ clock: systemClock })]
  first.counter('only_first_total', 'x')
  assert.doesNotMatch((await second.render()).text, /only_first_total/)
})
