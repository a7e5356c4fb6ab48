import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '@quartet/runtime/testing'
import { FaultyFileSystem } from '@quartet/storage/testing'
import { buildComponent, testContext } from '../../../test/support/context.ts'
import type { TestContext } from '../../../test/support/context.ts'
import { spanNames, spans } from '../../../test/support/otlp.ts'
import type { Capsule } from '../../syntax/index.ts'
import { DeliveryError, inputExport } from './consumer.ts'
import type { OtlpBatch, OtlpConsumer } from './consumer.ts'
import { batchProcessor } from './processor-batch.ts'

interface World {
  readonly clock: FakeClock
  readonly context: TestContext
  readonly delivered: OtlpBatch[]
  refuse: DeliveryError | undefined
}

function world(
  fileSystem = new FaultyFileSystem(),
): World & { start: (settings: string) => Promise<{ input: OtlpConsumer; stop: () => Promise<void> }> } {
  const clock = new FakeClock()
  const context = testContext({ clock, fileSystem })
  const delivered: OtlpBatch[] = []
  const state: World = { clock, context, delivered, refuse: undefined }
  const next: OtlpConsumer = {
    async consume(batch) {
      if (state.refuse) throw state.refuse
      delivered.push(batch)
    },
  }
  return Object.assign(state, {
    async start(settings: string) {
      const names = { next: inputExport(next).get('input')! }
      const component = buildComponent(batchProcessor, context, `${settings}\noutput { traces = [next] }`, names)
      await component.start()
      const input = (component.exports.get('input') as Capsule).inner as OtlpConsumer
      return { input, stop: () => component.stop() }
    },
  })
}

test('merges what comes within the timeout', async () => {
  const w = world()
  const { input } = await w.start('timeout = "200ms"')
  await input.consume(spans('span-1'))
  await input.consume(spans('span-2', 'span-3'))
  await w.clock.advance(199)
  assert.deepEqual(w.delivered, [])
  await w.clock.advance(2)
  assert.deepEqual(
    w.delivered.map(({ items, bytes }) => [items, spanNames(bytes)]),
    [[3, ['span-1', 'span-2', 'span-3']]],
  )
})

test('sends at once when the batch is full, and in parts of the maximal size', async () => {
  const w = world()
  const { input } = await w.start('timeout = "10s"\nsend_batch_size = 3\nsend_batch_max_size = 3')
  await input.consume(spans('span-1', 'span-2'))
  await input.consume(spans('span-3', 'span-4', 'span-5'))
  await w.clock.advance(1)
  assert.deepEqual(
    w.delivered.map(({ items }) => items),
    [3, 2],
  )
})

test('what was acknowledged and not handed on is there after a kill', async () => {
  const fileSystem = new FaultyFileSystem()
  const first = world(fileSystem)
  const { input } = await first.start('timeout = "10s"')
  await input.consume(spans('span-1'))
  await input.consume(spans('span-2'))
  const second = world(fileSystem.crash('keep'))
  await second.start('timeout = "200ms"')
  await second.clock.advance(300)
  assert.deepEqual(
    second.delivered.flatMap(({ bytes }) => spanNames(bytes)),
    ['span-1', 'span-2'],
  )
})

test('what was handed on does not come again', async () => {
  const fileSystem = new FaultyFileSystem()
  const first = world(fileSystem)
  const { input } = await first.start('')
  await input.consume(spans('span-1'))
  await first.clock.advance(300)
  assert.equal(first.delivered.length, 1)
  const second = world(fileSystem.crash('keep'))
  await second.start('')
  await second.clock.advance(300)
  assert.deepEqual(second.delivered, [])
})

test('offers again while the next component cannot take it', async () => {
  const w = world()
  w.refuse = new DeliveryError('sending queue is full', { isRetryable: true })
  const { input } = await w.start('')
  await input.consume(spans('span-1'))
  await w.clock.advance(2500)
  assert.match(w.context.health.message, /^cannot hand on/)
  w.refuse = undefined
  await w.clock.advance(1000)
  assert.deepEqual(
    w.delivered.flatMap(({ bytes }) => spanNames(bytes)),
    ['span-1'],
  )
})

test('a batch that is refused for good is counted and logged', async () => {
  const w = world()
  w.refuse = new DeliveryError('bad data', { isRetryable: false })
  const { input } = await w.start('')
  await input.consume(spans('span-1', 'span-2'))
  await w.clock.advance(300)
  assert.equal(await w.context.total('otelcol_processor_refused_items_total'), 2)
  assert.deepEqual(w.context.logged.at(-1), { level: 'error', message: 'dropped a batch that was refused for good' })
})

test('refuses what the disk refuses, so that the client keeps it', async () => {
  const fileSystem = new FaultyFileSystem({ capacityBytes: 60 })
  const w = world(fileSystem)
  const { input } = await w.start('')
  await assert.rejects(input.consume(spans('span-1')), (error: DeliveryError) => error.isRetryable)
  fileSystem.capacityBytes = 1e6
  await input.consume(spans('span-2'))
  await w.clock.advance(300)
  assert.deepEqual(
    w.delivered.flatMap(({ bytes }) => spanNames(bytes)),
    ['span-2'],
  )
})

test('a signal without an output is refused and not swallowed', async () => {
  const w = world()
  const { input } = await w.start('')
  await assert.rejects(input.consume({ ...spans('span-1'), signal: 'logs' }), /has no output for logs/)
})

test('stopping hands on what is pending', async () => {
  const w = world()
  const { input, stop } = await w.start('timeout = "10s"')
  await input.consume(spans('span-1'))
  await w.clock.advance(1)
  await stop()
  assert.equal(w.delivered.length, 1)
  assert.equal(w.clock.pendingCount, 0)
})
