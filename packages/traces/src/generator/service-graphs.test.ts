import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { testGenerator } from '../../test/support/generator.ts'
import type { TestGenerator, TestSpan } from '../../test/support/generator.ts'

const only = { overrides: 'processors: [service-graphs]' }

async function expire(test: TestGenerator): Promise<string[]> {
  await test.wait(10_000)
  test.generator.tick()
  await test.generator.collect()
  return test.sink.series('request_total')
}

const client: TestSpan = { service: 'web', kind: 'CLIENT', id: 'call' }
const server: TestSpan = { service: 'shop', kind: 'SERVER', id: 'serve', parent: 'call' }

describe('service graphs', () => {
  for (const [name, spans] of [
    ['client first', [client, server]],
    ['server first', [server, client]],
  ] as const) {
    it(`pair the two sides of a request, ${name}`, async () => {
      const { generator, send, sink } = await testGenerator(only)
      send({ ...spans[0], lasts: spans[0] === client ? 0.3 : 0.2 })
      send({ ...spans[1], lasts: spans[1] === client ? 0.3 : 0.2 })
      await generator.collect()
      assert.deepEqual(sink.series('request_total'), [
        'traces_service_graph_request_total{client="web",server="shop"} 1',
      ])
      assert.deepEqual(sink.series('_seconds_sum'), [
        'traces_service_graph_request_client_seconds_sum{client="web",server="shop"} 0.3',
        'traces_service_graph_request_server_seconds_sum{client="web",server="shop"} 0.2',
      ])
      assert.deepEqual(sink.series('failed_total'), [])
      assert.equal(sink.series('server_seconds_bucket').length, 9)
      assert.equal(sink.series('server_seconds_bucket', 'le="12.8"').length, 1)
    })
  }

  it('count a request as failed when either side says so', async () => {
    const { generator, send, sink } = await testGenerator(only)
    send({ ...client, status: 'ERROR' }, server)
    send({ ...client, trace: 'b' }, { ...server, trace: 'b', status: 'ERROR' })
    send({ ...client, trace: 'c' }, { ...server, trace: 'c' })
    await generator.collect()
    assert.match(sink.series('failed_total')[0], / 2$/)
    assert.match(sink.series('request_total')[0], / 3$/)
  })

  it('measure messages from producer to consumer when asked to', async () => {
    const { generator, send, sink } = await testGenerator({
      ...only,
      generator: 'processor:\n  service_graphs:\n    enable_messaging_system_latency_histogram: true',
    })
    send({ service: 'web', kind: 'PRODUCER', id: 'call', ago: 5 })
    send({ ...server, kind: 'CONSUMER', ago: 1, lasts: 0.5 })
    await generator.collect()
    assert.match(sink.series('request_total')[0], /connection_type="messaging_system"/)
    assert.match(sink.series('messaging_system_seconds_sum')[0], / 3.5$/)
  })

  for (const [attributes, node] of [
    [{ 'db.name': 'orders' }, 'orders'],
    [{ 'db.system': 'redis' }, 'redis'],
    [{ 'db.namespace': 'shop', 'db.name': 'old' }, 'shop'],
    [{ 'db.name': 'orders', 'peer.service': 'pg', 'server.address': 'host' }, 'pg'],
    [{ 'db.name': 'orders', 'server.address': 'host' }, 'host'],
    [{ 'db.name': 'orders', 'network.peer.address': '10.0.0.1', 'network.peer.port': 5432n }, '10.0.0.1:5432'],
    [{ 'db.name': 'orders', 'network.peer.address': '10.0.0.1' }, '10.0.0.1'],
  ] as const) {
    it(`see a database in ${JSON.stringify(Object.keys(attributes))}`, async () => {
      const { generator, send, sink } = await testGenerator(only)
      send({ ...client, attributes })
      await generator.collect()
      assert.deepEqual(sink.series('request_total'), [
        `traces_service_graph_request_total{client="web",connection_type="database",server="${node}"} 1`,
      ])
    })
  }

  it('let a root span be called by the user, once its client has not come', async () => {
    const test = await testGenerator(only)
    test.send({ service: 'shop', kind: 'SERVER', id: 'serve' })
    await test.generator.collect()
    assert.deepEqual(test.sink.series('request_total'), [])
    assert.deepEqual(await expire(test), [
      'traces_service_graph_request_total{client="user",connection_type="virtual_node",server="shop"} 1',
    ])
  })

  it('name a missing side by the peer attributes', async () => {
    const test = await testGenerator({
      ...only,
      generator: 'processor:\n  service_graphs:\n    enable_virtual_node_label: true',
    })
    test.send({ ...client, attributes: { 'peer.service': 'bank' } })
    test.send({ service: 'shop', kind: 'SERVER', id: 'x', trace: 'other', attributes: { 'peer.service': 'cron' } })
    assert.deepEqual(await expire(test), [
      'traces_service_graph_request_total{client="cron",connection_type="virtual_node",server="shop",virtual_node="client"} 1',
      'traces_service_graph_request_total{client="web",connection_type="virtual_node",server="bank",virtual_node="server"} 1',
    ])
  })

  it('forget a side that tells nothing about the other', async () => {
    const test = await testGenerator(only)
    test.send(client, { ...server, trace: 'elsewhere' })
    assert.deepEqual(await expire(test), [])
    assert.match((await test.metrics.render()).text, /service_graphs_expired_edges\{tenant="single-tenant"\} 2/)
  })

  it('keep no more than max_items waiting', async () => {
    const { generator, metrics, send, sink } = await testGenerator({
      ...only,
      generator: 'processor:\n  service_graphs:\n    max_items: 2',
    })
    for (const trace of ['a', 'b', 'c']) send({ ...client, trace })
    send({ ...server, trace: 'a' }, { ...server, trace: 'b' })
    await generator.collect()
    assert.match(sink.series('request_total')[0], / 2$/)
    assert.match((await metrics.render()).text, /service_graphs_dropped_spans\{tenant="single-tenant"\} 1/)
  })

  it('add dimensions, apart for both sides when told to', async () => {
    for (const [prefix, labels] of [
      [false, 'client="web",http_method="GET",server="shop",zone="b"'],
      [true, 'client="web",client_http_method="GET",client_zone="a",server="shop",server_zone="b"'],
    ] as const) {
      const { generator, send, sink } = await testGenerator({
        ...only,
        generator: `processor:
  service_graphs:
    dimensions: [http.method, zone]
    enable_client_server_prefix: ${prefix}`,
      })
      send({ ...client, attributes: { 'http.method': 'GET' }, resource: { zone: 'a' } })
      send({ ...server, resource: { zone: 'b' } })
      await generator.collect()
      assert.deepEqual(sink.series('request_total'), [`traces_service_graph_request_total{${labels}} 1`])
    }
  })

  it('keep edges apart while many wait, and leave none behind', async () => {
    const test = await testGenerator(only)
    const ids = Array.from({ length: 3000 }, (_, index) => `t${index}`)
    for (const trace of ids) test.send({ ...client, trace, service: `c${Number(trace.slice(1)) % 3}` })
    for (const trace of ids.toReversed()) if (trace !== 't7') test.send({ ...server, trace })
    await test.generator.collect()
    const total = test.sink.series('request_total').reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
    assert.equal(total, 2999)
    await expire(test)
    assert.match((await test.metrics.render()).text, /service_graphs_expired_edges\{tenant="single-tenant"\} 1/)
  })
})
