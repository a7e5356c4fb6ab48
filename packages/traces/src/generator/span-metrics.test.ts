import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { testGenerator } from '../../test/support/generator.ts'

describe('span metrics', () => {
  it('count spans by service, name, kind and status', async () => {
    const { generator, send, sink } = await testGenerator({ overrides: 'processors: [span-metrics-count]' })
    send({ service: 'shop', kind: 'SERVER' }, { service: 'shop', kind: 'SERVER' }, { service: 'db', status: 'ERROR' })
    await generator.collect()
    assert.deepEqual(sink.series('traces_'), [
      'traces_spanmetrics_calls_total{service="db",span_kind="SPAN_KIND_INTERNAL",span_name="GET /",status_code="STATUS_CODE_ERROR"} 1',
      'traces_spanmetrics_calls_total{service="shop",span_kind="SPAN_KIND_SERVER",span_name="GET /",status_code="STATUS_CODE_UNSET"} 2',
    ])
  })

  it('observe latency in buckets from 2 ms to 16 s, each with its latest trace', async () => {
    const { generator, send, sink } = await testGenerator({ overrides: 'processors: [span-metrics-latency]' })
    send(
      { service: 's', lasts: 0.002, trace: 'first' },
      { service: 's', lasts: 3 },
      { service: 's', lasts: 20, ago: 1 },
    )
    await generator.collect()
    const buckets = sink.series('_bucket').map((line) => /le="([^"]+)".*} (\d+)/.exec(line)!.slice(1).join(' '))
    const bounds = ['0.002', '0.004', '0.008', '0.016', '0.032', '0.064', '0.128', '0.256', '0.512', '1.024', '2.048']
    assert.deepEqual(
      new Set(buckets),
      new Set([...bounds.map((le) => `${le} 1`), '4.096 2', '8.192 2', '16.384 2', '+Inf 3']),
    )
    assert.match(sink.series('_sum')[0], /^traces_spanmetrics_latency_sum.* 23.002$/)
    assert.match(sink.series('_count')[0], / 3$/)
    assert.equal(sink.exemplars.length, 3)
    assert.match(sink.exemplars[0], /le="0.002".* \{traceID="66697273742e2e2e2e2e2e2e2e2e2e2e"} 0.002$/)
    await generator.collect()
    assert.equal(sink.exemplars.length, 3, 'an exemplar is written once')
  })

  it('sum the bytes of spans', async () => {
    const { generator, send, sink } = await testGenerator({ overrides: 'processors: [span-metrics-size]' })
    send({ service: 's', name: 'a' })
    send({ service: 's', name: 'a', attributes: { pad: 'x'.repeat(100) } })
    await generator.collect()
    const [line] = sink.series('traces_spanmetrics_size_total')
    const size = Number(line.split(' ').at(-1))
    assert.ok(size > 200 && size < 300, line)
  })

  it('take dimensions from the resource before the span, apart from the labels of the processor', async () => {
    const { generator, send, sink } = await testGenerator({
      overrides: 'processors: [span-metrics-count]',
      generator: `processor:
  span_metrics:
    intrinsic_dimensions: { span_kind: false, status_code: false, status_message: true }
    dimensions: [http.method, code, up, ratio, span.name, list, missing]
    dimension_mappings:
      - name: deployment
        source_labels: [region, zone]
        join: "-"`,
    })
    const attributes = {
      'http.method': 'GET',
      code: 404n,
      up: true,
      ratio: 1e21,
      'span.name': 'x',
      zone: 'b',
      list: [1n, 'a'],
    }
    send({ service: 's', message: 'no', resource: { region: 'eu', 'http.method': 'PUT' }, attributes })
    await generator.collect()
    assert.deepEqual(sink.series('calls_total'), [
      'traces_spanmetrics_calls_total{__span_name="x",code="404",deployment="eu-b",http_method="PUT",list="[1a]",ratio="1000000000000000000000",service="s",span_name="GET /",status_message="no",up="true"} 1',
    ])
  })

  it('multiply by the inverse of the sampling ratio', async () => {
    const { generator, send, sink } = await testGenerator({
      overrides: 'processors: [span-metrics-count, span-metrics-latency]',
      generator: 'processor:\n  span_metrics:\n    span_multiplier_key: ratio',
    })
    send({ service: 's', lasts: 0.5, attributes: { ratio: 0.1 } })
    send({ service: 's', lasts: 0.5, resource: { ratio: 0.5 } })
    send({ service: 's', lasts: 0.5, attributes: { ratio: 0 } })
    send({ service: 's', lasts: 0.5, attributes: { ratio: 'many' } })
    await generator.collect()
    assert.match(sink.series('calls_total')[0], / 14$/)
    assert.match(sink.series('latency_sum')[0], / 7$/)
  })

  it('make target info of resources, with job and instance', async () => {
    const { generator, send, sink } = await testGenerator({
      overrides: 'processors: [span-metrics-count]',
      generator: `processor:
  span_metrics:
    enable_target_info: true
    target_info_excluded_dimensions: [secret]`,
    })
    const identity = { 'service.namespace': 'eu', 'service.instance.id': 'i-1' }
    send({ service: 's', resource: { ...identity, 'host.name': 'h', secret: 'x', job: 'mine', '1st': 'no' } })
    send({ service: 'bare' })
    send({ resource: { 'host.name': 'nameless' } })
    await generator.collect()
    assert.deepEqual(sink.series('traces_target_info'), [
      'traces_target_info{__job="mine",host_name="h",instance="i-1",job="eu/s"} 1',
    ])
    assert.equal(sink.series('calls_total', 'job="eu/s"', 'instance="i-1"').length, 1)
    assert.equal(sink.series('calls_total', 'job="bare"').length, 1)
    assert.equal(sink.series('calls_total').length, 3)
  })

  it('count only what the policies let pass', async () => {
    const { generator, metrics, send, sink } = await testGenerator({
      overrides: 'processors: [span-metrics-count]',
      generator: `processor:
  span_metrics:
    filter_policies:
      - include:
          match_type: strict
          attributes:
            - { key: kind, value: SPAN_KIND_SERVER }
            - { key: resource.region, value: eu }
      - exclude:
          match_type: regex
          attributes: [{ key: name, value: "health|ready" }]
      - exclude:
          match_type: strict
          attributes: [{ key: span.code, value: 1 }]`,
    })
    const server = { service: 's', kind: 'SERVER', resource: { region: 'eu' } } as const
    send(
      { ...server, name: 'kept' },
      { ...server, name: '/healthz' },
      { ...server, name: 'us', resource: { region: 'us' } },
    )
    send({ ...server, name: 'client', kind: 'CLIENT' })
    send({ ...server, name: 'one', attributes: { code: 1n } }, { ...server, name: 'text', attributes: { code: '1' } })
    await generator.collect()
    assert.deepEqual(
      sink.series('calls_total').map((line) => /span_name="(\w+)"/.exec(line)![1]),
      ['kept', 'text'],
    )
    assert.match((await metrics.render()).text, /spans_discarded_total\{.*reason="span_metrics_filtered".*\} 4/)
  })

  it('leave out what is not UTF-8, and count it', async () => {
    const { generator, metrics, send, sink } = await testGenerator()
    send({ service: '\ud800' })
    await generator.collect()
    // A lone surrogate reaches OTLP as U+FFFD, which is fine; broken bytes come in test/property.
    assert.equal(sink.series('calls_total').length, 1)
    assert.doesNotMatch((await metrics.render()).text, /reason="invalid_utf8"/)
  })
})
