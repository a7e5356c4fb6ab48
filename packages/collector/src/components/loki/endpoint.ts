import type { Labels } from '@quartet/model'
import { HttpClient } from '@quartet/runtime'
import type { HttpReply, TlsMaterial } from '@quartet/runtime'
import { DiskQueue } from '@quartet/storage'
import type { QueueEntry } from '@quartet/storage'
import { compress } from 'snappy'
import type { ComponentContext } from '../../graph/index.ts'
import { authorizationHeaders } from '../client-settings.ts'
import type { Credentials } from '../client-settings.ts'
import { encodePushRequest } from './push-request.ts'
import type { LogEntry } from './receiver.ts'
import type { LokiEndpointSettings } from './endpoint-settings.ts'

export interface LokiEndpointOptions {
  readonly context: ComponentContext
  readonly name: string
  readonly settings: LokiEndpointSettings
  readonly credentials: Credentials
  readonly tls: TlsMaterial | undefined
  readonly externalLabels: Labels
}

const MAX_QUEUE_BYTES = 1024 * 1024 * 1024
const MAX_QUEUED_PUSHES = 1_000_000
const STOP_GRACE_MS = 3000

/** One destination of loki.write: a queue on disk and one sender, so that lines keep their order. */
export class LokiEndpoint {
  readonly #options: LokiEndpointOptions
  readonly #queue: DiskQueue
  readonly #client: HttpClient
  readonly #stopping = new AbortController()
  readonly #counters: ReturnType<typeof createCounters>
  #worker: Promise<void> = Promise.resolve()

  static async open(options: LokiEndpointOptions): Promise<LokiEndpoint> {
    const { context, name } = options
    const queue = await DiskQueue.open({
      fileSystem: context.fileSystem,
      directory: `${context.dataDirectory}/${encodeURIComponent(name)}`,
      maxEntries: MAX_QUEUED_PUSHES,
      maxBytes: MAX_QUEUE_BYTES,
      every: (ms, action) => context.clock.every(ms, action),
      onProblem: ({ kind, message, cause }) => context.logger.error({ kind, err: cause }, message),
    })
    const endpoint = new LokiEndpoint(options, queue)
    endpoint.#worker = endpoint.#work()
    return endpoint
  }

  private constructor(options: LokiEndpointOptions, queue: DiskQueue) {
    this.#options = options
    this.#queue = queue
    this.#client = new HttpClient({ tls: options.tls, followRedirects: options.settings.follow_redirects })
    this.#counters = createCounters(options)
  }

  get queued(): number {
    return this.#queue.size
  }

  /** @throws QueueFullError, or the disk's error */
  async push(entries: readonly LogEntry[]): Promise<void> {
    if (entries.length > 0)
      await this.#queue.put(encodePushRequest(entries, this.#options.externalLabels), entries.length)
  }

  /** What cannot be sent within a moment stays on disk for the next start. */
  async stop(): Promise<void> {
    const { clock } = this.#options.context
    const grace = clock.after(STOP_GRACE_MS, () => this.#stopping.abort(new Error('stopping')))
    while (this.#queue.size > 0 && !this.#stopping.signal.aborted) await clock.sleep(10)
    grace.cancel()
    this.#stopping.abort(new Error('stopping'))
    await this.#queue.close()
    await this.#worker
    this.#client.close()
  }

  async #work(): Promise<void> {
    for (let entry = await this.#queue.take(); entry; entry = await this.#queue.take()) {
      const entries = [entry]
      try {
        const payload = await this.#gather(entries)
        const isDecided = await this.#deliver(
          payload,
          entries.reduce((sum, { items }) => sum + items, 0),
        )
        if (!isDecided) return this.#giveBack(entries)
        this.#queue.done(...entries)
      } catch (error) {
        const items = entries.reduce((sum, { items }) => sum + items, 0)
        this.#counters.dropped(items, 'unreadable')
        this.#options.context.logger.error(
          { err: error, entries: items },
          'dropped log lines that cannot be read back from the queue',
        )
        this.#queue.done(...entries)
      }
    }
  }

  /** Merges what comes within `batch_wait` of the first push, up to `batch_size`. */
  async #gather(entries: QueueEntry[]): Promise<Uint8Array> {
    const { settings, context } = this.#options
    const parts = [await this.#queue.read(entries[0])]
    let size = parts[0].length
    const deadlineMs = context.clock.monotonicMs() + settings.batch_wait
    while (size < settings.batch_size && !this.#stopping.signal.aborted) {
      const leftMs = deadlineMs - context.clock.monotonicMs()
      const next =
        this.#queue.takeNow() ??
        (leftMs > 0 ? await this.#queue.takeWithin((wake) => context.clock.after(leftMs, wake)) : undefined)
      if (!next) break
      entries.push(next)
      const part = await this.#queue.read(next)
      parts.push(part)
      size += part.length
    }
    return parts.length === 1 ? parts[0] : Buffer.concat(parts)
  }

  /** @returns false when the component stops before the lines' fate is decided */
  async #deliver(payload: Uint8Array, count: number): Promise<boolean> {
    const { context, settings, name } = this.#options
    const encoded = await compress(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength))
    let delayMs = settings.min_backoff_period
    for (let attempt = 1; ; attempt++) {
      let reason: string
      let status = -1
      try {
        const reply = await this.#post(encoded)
        status = reply.status
        if (status >= 200 && status < 300) {
          this.#counters.sent(count, payload.length, encoded.length)
          context.setHealth('healthy', 'delivering')
          return true
        }
        reason = `server returned HTTP status ${status}: ${reply.body.toString('utf8').slice(0, 1024).trim()}`
      } catch (error) {
        reason = (error as Error).message
      }
      if (this.#stopping.signal.aborted) return false
      const isRetryable = status < 0 || status >= 500 || (status === 429 && settings.retry_on_http_429)
      const isLast = settings.max_backoff_retries > 0 && attempt >= settings.max_backoff_retries
      if (!isRetryable || isLast) {
        this.#counters.dropped(count, dropReason(status, reason))
        context.logger.error(
          { endpoint: name, status, reason, entries: count },
          'dropped log lines that could not be sent',
        )
        return true
      }
      this.#counters.retried()
      context.setHealth('healthy', `sending failed, will retry: ${reason}`)
      context.logger.warn(
        { endpoint: name, status, reason, delayMs: Math.round(delayMs) },
        'sending log lines failed, will retry',
      )
      try {
        await context.clock.sleep(delayMs * (0.5 + Math.random() / 2), this.#stopping.signal)
      } catch {
        return false // stopping
      }
      delayMs = Math.min(delayMs * 2, settings.max_backoff_period)
    }
  }

  #post(payload: Buffer): Promise<HttpReply> {
    const { settings, credentials } = this.#options
    return this.#client.post(settings.url, {
      headers: {
        'content-type': 'application/x-protobuf',
        'user-agent': 'Quartet (loki.write)',
        ...(settings.tenant_id ? { 'x-scope-orgid': settings.tenant_id } : {}),
        ...authorizationHeaders(credentials),
        ...settings.headers,
      },
      body: payload,
      timeoutMs: settings.remote_timeout,
      signal: this.#stopping.signal,
    })
  }

  #giveBack(entries: readonly QueueEntry[]): void {
    for (const entry of entries.toReversed()) this.#queue.giveBack(entry)
  }
}

/** Upstream's reasons. */
function dropReason(status: number, reason: string): string {
  if (status === 429) return 'rate_limited'
  if (status === 400 && reason.includes('line too long')) return 'line_too_long'
  if (status === 400 && reason.includes('stream limit')) return 'stream_limited'
  return 'ingester_error'
}

function createCounters({ context, settings, name }: LokiEndpointOptions): {
  sent(entries: number, bytes: number, encodedBytes: number): void
  dropped(entries: number, reason: string): void
  retried(): void
} {
  const labels = {
    component_id: context.id,
    endpoint: name,
    host: new URL(settings.url).host,
    tenant: settings.tenant_id,
  }
  const names = Object.keys(labels)
  const { metrics } = context
  const sentEntries = metrics.counter(
    'loki_write_sent_entries_total',
    'Number of log entries sent to the ingester.',
    names,
  )
  const sentBytes = metrics.counter('loki_write_sent_bytes_total', 'Number of bytes sent.', names)
  const encoded = metrics.counter('loki_write_encoded_bytes_total', 'Number of bytes encoded and ready to send.', names)
  const dropped = metrics.counter(
    'loki_write_dropped_entries_total',
    'Number of log entries dropped because failed to be sent to the ingester after all retries.',
    [...names, 'reason'],
  )
  const retries = metrics.counter(
    'loki_write_batch_retries_total',
    'Number of times batches has had to be retried.',
    names,
  )
  return {
    sent(entries, bytes, encodedBytes) {
      sentEntries.inc(labels, entries)
      sentBytes.inc(labels, bytes)
      encoded.inc(labels, encodedBytes)
    },
    dropped: (entries, reason) => dropped.inc({ ...labels, reason }, entries),
    retried: () => retries.inc(labels),
  }
}
