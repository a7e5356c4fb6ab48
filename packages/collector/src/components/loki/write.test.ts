import assert from 'node:assert/strict'
import { test } from 'node:test'
import { labelsFromRecord } from '@quartet/model'
import { FaultyFileSystem } from '@quartet/storage/testing'
import { uncompress } from 'snappy'
import { buildComponent, testContext, until } from '../../../test/support/context.ts'
import { startFakeStore } from '../../../test/support/fake-store.ts'
import type { Capsule } from '../../syntax/index.ts'
import type { LogEntry, LogsReceiver } from './receiver.ts'
import { lokiWrite } from './write.ts'

const entry = (line: string, labels: Record<string, string> = { job: 'a', __path__: '/x' }): LogEntry => ({
  labels: labelsFromRecord(labels),
  timestampNs: 1_700_000_000_000_000_001n,
  line,
  metadata: labelsFromRecord({ trace_id: 'abc' }),
})

async function start(url: string, settings = '', fileSystem = new FaultyFileSystem()) {
  const context = testContext({ fileSystem })
  const text = `endpoint {\n url = "${url}/loki/api/v1/push"\n batch_wait = "20ms"\n min_backoff_period = "1ms"\n ${settings}\n}\nexternal_labels = { cluster = "c", job = "never" }`
  const component = buildComponent(lokiWrite, context, text)
  await component.start()
  const receiver = (component.exports.get('receiver') as Capsule).inner as LogsReceiver
  return { context, component, receiver }
}

test('merges pushes into one request of protobuf in snappy', async (t) => {
  const store = await startFakeStore()
  t.after(() => store.close())
  const { component, receiver, context } = await start(
    store.url,
    'tenant_id = "me"\nbasic_auth {\n username = "u"\n password = "p"\n}',
  )
  await receiver.push([entry('one'), entry('two')])
  await receiver.push([entry('three', { job: 'b' })])
  await until('request', async () => (await context.total('loki_write_sent_entries_total')) === 3)
  assert.equal(store.received.length, 1)
  const [{ headers, body, path }] = store.received
  assert.equal(path, '/loki/api/v1/push')
  assert.equal(headers['x-scope-orgid'], 'me')
  assert.equal(headers.authorization, `Basic ${Buffer.from('u:p').toString('base64')}`)
  const text = ((await uncompress(body, { asBuffer: true })) as Buffer).toString('latin1')
  assert.ok(text.includes('{cluster="c", job="a"}'))
  assert.ok(text.includes('{cluster="c", job="b"}'))
  for (const part of ['one', 'two', 'three', 'trace_id']) assert.ok(text.includes(part), part)
  assert.ok(!text.includes('__path__'))
  await component.stop()
})

test('tries again while the store fails, and keeps the order', async (t) => {
  let failures = 3
  const store = await startFakeStore((_, response) => response.writeHead(failures-- > 0 ? 500 : 204).end())
  t.after(() => store.close())
  const { component, receiver, context } = await start(store.url)
  await receiver.push([entry('one')])
  await until('delivery', async () => (await context.total('loki_write_sent_entries_total')) === 1)
  assert.equal(await context.total('loki_write_batch_retries_total'), 3)
  await component.stop()
})

test('what the store refuses for good is dropped with a reason, a count and a line in the log', async (t) => {
  const store = await startFakeStore((_, response) => response.writeHead(400).end('line too long'))
  t.after(() => store.close())
  const { component, receiver, context } = await start(store.url)
  await receiver.push([entry('one'), entry('two')])
  await until('drop', async () => (await context.total('loki_write_dropped_entries_total')) === 2)
  assert.match(
    await context.metrics.registry.metrics(),
    /loki_write_dropped_entries_total\{[^}]*reason="line_too_long"/,
  )
  assert.equal(context.logged.at(-1)?.message, 'dropped log lines that could not be sent')
  await component.stop()
})

test('lines that were taken over are there after a kill', async (t) => {
  const fileSystem = new FaultyFileSystem()
  const first = await start('http://127.0.0.1:9', '', fileSystem)
  await first.receiver.push([entry('survivor')])
  const store = await startFakeStore()
  t.after(() => store.close())
  const second = await start(store.url, '', fileSystem.crash('keep'))
  await until('delivery', () => store.received.length === 1)
  assert.ok(((await uncompress(store.received[0].body, { asBuffer: true })) as Buffer).includes('survivor'))
  await second.component.stop()
  await first.component.stop().catch(() => undefined) // its disk is dead
})
