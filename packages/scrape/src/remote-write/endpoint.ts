import type { Clock, Logger, SelfMetrics } from '@quartet/runtime'
import { PersistentQueue, QueueFullError } from '@quartet/storage'
import type { FileSystem, QueueItem } from '@quartet/storage'
import { compress } from 'snappy'

import type { RelabelRule } from '../relabel/relabel.ts'

/** One `endpoint` block of prometheus.remote_write, with defaults filled in by {@link DEFAULT_ENDPOINT}. */
export interface RemoteWriteEndpointConfig {
  /** Label `remote_name` of the self-metrics and name of the queue's directory. */
  readonly name: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly basicAuth?: { readonly username: string; readonly password: string } | undefined
  readonly bearerToken?: string | undefined
  readonly timeoutMs: number
  readonly writeRelabelRules: readonly RelabelRule[]
  readonly maxSamplesPerSend: number
  readonly minBackoffMs: number
  readonly maxBackoffMs: number
  readonly retryOnHttp429: boolean
  /** Bytes of encoded samples that may wait while the receiver is away; what comes after is dropped and counted. */
  readonly maxQueueBytes: number
}

export const DEFAULT_ENDPOINT: Omit<RemoteWriteEndpointConfig, 'name' | 'url'> = {
  headers: {},
  timeoutMs: 30_000,
  writeRelabelRules: [],
  maxSamplesPerSend: 2000,
  minBackoffMs: 30,
  maxBackoffMs: 5000,
  retryOnHttp429: true,
  maxQueueBytes: 64 << 20,
}

export interface EndpointServices {
  readonly fileSystem: FileSystem
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: SelfMetrics
}

/** Bytes of the sample count that stands before the request in a queue item. */
const COUNT_BYTES = 4

/** Sends what is queued for one receiver, in order and at least once, merging small requests while it is behind. */
export class RemoteWriteEndpoint {
  readonly config: RemoteWriteEndpointConfig
  readonly #queue: PersistentQueue
  readonly #services: EndpointServices
  readonly #counters: EndpointCounters
  readonly #stopping = new AbortController()
  readonly #sending: Promise<void>

  static async open(
    config: RemoteWriteEndpointConfig,
    directory: string,
    services: EndpointServices,
  ): Promise<RemoteWriteEndpoint> {
    const queue = await PersistentQueue.open({
      fileSystem: services.fileSystem,
      directory,
      maxBytes: config.maxQueueBytes,
      every: (ms, f) => services.clock.every(ms, f),
      onProblem: (problem) =>
        services.logger.warn({ remote: config.name, ...problem }, 'remote-write queue had to be repaired'),
    })
    return new RemoteWriteEndpoint(config, queue, services)
  }

  private constructor(config: RemoteWriteEndpointConfig, queue: PersistentQueue, services: EndpointServices) {
    this.config = config
    this.#queue = queue
    this.#services = services
    this.#counters = endpointCounters(services.metrics, { remote_name: config.name, url: config.url })
    this.#sending = this.#send()
  }

  /**
   * Takes an encoded WriteRequest with `samples` samples. Resolves once it is durable.
   * @throws QueueFullError when the receiver has been away for too long; counted as dropped
   */
  async enqueue(request: Uint8Array, samples: number): Promise<void> {
    const payload = new Uint8Array(COUNT_BYTES + request.length)
    new DataView(payload.buffer).setUint32(0, samples, true)
    payload.set(request, COUNT_BYTES)
    this.#counters.received(samples)
    try {
      await this.#queue.put(payload)
    } catch (error) {
      this.#counters.dropped(samples, error instanceof QueueFullError ? 'queue_full' : 'queue_write_failed')
      throw error
    }
    this.#counters.pending(this.#queue.pendingCount)
  }

  /** Stops sending; what waits stays in the queue for the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#sending
    await this.#queue.close()
  }

  async #send(): Promise<void> {
    const { signal } = this.#stopping
    for (;;) {
      const first = await this.#queue.take(signal)
      if (!first) return
      const items = [first]
      let samples = sampleCount(first)
      while (samples < this.config.maxSamplesPerSend && this.#queue.waitingCount > 0) {
        const next = await this.#queue.take(signal)
        if (!next) break
        items.push(next)
        samples += sampleCount(next)
      }
      const delivered = await this.#deliver(items, samples)
      if (!delivered) {
        for (const item of items.reverse()) this.#queue.giveBack(item)
        return
      }
      for (const item of items) await this.#finish(item)
      this.#counters.pending(this.#queue.pendingCount)
    }
  }

  async #finish(item: QueueItem): Promise<void> {
    try {
      await this.#queue.done(item)
    } catch (error) {
      // The item may be sent once more after a restart, which the receiver tolerates.
      this.#services.logger.warn(
        { remote: this.config.name, error: (error as Error).message },
        'delivery could not be noted',
      )
    }
  }

  /** Returns false only when the endpoint is being stopped; else the items are delivered or given up, and counted. */
  async #deliver(items: readonly QueueItem[], samples: number): Promise<boolean> {
    const { minBackoffMs, maxBackoffMs } = this.config
    // Protobuf messages are merged by concatenation.
    const body = new Uint8Array(await compress(Buffer.concat(items.map((item) => item.payload.subarray(COUNT_BYTES)))))
    let backoffMs = minBackoffMs
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#post(body)
      if (outcome.kind === 'sent') {
        this.#counters.sent(samples, body.length)
        return true
      }
      if (outcome.kind === 'stopped') return false
      if (outcome.kind === 'refused') {
        this.#counters.failed(samples)
        this.#services.logger.error(
          { remote: this.config.name, url: this.config.url, samples, reason: outcome.reason },
          'receiver refused samples, they are dropped',
        )
        return true
      }
      this.#counters.retried(samples)
      const { clock, logger } = this.#services
      if (attempt === 1 || attempt % 50 === 0) {
        logger.warn(
          { remote: this.config.name, url: this.config.url, attempt, reason: outcome.reason },
          'receiver is away, trying again',
        )
      }
      try {
        await clock.sleep(Math.max(outcome.retryAfterMs, backoffMs), this.#stopping.signal)
      } catch {
        return false // stopped while waiting
      }
      backoffMs = Math.min(backoffMs * 2, maxBackoffMs)
    }
  }

  async #post(body: Uint8Array<ArrayBuffer>): Promise<Outcome> {
    const { url, headers, timeoutMs, retryOnHttp429 } = this.config
    const { signal } = this.#stopping
    try {
      const response = await fetch(url, {
        method: 'POST',
        body,
        headers: {
          ...this.#authorization(),
          ...headers,
          'content-encoding': 'snappy',
          'content-type': 'application/x-protobuf',
          'user-agent': 'Quartet/0.1.0',
          'x-prometheus-remote-write-version': '0.1.0',
        },
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      })
      const text = (await response.text()).slice(0, 512)
      if (response.ok) return { kind: 'sent' }
      const reason = `server returned HTTP status ${response.status} ${response.statusText}: ${text.trim()}`
      const mayRetry = response.status >= 500 || (response.status === 429 && retryOnHttp429)
      return mayRetry
        ? { kind: 'retry', reason, retryAfterMs: retryAfterMs(response.headers.get('retry-after')) }
        : { kind: 'refused', reason }
    } catch (error) {
      if (signal.aborted) return { kind: 'stopped' }
      const { message, cause } = error as Error
      return {
        kind: 'retry',
        reason: cause instanceof Error ? `${message}: ${cause.message}` : message,
        retryAfterMs: 0,
      }
    }
  }

  #authorization(): Record<string, string> {
    const { basicAuth, bearerToken } = this.config
    if (bearerToken !== undefined) return { authorization: `Bearer ${bearerToken}` }
    if (!basicAuth) return {}
    return { authorization: 'Basic ' + Buffer.from(`${basicAuth.username}:${basicAuth.password}`).toString('base64') }
  }
}

type Outcome =
  | { readonly kind: 'sent' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'retry'; readonly reason: string; readonly retryAfterMs: number }

function sampleCount(item: QueueItem): number {
  return new DataView(item.payload.buffer, item.payload.byteOffset).getUint32(0, true)
}

/** Seconds, or an HTTP date; at most a minute, so that a wrong header cannot stop delivery. */
function retryAfterMs(header: string | null): number {
  const seconds = Number(header ?? '0')
  return Number.isFinite(seconds) ? Math.min(Math.max(0, seconds) * 1000, 60_000) : 0
}

interface EndpointCounters {
  received(samples: number): void
  sent(samples: number, bytes: number): void
  failed(samples: number): void
  retried(samples: number): void
  dropped(samples: number, reason: string): void
  pending(requests: number): void
}

function endpointCounters(metrics: SelfMetrics, labels: { remote_name: string; url: string }): EndpointCounters {
  const names = ['remote_name', 'url']
  const inTotal = metrics.counter(
    'prometheus_remote_storage_samples_in_total',
    'Samples in to remote storage, compare to samples out for queue managers.',
    names,
  )
  const total = metrics.counter(
    'prometheus_remote_storage_samples_total',
    'Total number of samples sent to remote storage.',
    names,
  )
  const bytes = metrics.counter(
    'prometheus_remote_storage_bytes_total',
    'The total number of bytes of data (not metadata) sent by the queue after compression.',
    names,
  )
  const failed = metrics.counter(
    'prometheus_remote_storage_samples_failed_total',
    'Total number of samples which failed on send to remote storage, non-recoverable errors.',
    names,
  )
  const retried = metrics.counter(
    'prometheus_remote_storage_samples_retried_total',
    'Total number of samples which failed on send to remote storage but were retried because the send error was recoverable.',
    names,
  )
  const dropped = metrics.counter(
    'prometheus_remote_storage_samples_dropped_total',
    'Total number of samples which were dropped before being sent.',
    [...names, 'reason'],
  )
  const pending = metrics.gauge(
    'prometheus_remote_storage_requests_pending',
    'Requests that wait in the queue on disk.',
    names,
  )
  return {
    received: (samples) => inTotal.inc(labels, samples),
    sent: (samples, size) => {
      total.inc(labels, samples)
      bytes.inc(labels, size)
    },
    failed: (samples) => failed.inc(labels, samples),
    retried: (samples) => retried.inc(labels, samples),
    dropped: (samples, reason) => dropped.inc({ ...labels, reason }, samples),
    pending: (requests) => pending.set(labels, requests),
  }
}
