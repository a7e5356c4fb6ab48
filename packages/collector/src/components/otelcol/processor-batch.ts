import type { OtlpSignal } from '@quartet/model'
import type { Timer } from '@quartet/runtime'
import { DiskQueue } from '@quartet/storage'
import type { QueueEntry } from '@quartet/storage'
import { body, requiredBlock, type, withDefault, withoutEffect } from '../../graph/index.ts'
import type { ComponentContext, ComponentDefinition, Decoded } from '../../graph/index.ts'
import { decodeBatch, DeliveryError, encodeBatch, fanOut, inputExport, outputSchema, SIGNALS } from './consumer.ts'
import type { OtlpBatch, OtlpConsumer } from './consumer.ts'
import { splitOtlp } from './split.ts'

const schema = body(
  {
    timeout: withDefault(type.duration, 200),
    send_batch_size: withDefault(type.count, 8192),
    send_batch_max_size: withDefault(type.count, 0),
    metadata_keys: withDefault(type.list(type.text), []),
    metadata_cardinality_limit: withoutEffect(withDefault(type.count, 1000), 'there are no metadata_keys to limit'),
    output: requiredBlock(() => outputSchema),
  },
  ({ send_batch_size, send_batch_max_size, metadata_keys }) => {
    if (metadata_keys.length > 0) return 'metadata_keys is not supported by Quartet yet'
    if (send_batch_max_size > 0 && send_batch_max_size < send_batch_size) {
      return 'send_batch_max_size must be greater or equal to send_batch_size when not 0'
    }
    return undefined
  },
)

type Settings = Decoded<typeof schema>

/** Merges requests. Unlike upstream's, what it has acknowledged is in a journal on disk until the next component has it. */
export const batchProcessor: ComponentDefinition<Settings> = {
  name: 'otelcol.processor.batch',
  schema,
  build(context, settings) {
    const batcher = new Batcher(context, settings)
    return {
      exports: inputExport(batcher),
      start: () => batcher.start(),
      update: (next) => batcher.update(next),
      stop: () => batcher.stop(),
      debugInfo: () => new Map([['pending_requests', BigInt(batcher.pendingRequests)]]),
    }
  },
}

const MAX_JOURNAL_REQUESTS = 100_000
const MAX_JOURNAL_BYTES = 256 * 1024 * 1024
/** Requests held in memory for merging; more wait in the journal. */
const MAX_PENDING_BYTES = 32 * 1024 * 1024
const RETRY_MS = 1000

interface Pending {
  entries: QueueEntry[]
  parts: Uint8Array[]
  items: number
  timer: Timer | undefined
}

class Batcher implements OtlpConsumer {
  readonly #context: ComponentContext
  #settings: Settings
  readonly #pending: Record<OtlpSignal, Pending> = { traces: empty(), metrics: empty(), logs: empty() }
  #pendingBytes = 0
  #journal: DiskQueue | undefined
  #reading: Promise<void> | undefined
  readonly #flushes = new Set<Promise<void>>()
  #roomWaiters: (() => void)[] = []
  #stopping = new AbortController()

  constructor(context: ComponentContext, settings: Settings) {
    this.#context = context
    this.#settings = settings
  }

  get pendingRequests(): number {
    return this.#journal?.size ?? 0
  }

  async start(): Promise<void> {
    const { context } = { context: this.#context }
    this.#stopping = new AbortController()
    this.#journal = await DiskQueue.open({
      fileSystem: context.fileSystem,
      directory: `${context.dataDirectory}/journal`,
      maxEntries: MAX_JOURNAL_REQUESTS,
      maxBytes: MAX_JOURNAL_BYTES,
      cacheBytes: MAX_PENDING_BYTES,
      every: (ms, action) => context.clock.every(ms, action),
      onProblem: ({ kind, message, cause }) => context.logger.error({ kind, err: cause }, message),
    })
    this.#reading = this.#read(this.#journal)
  }

  async update(settings: Settings): Promise<void> {
    this.#settings = settings
  }

  /** Hands on what it can; what the next component does not take stays in the journal. */
  async stop(): Promise<void> {
    for (const signal of SIGNALS) this.#flush(signal, 'timeout')
    const grace = this.#context.clock.after(RETRY_MS, () => this.#stopping.abort(new Error('stopping')))
    while (this.#flushes.size > 0) await Promise.all(this.#flushes)
    grace.cancel()
    this.#stopping.abort(new Error('stopping'))
    this.#wakeReaders()
    await this.#journal?.close()
    await this.#reading
    this.#journal = undefined
    for (const signal of SIGNALS) {
      this.#pending[signal].timer?.cancel()
      this.#pending[signal] = empty()
    }
    this.#pendingBytes = 0
  }

  async consume(batch: OtlpBatch): Promise<void> {
    const journal = this.#journal
    if (!journal) throw new DeliveryError('the batch processor is stopped', { isRetryable: true })
    if (this.#settings.output[batch.signal].length === 0) {
      throw new DeliveryError(`${this.#context.id} has no output for ${batch.signal}`, { isRetryable: false })
    }
    try {
      await journal.put(encodeBatch(batch), batch.items)
    } catch (error) {
      throw new DeliveryError((error as Error).message, { isRetryable: true, cause: error })
    }
  }

  async #read(journal: DiskQueue): Promise<void> {
    for (let entry = await journal.take(); entry; entry = await journal.take()) {
      try {
        this.#add(entry, decodeBatch(await journal.read(entry), entry.items))
      } catch (error) {
        this.#context.logger.error(
          { err: error, items: entry.items },
          'dropped a journal entry that cannot be read back',
        )
        journal.done(entry)
      }
      while (this.#pendingBytes > MAX_PENDING_BYTES && !this.#stopping.signal.aborted) {
        await new Promise<void>((resolve) => this.#roomWaiters.push(resolve))
      }
    }
  }

  #add(entry: QueueEntry, batch: OtlpBatch): void {
    const pending = this.#pending[batch.signal]
    pending.entries.push(entry)
    pending.parts.push(batch.bytes)
    pending.items += batch.items
    this.#pendingBytes += batch.bytes.length
    const { timeout, send_batch_size } = this.#settings
    if (
      timeout === 0 ||
      (send_batch_size > 0 && pending.items >= send_batch_size) ||
      this.#pendingBytes > MAX_PENDING_BYTES
    ) {
      this.#flush(batch.signal, 'size')
    } else {
      pending.timer ??= this.#context.clock.after(timeout, () => this.#flush(batch.signal, 'timeout'))
    }
  }

  #flush(signal: OtlpSignal, trigger: 'size' | 'timeout'): void {
    const pending = this.#pending[signal]
    pending.timer?.cancel()
    if (pending.entries.length === 0) return
    this.#pending[signal] = empty()
    const flushing = this.#deliver(signal, pending, trigger).finally(() => {
      this.#flushes.delete(flushing)
      for (const part of pending.parts) this.#pendingBytes -= part.length
      this.#wakeReaders()
    })
    this.#flushes.add(flushing)
  }

  async #deliver(signal: OtlpSignal, pending: Pending, trigger: 'size' | 'timeout'): Promise<void> {
    const { metrics, id } = this.#context
    metrics
      .counter(
        `otelcol_processor_batch_${trigger === 'size' ? 'batch_size_trigger_send' : 'timeout_trigger_send'}_total`,
        `Number of times the batch was sent due to a ${trigger} trigger`,
        ['component_id'],
      )
      .inc({ component_id: id })
    const bytes = pending.parts.length === 1 ? pending.parts[0] : Buffer.concat(pending.parts)
    const max = this.#settings.send_batch_max_size
    const parts = max > 0 && pending.items > max ? splitOtlp(signal, bytes, max) : [{ bytes, items: pending.items }]
    for (const part of parts) {
      sizeHistogram(this.#context).observe({ component_id: id }, part.items)
      const isDecided = await this.#hand({ signal, ...part })
      if (!isDecided) return
    }
    this.#journal?.done(...pending.entries)
  }

  /** Offers a batch until it is taken. @returns false when the processor stops first: the journal has it */
  async #hand(batch: OtlpBatch): Promise<boolean> {
    for (;;) {
      try {
        await fanOut(this.#settings.output[batch.signal], batch)
        this.#context.setHealth('healthy', 'handing on')
        return true
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error)
        if (error instanceof DeliveryError && !error.isRetryable) {
          this.#context.metrics
            .counter(
              'otelcol_processor_refused_items_total',
              'Number of items that the next component refused for good.',
              ['component_id', 'signal'],
            )
            .inc({ component_id: this.#context.id, signal: batch.signal }, batch.items)
          this.#context.logger.error(
            { reason, signal: batch.signal, items: batch.items },
            'dropped a batch that was refused for good',
          )
          return true
        }
        this.#context.setHealth('healthy', `cannot hand on: ${reason}`)
        this.#context.logger.warn(
          { reason, signal: batch.signal, items: batch.items },
          'the next component cannot take a batch, will offer it again',
        )
        if (this.#stopping.signal.aborted) return false
        try {
          await this.#context.clock.sleep(RETRY_MS, this.#stopping.signal)
        } catch {
          return false // stopping
        }
      }
    }
  }

  #wakeReaders(): void {
    for (const wake of this.#roomWaiters.splice(0)) wake()
  }
}

function sizeHistogram(context: ComponentContext): ReturnType<ComponentContext['metrics']['histogram']> {
  const buckets = [
    10, 25, 50, 75, 100, 250, 500, 750, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000, 20_000, 30_000,
    50_000, 100_000,
  ]
  return context.metrics.histogram('otelcol_processor_batch_batch_send_size', 'Number of units in the batch', buckets, [
    'component_id',
  ])
}

function empty(): Pending {
  return { entries: [], parts: [], items: 0, timer: undefined }
}
