import { readDelimitedFamilies } from '@quartet/model'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withPushgateway } from '../../test/support.ts'
import { wantsProtobuf } from './exposition.ts'

const PROTOBUF = 'application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited'

test('chooses what the client likes best of what there is', () => {
  assert.equal(wantsProtobuf(undefined), false)
  assert.equal(wantsProtobuf('*/*'), false)
  // What Prometheus 3 sends with native histograms, and without.
  assert.equal(wantsProtobuf(`${PROTOBUF};q=0.6,text/plain;version=0.0.4;q=0.5,*/*;q=0.4`), true)
  assert.equal(wantsProtobuf(`text/plain;version=0.0.4;q=0.6,${PROTOBUF};q=0.5`), false)
  assert.equal(wantsProtobuf(`${PROTOBUF};q=0.6,text/plain;version=1.0.0;q=0.9`), true)
  assert.equal(wantsProtobuf('application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily'), false)
})

test('gives protobuf to those who ask for it, with the same metrics', () =>
  withPushgateway(async ({ request, url }) => {
    await request('PUT', '/metrics/job/batch', '# HELP x Helps.\n# TYPE x counter\nx{a="1"} 2.5\n')
    const answer = await fetch(`${url}/metrics`, { headers: { accept: PROTOBUF } })
    assert.match(answer.headers.get('content-type')!, /^application\/vnd\.google\.protobuf; .*encoding=delimited/)
    const families = readDelimitedFamilies(Buffer.from(await answer.arrayBuffer()))
    const labels = [
      { name: 'a', value: '1' },
      { name: 'instance', value: '' },
      { name: 'job', value: 'batch' },
    ]
    const metrics = [{ labels, timestampMs: undefined, value: { kind: 'counter', value: 2.5 } }]
    assert.deepEqual(families.get('x'), { name: 'x', help: 'Helps.', type: 'COUNTER', metrics })
    assert.ok(families.has('pushgateway_build_info'))
  }))

test('puts metrics with fewer labels first, then orders them by their values', () =>
  withPushgateway(async ({ pushed, request }) => {
    await request('PUT', '/metrics/job/a', 'x{z="2"} 1\nx{z="10"} 2\nx 3\n')
    assert.deepEqual((await pushed()).slice(1), [
      'x{instance="",job="a"} 3',
      'x{instance="",job="a",z="10"} 2',
      'x{instance="",job="a",z="2"} 1',
    ])
  }))
