import { request as httpRequest, Agent as HttpAgent } from 'node:http'
import { request as httpsRequest, Agent as HttpsAgent } from 'node:https'
import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import type { OtlpSignal } from '@quartet/model'
import { ProtoReader } from '@quartet/model'
import { body, defaultBlock, optional, requiredBlock, required, type, withDefault } from '../../graph/index.ts'
import type { ComponentContext, ComponentDefinition, Decoded } from '../../graph/index.ts'
import { clientTlsSchema, loadTls } from './client-settings.ts'
import { DeliveryError, inputExport } from './consumer.ts'
import type { OtlpBatch } from './consumer.ts'
import { readPartialSuccess, readStatusMessage } from './otlp-reply.ts'
import { retrySchema, SendingQueue, sendingQueueSchema } from './sending-queue.ts'

const clientSchema = body(
  {
    endpoint: required(type.text),
    compression: withDefault(type.oneOf('gzip', 'zstd', 'deflate', 'none', ''), 'gzip'),
    timeout: withDefault(type.duration, 30_000),
    headers: withDefault(type.map(type.text), {}),
    read_buffer_size: optional(type.byteSize),
    write_buffer_size: optional(type.byteSize),
    max_idle_conns: withDefault(type.count, 100),
    max_idle_conns_per_host: optional(type.count),
    max_conns_per_host: optional(type.count),
    idle_conn_timeout: withDefault(type.duration, 90_000),
    disable_keep_alives: withDefault(type.bool, false),
    tls: defaultBlock(() => clientTlsSchema),
  },
  ({ endpoint }) =>
    URL.canParse(endpoint) ? undefined : `endpoint must be a URL with scheme, got ${JSON.stringify(endpoint)}`,
)

const schema = body({
  traces_endpoint: optional(type.text),
  metrics_endpoint: optional(type.text),
  logs_endpoint: optional(type.text),
  encoding: withDefault(type.oneOf('proto'), 'proto'),
  client: requiredBlock(() => clientSchema),
  sending_queue: defaultBlock(() => sendingQueueSchema),
  retry_on_failure: defaultBlock(() => retrySchema),
})

type Settings = Decoded<typeof schema>

/** Sends OTLP over HTTP as protobuf. Source: opentelemetry.io/docs/specs/otlp (OTLP/HTTP response, retryable status codes). */
export const otlpHttpExporter: ComponentDefinition<Settings> = {
  name: 'otelcol.exporter.otlphttp',
  schema,
  build(context, first) {
    let settings = first
    let sender = new HttpSender(context, settings)
    const queue = new SendingQueue(context, sending(settings), (batch, signal) => sender.send(batch, signal))
    return {
      exports: inputExport(queue),
      start: () => queue.start(),
      async update(next) {
        settings = next
        sender.close()
        sender = new HttpSender(context, settings)
        await queue.update(sending(settings))
      },
      async stop() {
        await queue.stop()
        sender.close()
      },
      debugInfo: () =>
        new Map([
          ['queued_requests', BigInt(queue.queued.entries)],
          ['queued_bytes', BigInt(queue.queued.bytes)],
        ]),
    }
  },
}

function sending(settings: Settings): { queue: Settings['sending_queue']; retry: Settings['retry_on_failure'] } {
  return { queue: settings.sending_queue, retry: settings.retry_on_failure }
}

const RETRYABLE = new Set([429, 502, 503, 504])
const MAX_REPLY_BYTES = 64 * 1024
const COMPRESSORS: Readonly<Record<string, ((bytes: Uint8Array) => Promise<Buffer>) | undefined>> = {
  gzip: promisify<Uint8Array, Buffer>(zlib.gzip),
  deflate: promisify<Uint8Array, Buffer>(zlib.deflate),
  zstd: promisify<Uint8Array, Buffer>(zlib.zstdCompress),
}

class HttpSender {
  readonly #context: ComponentContext
  readonly #settings: Settings
  #agent: Promise<HttpAgent | HttpsAgent> | undefined

  constructor(context: ComponentContext, settings: Settings) {
    this.#context = context
    this.#settings = settings
  }

  async send(batch: OtlpBatch, signal: AbortSignal): Promise<void> {
    const { client } = this.#settings
    const compress = COMPRESSORS[client.compression]
    const payload = compress ? await compress(batch.bytes) : batch.bytes
    const headers: Record<string, string> = {
      'content-type': 'application/x-protobuf',
      'user-agent': 'Quartet (OTLP exporter)',
      ...(compress ? { 'content-encoding': client.compression } : {}),
      ...client.headers,
    }
    const reply = await this.#post(this.#url(batch.signal), payload, headers, signal)
    if (reply.status >= 200 && reply.status < 300) return this.#noticePartialSuccess(batch, reply.body)
    throw refusal(reply)
  }

  close(): void {
    void this.#agent?.then((agent) => agent.destroy())
  }

  #url(signal: OtlpSignal): URL {
    const own = this.#settings[`${signal}_endpoint`]
    return new URL(own ?? `${this.#settings.client.endpoint.replace(/\/+$/, '')}/v1/${signal}`)
  }

  async #post(url: URL, payload: Uint8Array, headers: Record<string, string>, signal: AbortSignal): Promise<Reply> {
    const { client } = this.#settings
    const isSecure = url.protocol === 'https:'
    const agent = await (this.#agent ??= this.#connect(isSecure))
    const timeout = client.timeout > 0 ? AbortSignal.timeout(client.timeout) : undefined
    const options = {
      method: 'POST',
      agent,
      headers: { ...headers, 'content-length': String(payload.length) },
      signal: timeout ? AbortSignal.any([signal, timeout]) : signal,
    }
    return new Promise<Reply>((resolve, reject) => {
      const fail = (cause: Error): void => {
        const message = timeout?.aborted ? `timed out after ${client.timeout} ms` : cause.message
        reject(
          new DeliveryError(`failed to make an HTTP request to ${url.origin}: ${message}`, {
            isRetryable: true,
            cause,
          }),
        )
      }
      const request = (isSecure ? httpsRequest : httpRequest)(url, options, (response) => {
        const chunks: Buffer[] = []
        let size = 0
        response.on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size <= MAX_REPLY_BYTES) chunks.push(chunk)
        })
        response.on('end', () => {
          const { 'content-type': contentType = '', 'retry-after': retryAfter } = response.headers
          resolve({
            status: response.statusCode ?? 0,
            contentType,
            retryAfter,
            body: Buffer.concat(chunks),
            nowMs: this.#context.clock.nowMs(),
          })
        })
        response.on('error', fail)
      })
      request.on('error', fail)
      request.end(payload)
    })
  }

  async #connect(isSecure: boolean): Promise<HttpAgent | HttpsAgent> {
    const { client } = this.#settings
    const options = {
      keepAlive: !client.disable_keep_alives,
      maxFreeSockets: client.max_idle_conns,
      timeout: client.idle_conn_timeout,
    }
    if (!isSecure) return new HttpAgent(options)
    const { ca, cert, key, servername, rejectUnauthorized } = await loadTls(client.tls)
    return new HttpsAgent({
      ...options,
      rejectUnauthorized,
      ...(ca ? { ca } : {}),
      ...(cert ? { cert } : {}),
      ...(key ? { key } : {}),
      ...(servername ? { servername } : {}),
    })
  }

  #noticePartialSuccess(batch: OtlpBatch, body: Uint8Array): void {
    const partial = readPartialSuccess(body)
    if (!partial || (partial.rejected === 0 && partial.message === '')) return
    const { rejected, message } = partial
    this.#context.logger.warn(
      { rejected, reason: message, signal: batch.signal },
      'the destination took the data only in part',
    )
    this.#context.metrics
      .counter(
        'quartet_collector_partial_success_rejected_total',
        'Items that a destination refused while taking the rest.',
        ['component_id', 'signal'],
      )
      .inc({ component_id: this.#context.id, signal: batch.signal }, rejected)
  }
}

interface Reply {
  readonly status: number
  readonly contentType: string
  readonly retryAfter: string | undefined
  readonly body: Buffer
  readonly nowMs: number
}

function refusal(reply: Reply): DeliveryError {
  const detail = reply.contentType.startsWith('application/x-protobuf')
    ? readStatusMessage(new ProtoReader(reply.body))
    : reply.body.toString('utf8').trim()
  const message = `request to destination was refused with HTTP status ${reply.status}${detail ? `: ${detail.slice(0, 500)}` : ''}`
  return new DeliveryError(message, { isRetryable: RETRYABLE.has(reply.status), retryAfterMs: retryAfterMs(reply) })
}

/** Seconds, or a date. */
function retryAfterMs(reply: Reply): number | undefined {
  if (reply.retryAfter === undefined) return undefined
  const seconds = Number(reply.retryAfter)
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000)
  const dateMs = Date.parse(reply.retryAfter)
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - reply.nowMs)
}
