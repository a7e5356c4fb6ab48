import { DiskQueue, QueueFullError } from '@quartet/storage'
import type { QueueEntry } from '@quartet/storage'
import { body, type, withDefault } from '../../graph/index.ts'
import type { ComponentContext, Decoded } from '../../graph/index.ts'
import { decodeBatch, DeliveryError, encodeBatch } from './consumer.ts'
import type { OtlpBatch, OtlpConsumer } from './consumer.ts'
import { signalCounters } from './signal-counters.ts'

export const sendingQueueSchema = body({
  enabled: withDefault(type.bool, true),
  num_consumers: withDefault(type.count, 10),
  queue_size: withDefault(type.count, 1000),
  sizer: withDefault(type.oneOf('requests'), 'requests'),
  block_on_overflow: withDefault(type.bool, false),
})

export const retrySchema = body(
  {
    enabled: withDefault(type.bool, true),
    initial_interval: withDefault(type.duration, 5000),
    randomization_factor: withDefault(type.float, 0.5),
    multiplier: withDefault(type.float, 1.5),
    max_interval: withDefault(type.duration, 30_000),
    max_elapsed_time: withDefault(type.duration, 300_000),
  },
  ({ randomization_factor, multiplier }) => {
    if (randomization_factor < 0 || randomization_factor > 1) return 'randomization_factor must be within [0, 1]'
    return multiplier <= 1 ? 'multiplier must be greater than 1.0' : undefined
  },
)

export type SendingQueueSettings = Decoded<typeof sendingQueueSchema>
export type RetrySettings = Decoded<typeof retrySchema>

/** What an exporter adds: one attempt. @throws DeliveryError */
export type SendOnce = (batch: OtlpBatch, signal: AbortSignal) => Promise<void>

export interface SendingSettings {
  readonly queue: SendingQueueSettings
  readonly retry: RetrySettings
}

const MAX_QUEUE_BYTES = 1024 * 1024 * 1024
const STOP_GRACE_MS = 3000

/**
 * The part that all OTLP exporters share: a queue on disk, a few senders, retries with back-off. What {@link consume} took over is
 * on disk until it is delivered, refused for good by the other side, or older than `max_elapsed_time`; the last two are counted
 * as failed and logged.
 */
export class SendingQueue implements OtlpConsumer {
  readonly #context: ComponentContext
  readonly #send: SendOnce
  #settings: SendingSettings
  #queue: DiskQueue | undefined
  #workers: Promise<void>[] = []
  #stopping = new AbortController()
  readonly #sent: ReturnType<typeof signalCounters>
  readonly #failed: ReturnType<typeof signalCounters>
  readonly #refused: ReturnType<typeof signalCounters>

  constructor(context: ComponentContext, settings: SendingSettings, send: SendOnce) {
    this.#context = context
    this.#settings = settings
    this.#send = send
    const labels = { component_id: context.id, exporter: context.id }
    const counters = (kind: string, help: (items: string) => string): ReturnType<typeof signalCounters> =>
      signalCounters(context.metrics, (items) => `otelcol_exporter_${kind}_${items}_total`, help, labels)
    this.#sent = counters('sent', (items) => `Number of ${items} successfully sent to destination.`)
    this.#failed = counters('send_failed', (items) => `Number of ${items} in failed attempts to send to destination.`)
    this.#refused = counters('enqueue_failed', (items) => `Number of ${items} failed to be added to the sending queue.`)
  }

  async start(): Promise<void> {
    const { context, queue: settings } = { context: this.#context, queue: this.#settings.queue }
    this.#stopping = new AbortController()
    this.#queue = await DiskQueue.open({
      fileSystem: context.fileSystem,
      directory: `${context.dataDirectory}/queue`,
      maxEntries: settings.queue_size,
      maxBytes: MAX_QUEUE_BYTES,
      every: (ms, action) => context.clock.every(ms, action),
      onProblem: ({ kind, message, cause }) => context.logger.error({ kind, err: cause }, message),
    })
    const queue = this.#queue
    queueGauge(
      context,
      'otelcol_exporter_queue_size',
      'Current size of the retry queue (in batches).',
      () => queue.size,
    )
    queueGauge(
      context,
      'otelcol_exporter_queue_capacity',
      'Fixed capacity of the retry queue (in batches).',
      () => settings.queue_size,
    )
    // What an earlier run has left is sent even when the queue has been switched off since.
    const workers = settings.enabled ? settings.num_consumers : Math.min(1, queue.size)
    this.#workers = Array.from({ length: workers }, () => this.#work(queue))
  }

  async update(settings: SendingSettings): Promise<void> {
    const isRestart = JSON.stringify(settings.queue) !== JSON.stringify(this.#settings.queue)
    if (isRestart) await this.stop()
    this.#settings = settings
    if (isRestart) await this.start()
  }

  /** Lets running requests finish for a moment; the rest stays on disk for the next start. */
  async stop(): Promise<void> {
    const queue = this.#queue
    if (!queue) return
    this.#queue = undefined
    const drained = this.#drained(queue)
    await Promise.race([drained, this.#context.clock.sleep(STOP_GRACE_MS)])
    this.#stopping.abort(new DeliveryError('the exporter is stopping', { isRetryable: true }))
    const closed = queue.close()
    await Promise.all(this.#workers)
    await closed
  }

  async consume(batch: OtlpBatch): Promise<void> {
    if (!this.#settings.queue.enabled) return this.#sendWithoutQueue(batch)
    try {
      for (;;) {
        if (!this.#queue) throw new DeliveryError('the exporter is stopped', { isRetryable: true })
        try {
          return await this.#queue.put(encodeBatch(batch), batch.items)
        } catch (error) {
          if (!(error instanceof QueueFullError) || !this.#settings.queue.block_on_overflow) throw error
          await this.#context.clock.sleep(100, this.#stopping.signal)
        }
      }
    } catch (error) {
      this.#refused(batch.signal, batch.items)
      if (error instanceof DeliveryError) throw error
      const { message } = error as Error
      const reason = error instanceof QueueFullError ? `sending ${message}` : message
      throw new DeliveryError(reason, { isRetryable: true, cause: error })
    }
  }

  get queued(): { readonly entries: number; readonly bytes: number } {
    return { entries: this.#queue?.size ?? 0, bytes: this.#queue?.sizeBytes ?? 0 }
  }

  async #sendWithoutQueue(batch: OtlpBatch): Promise<void> {
    try {
      await this.#sendWithRetry(batch)
      this.#sent(batch.signal, batch.items)
    } catch (error) {
      this.#failed(batch.signal, batch.items)
      throw error
    }
  }

  async #work(queue: DiskQueue): Promise<void> {
    for (let entry = await queue.take(); entry; entry = await queue.take()) {
      const delivered = await this.#deliver(queue, entry)
      if (!delivered) return queue.giveBack(entry)
      queue.done(entry)
    }
  }

  /** @returns false when the exporter stops before the entry's fate is decided */
  async #deliver(queue: DiskQueue, entry: QueueEntry): Promise<boolean> {
    let batch: OtlpBatch
    try {
      batch = decodeBatch(await queue.read(entry), entry.items)
    } catch (error) {
      this.#context.logger.error({ err: error, items: entry.items }, 'dropped a queue entry that cannot be read back')
      return true
    }
    try {
      await this.#sendWithRetry(batch)
      this.#sent(batch.signal, batch.items)
      this.#context.setHealth('healthy', 'delivering')
    } catch (error) {
      if (this.#stopping.signal.aborted) return false
      this.#failed(batch.signal, batch.items)
      const reason = error instanceof Error ? error.message : String(error)
      this.#context.logger.error(
        { reason, signal: batch.signal, items: batch.items },
        'dropped data that could not be exported',
      )
    }
    return true
  }

  async #sendWithRetry(batch: OtlpBatch): Promise<void> {
    const { retry } = this.#settings
    const { clock, logger, setHealth } = this.#context
    const startMs = clock.monotonicMs()
    let intervalMs = retry.initial_interval
    for (;;) {
      try {
        return await this.#send(batch, this.#stopping.signal)
      } catch (error) {
        const failure = asDeliveryError(error)
        if (!failure.isRetryable) throw failure
        if (!retry.enabled || this.#stopping.signal.aborted) throw failure
        const delayMs = Math.max(jittered(intervalMs, retry.randomization_factor), failure.retryAfterMs ?? 0)
        if (retry.max_elapsed_time > 0 && clock.monotonicMs() - startMs + delayMs > retry.max_elapsed_time) {
          throw new DeliveryError(`no more retries left: ${failure.message}`, { isRetryable: false, cause: failure })
        }
        logger.warn(
          { reason: failure.message, delayMs: Math.round(delayMs), signal: batch.signal },
          'exporting failed, will retry',
        )
        setHealth('healthy', `exporting failed, will retry: ${failure.message}`)
        await clock.sleep(delayMs, this.#stopping.signal)
        intervalMs = Math.min(intervalMs * retry.multiplier, retry.max_interval)
      }
    }
  }

  async #drained(queue: DiskQueue): Promise<void> {
    // Only worth waiting for while deliveries succeed: polled rarely, as this runs once in a life.
    while (queue.size > 0 && !this.#stopping.signal.aborted) await this.#context.clock.sleep(10)
  }
}

function asDeliveryError(error: unknown): DeliveryError {
  if (error instanceof DeliveryError) return error
  return new DeliveryError(error instanceof Error ? error.message : String(error), { isRetryable: true, cause: error })
}

function jittered(intervalMs: number, factor: number): number {
  return intervalMs * (1 - factor + 2 * factor * Math.random())
}

/** Gauges are shared by all exporters and read at scrape time, each for its component. */
const readers = new WeakMap<object, Map<string, () => number>>()

function queueGauge(context: ComponentContext, name: string, help: string, read: () => number): void {
  const gauge = context.metrics.gauge(name, help, ['component_id', 'exporter'], (gauge) => {
    for (const [id, reader] of readers.get(gauge) ?? []) gauge.set({ component_id: id, exporter: id }, reader())
  })
  const known = readers.get(gauge) ?? new Map<string, () => number>()
  readers.set(gauge, known.set(context.id, read))
}
