import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { START_MS, testGenerator } from '../../test/support/generator.ts'

const count = { overrides: 'processors: [span-metrics-count]' }

describe('the registry', () => {
  it('begins a counter with a zero before the minute, so that rate sees the first increase', async () => {
    const { generator, send, sink, wait } = await testGenerator(count)
    await wait(60_000)
    send({ service: 's' })
    await generator.collect()
    const times = sink.lines.map((line) => line.split('} ')[1])
    // 12:01:30: the zero stands at 12:00:59.
    assert.deepEqual(times, [`0 @${START_MS + 29_000}`, `1 @${START_MS + 60_000}`])
    await wait(15_000)
    await generator.collect()
    assert.equal(sink.lines.at(-1)!.split('} ')[1], `1 @${START_MS + 75_000}`)
    assert.equal(sink.lines.length, 3)
  })

  it('writes nothing older than its start: an earlier run may have written the series until then', async () => {
    const { generator, send, sink, wait } = await testGenerator(count)
    await wait(5000)
    send({ service: 's' })
    await generator.collect()
    assert.equal(sink.lines[0].split('} ')[1], `0 @${START_MS + 1}`)
  })

  it('ends series that no span touches any more, and begins them anew', async () => {
    const { generator, send, sink, wait } = await testGenerator(count)
    send({ service: 'gone' }, { service: 'stays' })
    await generator.collect()
    await wait(16 * 60_000)
    send({ service: 'stays' })
    generator.removeStale()
    assert.equal(generator.activeSeries, 1)
    sink.last.clear()
    await generator.collect()
    assert.deepEqual(
      sink.series('calls').map((line) => line.split(' ').at(-1)),
      ['2'],
    )
    await wait(1000)
    send({ service: 'gone' }, { service: 'gone' })
    await generator.collect()
    assert.match(sink.series('gone')[0], / 2$/)
  })

  it('refuses series beyond max_active_series, whole metrics at a time', async () => {
    const { generator, metrics, send, sink, wait } = await testGenerator({
      overrides: 'processors: [span-metrics]\nmax_active_series: 40',
    })
    for (let index = 0; index < 100; index++) send({ service: `s${index}` })
    await generator.collect()
    // 19 series a label set: two whole, then counters while there is room.
    assert.equal(generator.activeSeries, 40)
    assert.equal(sink.series('latency_count').length, 2)
    assert.equal(sink.series('calls_total').length + sink.series('size_total').length, 6)
    send({ service: 's0' })
    await wait(1000)
    await generator.collect()
    assert.match(sink.series('calls_total', '"s0"')[0], / 2$/)
    assert.match((await metrics.render()).text, /registry_series_limited_total\{tenant="single-tenant"\} [1-9]/)
  })

  it('adds external labels, which win, and cuts long values', async () => {
    const { generator, send, sink } = await testGenerator({
      ...count,
      generator: 'registry:\n  external_labels: { source: tempo, service: fixed }\n  max_label_value_length: 4',
    })
    send({ service: 's', name: 'abcdé' })
    send({ service: 's', name: 'abcé' })
    await generator.collect()
    assert.deepEqual(
      sink.series('calls').map((line) => /service="(\w+)".*source="(\w+)".*span_name="(\w+)"/.exec(line)!.slice(1)),
      [
        ['fixed', 'tempo', 'abc'],
        ['fixed', 'tempo', 'abcd'],
      ],
    )
  })

  it('leaves out spans that ended outside of the slack', async () => {
    const { generator, metrics, send, sink } = await testGenerator(count)
    send({ service: 's', ago: 29 }, { service: 's', ago: 31 }, { service: 's', ago: -31 }, { service: 's', ago: -29 })
    await generator.collect()
    assert.match(sink.series('calls')[0], / 2$/)
    assert.match((await metrics.render()).text, /reason="outside_metrics_ingestion_slack".*\} 2/)
  })

  it('says so when the sink refuses, and writes the same again next time', async () => {
    const { generator, metrics, send, sink, wait } = await testGenerator(count)
    send({ service: 's' })
    sink.failure = new Error('full')
    await generator.collect()
    assert.match((await metrics.render()).text, /collections_failed_total\{tenant="single-tenant"\} 1/)
    sink.failure = undefined
    await wait(15_000)
    await generator.collect()
    assert.match(sink.series('calls')[0], / 1$/)
  })

  it('resolves its series anew when the sink forgot them', async () => {
    const { generator, send, sink, wait } = await testGenerator()
    send({ service: 's', kind: 'CLIENT', attributes: { 'db.name': 'd' } })
    await generator.collect()
    sink.epoch++
    await wait(1000)
    await generator.collect()
    assert.match(sink.series('calls')[0], / 1$/)
  })

  it('writes nothing under the name of another series when the sink forgets in the middle', async () => {
    const { generator, send, sink } = await testGenerator(count)
    for (let index = 0; index < 250; index++) send({ service: `s${index}` })
    sink.forgetAfter(150)
    await generator.collect()
    assert.equal(sink.series('calls').length, 250 - 100)
    assert.ok(sink.series('calls').every((line) => line.endsWith(' 1')))
  })

  it('throws out texts that nothing needs any more', async () => {
    const { generator, send, sink, wait } = await testGenerator({
      overrides: 'processors: [span-metrics, service-graphs]\nmax_active_series: 150',
    })
    const [client, server] = [
      { service: 'web', kind: 'CLIENT', id: 'call' },
      { service: 'shop', kind: 'SERVER', parent: 'call' },
    ] as const
    send(client, server, { ...client, trace: 'waits' })
    const pad = 'x'.repeat(2000)
    for (let index = 0; index < 5000; index++) send({ service: `s${index}`, name: pad + index })
    send({ ...server, trace: 'waits' })
    await wait(1000)
    await generator.collect()
    assert.match(sink.series('calls', '"web"')[0], / 2$/)
    assert.deepEqual(sink.series('graph_request_total'), [
      'traces_service_graph_request_total{client="web",server="shop"} 2',
    ])
    assert.ok(generator.textCount < 4200, `${generator.textCount} texts are kept`)
  })
})

describe('host info', () => {
  it('is one series per host', async () => {
    const { generator, send, sink } = await testGenerator({ overrides: 'processors: [host-info]' })
    send(
      { service: 's', resource: { 'host.id': 'h-1', 'k8s.node.name': 'node' } },
      { service: 't', resource: { 'host.id': 'h-2' } },
    )
    send({ service: 'u' })
    await generator.collect()
    assert.deepEqual(sink.series('traces_host_info'), [
      'traces_host_info{grafana_host_id="h-2",host_source="host.id"} 1',
      'traces_host_info{grafana_host_id="node",host_source="k8s.node.name"} 1',
    ])
  })
})
