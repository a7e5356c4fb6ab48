import { HttpClient } from '@quartet/runtime'
import type { Clock, HttpReply, Logger, SelfMetrics, TlsMaterial } from '@quartet/runtime'
import { DiskQueue, QueueFullError } from '@quartet/storage'
import type { FileSystem, QueueEntry } from '@quartet/storage'
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
  readonly tls?: TlsMaterial | undefined
  readonly followRedirects: boolean
  readonly timeoutMs: number
  readonly sendExemplars: boolean
  /** Else they are left out. */
  readonly sendNativeHistograms: boolean
  /** Type, help and unit of metrics go out this often when there are new ones; `undefined` never. */
  readonly metadataIntervalMs: number | undefined
  readonly maxMetadataPerSend: number
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
  followRedirects: true,
  timeoutMs: 30_000,
  sendExemplars: true,
  sendNativeHistograms: true,
  metadataIntervalMs: 60_000,
  maxMetadataPerSend: 2000,
  writeRelabelRules: [],
  maxSamplesPerSend: 2000,
  minBackoffMs: 30,
  maxBackoffMs: 5000,
  retryOnHttp429: true,
  maxQueueBytes: 1 << 30,
}

export interface EndpointServices {
  readonly fileSystem: FileSystem
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: SelfMetrics
}

/** So many requests wait at most, however small they are: each has a place in memory. */
const MAX_QUEUED_REQUESTS = 1_000_000

/** Sends what is queued for one receiver, in order and at least once, merging small requests while it is behind. */
export class RemoteWriteEndpoint {
  readonly config: RemoteWriteEndpointConfig
  readonly #queue: DiskQueue
  readonly #client: HttpClient
  readonly #services: EndpointServices
  readonly #counters: EndpointCounters
  readonly #stopping = new AbortController()
  readonly #sending: Promise<void>

  static async open(
    config: RemoteWriteEndpointConfig,
    directory: string,
    services: EndpointServices,
  ): Promise<RemoteWriteEndpoint> {
    const queue = await DiskQueue.open({
      fileSystem: services.fileSystem,
      directory,
      maxEntries: MAX_QUEUED_REQUESTS,
      maxBytes: config.maxQueueBytes,
      every: (ms, f) => services.clock.every(ms, f),
      onProblem: ({ kind, message, cause }) =>
        services.logger.warn({ remote: config.name, kind, err: cause }, `remote-write queue: ${message}`),
    })
    return new RemoteWriteEndpoint(config, queue, services)
  }

  private constructor(config: RemoteWriteEndpointConfig, queue: DiskQueue, services: EndpointServices) {
    this.config = config
    this.#queue = queue
    this.#client = new HttpClient({ tls: config.tls, followRedirects: config.followRedirects })
    this.#services = services
    this.#counters = endpointCounters(services.metrics, { remote_name: config.name, url: config.url })
    this.#sending = this.#send()
  }

  /**
   * Takes an encoded WriteRequest with `samples` samples. Resolves once it is durable.
   * @throws QueueFullError when the receiver has been away for too long; counted as dropped
   */
  async enqueue(request: Uint8Array, samples: number): Promise<void> {
    this.#counters.received(samples)
    try {
      await this.#queue.put(request, samples)
    } catch (error) {
      this.#counters.dropped(samples, error instanceof QueueFullError ? 'queue_full' : 'queue_write_failed')
      throw error
    }
    this.#counters.pending(this.#queue.size)
  }

  /** Stops sending; what waits stays in the queue for the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    const closed = this.#queue.close()
    await this.#sending
    await closed
    this.#client.close()
  }

  async #send(): Promise<void> {
    for (let first = await this.#queue.take(); first; first = await this.#queue.take()) {
      const entries = [first]
      let samples = first.items
      while (samples < this.config.maxSamplesPerSend) {
        const next = this.#queue.takeNow()
        if (!next) break
        entries.push(next)
        samples += next.items
      }
      if (!(await this.#deliver(entries, samples))) {
        for (const entry of entries.toReversed()) this.#queue.giveBack(entry)
        return
      }
      this.#queue.done(...entries)
      this.#counters.pending(this.#queue.size)
    }
  }

  /** Returns false only when the endpoint is being stopped; else the items are delivered or given up, and counted. */
  async #deliver(entries: readonly QueueEntry[], samples: number): Promise<boolean> {
    const { minBackoffMs, maxBackoffMs } = this.config
    let body: Uint8Array
    try {
      // Protobuf messages are merged by concatenation.
      body = await compress(Buffer.concat(await Promise.all(entries.map((entry) => this.#queue.read(entry)))))
    } catch (error) {
      this.#counters.dropped(samples, 'unreadable')
      this.#services.logger.error(
        { remote: this.config.name, err: error, samples },
        'dropped samples that cannot be read back from the queue',
      )
      return true
    }
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

  async #post(body: Uint8Array): Promise<Outcome> {
    const { url, headers, timeoutMs, retryOnHttp429 } = this.config
    const { signal } = this.#stopping
    let reply: HttpReply
    try {
      reply = await this.#client.post(url, {
        body,
        headers: {
          ...this.#authorization(),
          ...headers,
          'content-encoding': 'snappy',
          'content-type': 'application/x-protobuf',
          'user-agent': 'Quartet/0.1.0',
          'x-prometheus-remote-write-version': '0.1.0',
        },
        timeoutMs,
        signal,
      })
    } catch (error) {
      if (signal.aborted) return { kind: 'stopped' }
      return { kind: 'retry', reason: (error as Error).message, retryAfterMs: 0 }
    }
    const { status, statusText } = reply
    if (status >= 200 && status < 300) return { kind: 'sent' }
    const text = reply.body.toString('utf8').slice(0, 512).trim()
    const reason = `server returned HTTP status ${status} ${statusText}: ${text}`
    const mayRetry = status >= 500 || (status === 429 && retryOnHttp429)
    return mayRetry
      ? { kind: 'retry', reason, retryAfterMs: retryAfterMs(reply.headers['retry-after']) }
      : { kind: 'refused', reason }
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

/** Seconds, at most a minute, so that a wrong header cannot stop delivery; a date counts as none. */
function retryAfterMs(header: string | undefined): number {
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
