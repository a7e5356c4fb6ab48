import assert from 'node:assert/strict'
import { test } from 'node:test'
import { collectDefaultMetrics, Counter, Histogram, Pushgateway, Registry, Summary } from 'prom-client'
import { withPushgateway } from '../support.ts'

test('a real prom-client pushes, adds and deletes', () =>
  withPushgateway(async ({ pushed, url }) => {
    const registry = new Registry()
    const registers = [registry]
    new Counter({ name: 'jobs_total', help: 'Jobs "done" \\ or\nnot', labelNames: ['kind'], registers }).inc(
      { kind: 'a"b\\c\nd' },
      3,
    )
    new Histogram({ name: 'size', help: 'Sizes', buckets: [1, 2.5], registers }).observe(2)
    new Summary({ name: 'took', help: 'Times', percentiles: [0.5], registers }).observe(7)
    const client = new Pushgateway(url, {}, registry)
    const groupings = { path: 'var tmp' }
    await client.push({ jobName: 'batch job', groupings })
    const labels = 'instance="",job="batch job"'
    const lines = [
      '# HELP jobs_total Jobs "done" \\\\ or\\nnot',
      '# TYPE jobs_total counter',
      `jobs_total{${labels},kind="a\\"b\\\\c\\nd",path="var tmp"} 3`,
      '# HELP size Sizes',
      '# TYPE size histogram',
      `size_bucket{${labels},path="var tmp",le="1"} 0`,
      `size_bucket{${labels},path="var tmp",le="2.5"} 1`,
      `size_bucket{${labels},path="var tmp",le="+Inf"} 1`,
      `size_sum{${labels},path="var tmp"} 2`,
      `size_count{${labels},path="var tmp"} 1`,
      '# HELP took Times',
      '# TYPE took summary',
      `took{${labels},path="var tmp",quantile="0.5"} 7`,
      `took_sum{${labels},path="var tmp"} 7`,
      `took_count{${labels},path="var tmp"} 1`,
    ]
    assert.deepEqual(await pushed(), lines)
    const more = new Registry()
    new Counter({ name: 'zz_total', help: 'Z', registers: [more] }).inc()
    await new Pushgateway(url, {}, more).pushAdd({ jobName: 'batch job', groupings })
    assert.deepEqual(await pushed(), [
      ...lines,
      '# HELP zz_total Z',
      '# TYPE zz_total counter',
      `zz_total{${labels},path="var tmp"} 1`,
    ])
    await client.delete({ jobName: 'batch job', groupings })
    assert.deepEqual(await pushed(), [])
  }))

test('default metrics of another process stand beside those of the Pushgateway', () =>
  withPushgateway(async ({ request, url }) => {
    const registry = new Registry()
    collectDefaultMetrics({ register: registry })
    await new Pushgateway(url, {}, registry).push({ jobName: 'batch' })
    const { text } = await request('GET', '/metrics')
    assert.match(text, /^process_start_time_seconds \d/m)
    assert.match(text, /^process_start_time_seconds\{instance="",job="batch"\} \d/m)
  }))
