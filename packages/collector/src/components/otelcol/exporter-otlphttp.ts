import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import type { OtlpSignal } from '@quartet/model'
import { ProtoReader } from '@quartet/model'
import { HttpClient } from '@quartet/runtime'
import type { HttpReply } from '@quartet/runtime'
import {
  body,
  defaultBlock,
  optional,
  required,
  requiredBlock,
  type,
  unsupported,
  withDefault,
  withoutEffect,
} from '../../graph/index.ts'
import type { ComponentContext, ComponentDefinition, Decoded } from '../../graph/index.ts'
import { loadTls, otelcolTlsSchema } from '../tls-settings.ts'
import { DeliveryError } from './consumer.ts'
import type { OtlpBatch } from './consumer.ts'
import { readPartialSuccess, readStatusMessage } from './otlp-reply.ts'
import { queuedExporter } from './queued-exporter.ts'
import type { Sender } from './queued-exporter.ts'
import { retrySchema, sendingQueueSchema } from './sending-queue.ts'

const clientSchema = body(
  {
    endpoint: required(type.text),
    compression: withDefault(type.oneOf('gzip', 'zstd', 'deflate', 'none', ''), 'gzip'),
    timeout: withDefault(type.duration, 30_000),
    headers: withDefault(type.map(type.text), {}),
    read_buffer_size: withoutEffect(optional(type.byteSize), 'Node chooses the buffers of a connection'),
    write_buffer_size: withoutEffect(optional(type.byteSize), 'Node chooses the buffers of a connection'),
    max_idle_conns: withDefault(type.count, 100),
    max_idle_conns_per_host: optional(type.count),
    max_conns_per_host: optional(type.count),
    idle_conn_timeout: withDefault(type.duration, 90_000),
    disable_keep_alives: withDefault(type.bool, false),
    http2_read_idle_timeout: withoutEffect(optional(type.duration), 'requests go out over HTTP/1.1'),
    http2_ping_timeout: withoutEffect(optional(type.duration), 'requests go out over HTTP/1.1'),
    proxy_url: unsupported,
    auth: unsupported,
    cookies: unsupported,
    compression_params: unsupported,
    tls: defaultBlock(() => otelcolTlsSchema),
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
  build: (context, first) => queuedExporter(context, first, (settings) => new HttpSender(context, settings)),
}

const RETRYABLE = new Set([429, 502, 503, 504])
const COMPRESSORS: Readonly<Record<string, ((bytes: Uint8Array) => Promise<Buffer>) | undefined>> = {
  gzip: promisify<Uint8Array, Buffer>(zlib.gzip),
  deflate: promisify<Uint8Array, Buffer>(zlib.deflate),
  zstd: promisify<Uint8Array, Buffer>(zlib.zstdCompress),
}

class HttpSender implements Sender {
  readonly #context: ComponentContext
  readonly #settings: Settings
  #client: Promise<HttpClient> | undefined

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
    const url = this.#url(batch.signal)
    const reply = await this.#post(url, payload, headers, signal)
    if (reply.status >= 200 && reply.status < 300) return this.#noticePartialSuccess(batch, reply.body)
    throw refusal(reply, this.#context.clock.nowMs())
  }

  close(): void {
    void this.#client?.then((opened) => opened.close())
  }

  #url(signal: OtlpSignal): URL {
    const own = this.#settings[`${signal}_endpoint`]
    return new URL(own ?? `${this.#settings.client.endpoint.replace(/\/+$/, '')}/v1/${signal}`)
  }

  async #post(url: URL, payload: Uint8Array, headers: Record<string, string>, signal: AbortSignal): Promise<HttpReply> {
    try {
      const client = await (this.#client ??= this.#open())
      return await client.post(url, { headers, body: payload, timeoutMs: this.#settings.client.timeout, signal })
    } catch (cause) {
      const message = `failed to make an HTTP request to ${url.origin}: ${(cause as Error).message}`
      throw new DeliveryError(message, { isRetryable: true, cause })
    }
  }

  async #open(): Promise<HttpClient> {
    const { client } = this.#settings
    return new HttpClient({
      tls: await loadTls(client.tls),
      keepAlive: !client.disable_keep_alives,
      maxConnections: client.max_conns_per_host,
      maxIdleConnections: client.max_idle_conns_per_host || client.max_idle_conns,
      idleTimeoutMs: client.idle_conn_timeout,
      followRedirects: true,
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

function refusal(reply: HttpReply, nowMs: number): DeliveryError {
  const { 'content-type': contentType = '', 'retry-after': retryAfter } = reply.headers
  const detail = contentType.startsWith('application/x-protobuf')
    ? readStatusMessage(new ProtoReader(reply.body))
    : reply.body.toString('utf8').trim()
  const message = `request to destination was refused with HTTP status ${reply.status}${detail ? `: ${detail.slice(0, 500)}` : ''}`
  return new DeliveryError(message, {
    isRetryable: RETRYABLE.has(reply.status),
    retryAfterMs: retryAfterMs(retryAfter, nowMs),
  })
}

/** Seconds, or a date. */
function retryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined
  const seconds = Number(header)
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000)
  const dateMs = Date.parse(header)
  return Number.isNaN(dateMs) ? undefined : Math.max(0, dateMs - nowMs)
}
