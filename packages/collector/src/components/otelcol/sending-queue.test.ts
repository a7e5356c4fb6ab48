import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '@quartet/runtime/testing'
import { FaultyFileSystem } from '@quartet/storage/testing'
import { testContext } from '../../../test/support/context.ts'
import type { TestContext } from '../../../test/support/context.ts'
import { spanNames, spans } from '../../../test/support/otlp.ts'
import { DeliveryError } from './consumer.ts'
import { SendingQueue } from './sending-queue.ts'
import type { SendingSettings } from './sending-queue.ts'

const SETTINGS: SendingSettings = {
  queue: { enabled: true, num_consumers: 1, queue_size: 3, sizer: 'requests', block_on_overflow: false },
  retry: {
    enabled: true,
    initial_interval: 1000,
    randomization_factor: 0,
    multiplier: 2,
    max_interval: 4000,
    max_elapsed_time: 20_000,
  },
}

async function world(options: { fileSystem?: FaultyFileSystem; settings?: Partial<SendingSettings> } = {}): Promise<{
  clock: FakeClock
  context: TestContext
  queue: SendingQueue
  attempts: { atMs: number; names: string[] }[]
  state: { failure: DeliveryError | undefined }
}> {
  const clock = new FakeClock({ nowMs: 0 })
  const context = testContext({ clock, fileSystem: options.fileSystem ?? new FaultyFileSystem() })
  const attempts: { atMs: number; names: string[] }[] = []
  const state: { failure: DeliveryError | undefined } = { failure: undefined }
  const queue = new SendingQueue(context, { ...SETTINGS, ...options.settings }, async (batch) => {
    attempts.push({ atMs: clock.nowMs(), names: spanNames(batch.bytes) })
    if (state.failure) throw state.failure
  })
  await queue.start()
  return { clock, context, queue, attempts, state }
}

test('retries with growing intervals until it is taken', async () => {
  const { clock, context, queue, attempts, state } = await world()
  state.failure = new DeliveryError('away', { isRetryable: true })
  await queue.consume(spans('span-1'))
  await clock.advance(7500)
  assert.deepEqual(
    attempts.map(({ atMs }) => atMs),
    [0, 1000, 3000, 7000],
  )
  assert.match(context.health.message, /exporting failed, will retry/)
  state.failure = undefined
  await clock.advance(4000)
  assert.equal(attempts.at(-1)?.atMs, 11_000)
  assert.equal(await context.total('otelcol_exporter_sent_spans_total'), 1)
  assert.equal(context.health.message, 'delivering')
})

test('waits as long as the other side asks', async () => {
  const { clock, queue, attempts, state } = await world()
  state.failure = new DeliveryError('slow down', { isRetryable: true, retryAfterMs: 9000 })
  await queue.consume(spans('span-1'))
  await clock.advance(9500)
  assert.deepEqual(
    attempts.map(({ atMs }) => atMs),
    [0, 9000],
  )
})

test('drops for good what is refused for good, with a count and a line in the log', async () => {
  const { clock, context, queue, attempts, state } = await world()
  state.failure = new DeliveryError('bad data', { isRetryable: false })
  await queue.consume(spans('span-1', 'span-2'))
  await clock.advance(10_000)
  assert.equal(attempts.length, 1)
  assert.equal(await context.total('otelcol_exporter_send_failed_spans_total'), 2)
  assert.deepEqual(context.logged, [{ level: 'error', message: 'dropped data that could not be exported' }])
})

test('gives up after max_elapsed_time, and never when it is 0', async () => {
  const limited = await world()
  limited.state.failure = new DeliveryError('away', { isRetryable: true })
  await limited.queue.consume(spans('span-1'))
  await limited.clock.advance(60_000)
  assert.equal(await limited.context.total('otelcol_exporter_send_failed_spans_total'), 1)
  const patient = await world({ settings: { retry: { ...SETTINGS.retry, max_elapsed_time: 0 } } })
  patient.state.failure = new DeliveryError('away', { isRetryable: true })
  await patient.queue.consume(spans('span-1'))
  await patient.clock.advance(3_600_000)
  assert.equal(await patient.context.total('otelcol_exporter_send_failed_spans_total'), 0)
  assert.equal(patient.queue.queued.entries, 1)
})

test('a full queue refuses, and says that it may be tried again', async () => {
  const { clock, context, queue, state } = await world()
  state.failure = new DeliveryError('away', { isRetryable: true })
  for (let index = 0; index < 3; index++) await queue.consume(spans(`span-${index}`))
  await assert.rejects(
    queue.consume(spans('span-9')),
    (error: DeliveryError) => error.isRetryable && /queue is full/.test(error.message),
  )
  assert.equal(await context.total('otelcol_exporter_enqueue_failed_spans_total'), 1)
  await clock.advance(0)
})

test('what waits is sent by the next process, in its order', async () => {
  const fileSystem = new FaultyFileSystem()
  const first = await world({ fileSystem })
  first.state.failure = new DeliveryError('away', { isRetryable: true })
  for (const name of ['span-1', 'span-2', 'span-3']) await first.queue.consume(spans(name))
  await first.clock.advance(1)
  const second = await world({ fileSystem: fileSystem.crash('keep') })
  await second.clock.advance(1)
  assert.deepEqual(
    second.attempts.map(({ names }) => names[0]),
    ['span-1', 'span-2', 'span-3'],
  )
})

test('stopping keeps what is not delivered', async () => {
  const fileSystem = new FaultyFileSystem()
  const first = await world({ fileSystem })
  first.state.failure = new DeliveryError('away', { isRetryable: true })
  await first.queue.consume(spans('span-1'))
  await first.clock.advance(1)
  const stopped = first.queue.stop()
  await first.clock.advance(5000)
  await stopped
  assert.equal(first.clock.pendingCount, 0)
  const second = await world({ fileSystem })
  await second.clock.advance(1)
  assert.deepEqual(
    second.attempts.map(({ names }) => names),
    [['span-1']],
  )
})

test('without a queue the sender waits for the delivery', async () => {
  const settings = { queue: { ...SETTINGS.queue, enabled: false } }
  const { context, queue, state } = await world({ settings })
  await queue.consume(spans('span-1'))
  state.failure = new DeliveryError('bad data', { isRetryable: false })
  await assert.rejects(queue.consume(spans('span-2')), /bad data/)
  assert.equal(await context.total('otelcol_exporter_sent_spans_total'), 1)
  assert.equal(await context.total('otelcol_exporter_send_failed_spans_total'), 1)
})
