import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serviceMapFrames, serviceMapQueries, type ServiceMapAnswers } from './service-map.ts'

const edge = (client: string, server: string, value: number, connection = '') => ({
  labels: { client, server, ...(connection === '' ? {} : { connection_type: connection }) },
  value,
})

const answers: ServiceMapAnswers = {
  total: [
    edge('user', 'web', 2, 'virtual_node'),
    edge('web', 'shop', 4),
    edge('web', 'shop', 1, 'messaging_system'),
    edge('shop', 'db', 8, 'database'),
    edge('idle', 'shop', 0),
  ],
  failed: [edge('web', 'shop', 1), edge('unknown', 'x', 9)],
  seconds: [edge('web', 'shop', 0.5), edge('user', 'web', 0.4)],
  spanRate: [
    { labels: { service: 'web', span_name: 'GET /' }, value: 2 },
    { labels: { service: 'shop', span_name: 'POST /' }, value: 4 },
  ],
  spanErrors: [{ labels: { service: 'shop', span_name: 'POST /' }, value: 1 }],
  spanDuration: [{ labels: { service: 'shop', span_name: 'POST /' }, value: 0.25 }],
}

const frames = serviceMapFrames(
  answers,
  { promql: (query) => `p:${encodeURIComponent(query)}`, traceql: (query) => `t:${query}` },
  'A',
)
const values = (frame: number, name: string): unknown[] =>
  frames[frame]?.fields.find((field) => field.name === name)?.values ?? []

test('nodes sum what reaches them; who is only a client has no numbers', () => {
  assert.deepEqual(values(0, 'id'), ['user', 'web', 'shop', 'db'])
  assert.deepEqual(values(0, 'mainstat'), [null, 200, 100, 0])
  assert.deepEqual(values(0, 'secondarystat'), [null, 2, 5, 8])
  assert.deepEqual(values(0, 'arc__failed'), [0, 0, 0.2, 0])
  assert.deepEqual(values(0, 'arc__success'), [1, 1, 0.8, 1])
  assert.deepEqual(values(0, 'subtitle'), ['external', '', '', 'database'])
})

test('edges join both kinds of connection of two services', () => {
  assert.deepEqual(values(1, 'id'), ['user_web', 'web_shop', 'shop_db'])
  assert.deepEqual(values(1, 'secondarystat'), [2, 5, 8])
  assert.deepEqual(values(1, 'color'), ['', 'red', ''])
})

test('operations are a table, the busiest first', () => {
  assert.deepEqual(values(2, 'Name'), ['POST /', 'GET /'])
  assert.deepEqual(values(2, 'Error rate'), [0.25, 0])
  assert.deepEqual(values(2, 'Duration (p90)'), [0.25, null])
})

test('links carry names safely, whatever they contain', () => {
  const [first] = frames[0]?.fields[0]?.config.links ?? []
  const url = first?.onBuildUrl?.({ replaceVariables: () => 'a "b" & c' } as never)
  assert.match(decodeURIComponent(String(url)), /server="a \\\\\\"b\\\\\\" & c"/)
  assert.doesNotMatch(String(url), /&/)
})

test('a filter stands in the queries', () => {
  assert.match(serviceMapQueries(['{client="web"}'], 60).total, /request_total\{client="web"\}\[60s\]/)
  assert.match(serviceMapQueries(['{client="a"}', '{server="a"}'], 60).failed, /client="a".* or .*server="a"/)
  assert.doesNotMatch(serviceMapQueries([' ', '{}'], 60).total, /\{/)
})

test('without requests there is no map', () => {
  assert.deepEqual(serviceMapFrames({ ...answers, total: [] }, { promql: String, traceql: String }, 'A'), [])
})
