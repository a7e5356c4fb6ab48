import type * as Grpc from '@grpc/grpc-js'
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
import { readPartialSuccess } from './otlp-reply.ts'
import { queuedExporter } from './queued-exporter.ts'
import type { Sender } from './queued-exporter.ts'
import { retrySchema, sendingQueueSchema } from './sending-queue.ts'
import { EXPORT_METHODS } from './service-names.ts'

const clientSchema = body({
  endpoint: required(type.text),
  compression: withDefault(type.oneOf('gzip', 'none', ''), 'gzip'),
  headers: withDefault(type.map(type.text), {}),
  authority: withDefault(type.text, ''),
  balancer_name: withDefault(type.oneOf('round_robin', 'pick_first'), 'round_robin'),
  wait_for_ready: withoutEffect(withDefault(type.bool, false), 'requests that find no server are retried', false),
  read_buffer_size: withoutEffect(optional(type.byteSize), 'Node chooses the buffers of a connection'),
  write_buffer_size: withoutEffect(optional(type.byteSize), 'Node chooses the buffers of a connection'),
  auth: unsupported,
  tls: defaultBlock(() => otelcolTlsSchema),
  keepalive: defaultBlock(() =>
    body({
      ping_wait: optional(type.duration),
      ping_response_timeout: optional(type.duration),
      ping_without_stream: withDefault(type.bool, false),
    }),
  ),
})

const schema = body({
  timeout: withDefault(type.duration, 5000),
  client: requiredBlock(() => clientSchema),
  sending_queue: defaultBlock(() => sendingQueueSchema),
  retry_on_failure: defaultBlock(() => retrySchema),
})

type Settings = Decoded<typeof schema>

/** Sends OTLP over gRPC. Source: opentelemetry.io/docs/specs/otlp (OTLP/gRPC, failures). */
export const otlpExporter: ComponentDefinition<Settings> = {
  name: 'otelcol.exporter.otlp',
  schema,
  build: (context, first) => queuedExporter(context, first, (settings) => new GrpcSender(context, settings)),
}

/** cancelled, deadline exceeded, aborted, out of range, unavailable, data loss; resource exhausted only with a delay. */
const RETRYABLE = new Set([1, 4, 10, 11, 14, 15])
const RESOURCE_EXHAUSTED = 8
const GZIP = 2

class GrpcSender implements Sender {
  readonly #context: ComponentContext
  readonly #settings: Settings
  #client: Promise<{ client: Grpc.Client; metadata: Grpc.Metadata }> | undefined

  constructor(context: ComponentContext, settings: Settings) {
    this.#context = context
    this.#settings = settings
  }

  async send(batch: OtlpBatch, signal: AbortSignal): Promise<void> {
    const { client, metadata } = await (this.#client ??= this.#connect())
    const { timeout } = this.#settings
    const options = timeout > 0 ? { deadline: new Date(this.#context.clock.nowMs() + timeout) } : {}
    const reply = await new Promise<Buffer>((resolve, reject) => {
      const message = Buffer.from(batch.bytes.buffer, batch.bytes.byteOffset, batch.bytes.byteLength)
      const call = client.makeUnaryRequest(
        EXPORT_METHODS[batch.signal],
        identity,
        identity,
        message,
        metadata,
        options,
        (error, value) => {
          signal.removeEventListener('abort', cancel)
          if (error) reject(refusal(error))
          else resolve(value ?? Buffer.alloc(0))
        },
      )
      const cancel = (): void => call.cancel()
      signal.addEventListener('abort', cancel, { once: true })
    })
    const partial = readPartialSuccess(reply)
    if (partial && (partial.rejected > 0 || partial.message !== '')) {
      const { rejected, message } = partial
      this.#context.logger.warn(
        { rejected, reason: message, signal: batch.signal },
        'the destination took the data only in part',
      )
    }
  }

  close(): void {
    void this.#client?.then(({ client }) => client.close())
  }

  async #connect(): Promise<{ client: Grpc.Client; metadata: Grpc.Metadata }> {
    const grpc = await import('@grpc/grpc-js')
    const { client: settings } = this.#settings
    const metadata = new grpc.Metadata()
    for (const [name, value] of Object.entries(settings.headers)) metadata.set(name, value)
    const { target, isSecure } = parseEndpoint(settings.endpoint, settings.tls.insecure)
    const credentials = isSecure ? await this.#credentials(grpc) : grpc.credentials.createInsecure()
    const client = new grpc.Client(target, credentials, {
      'grpc.max_send_message_length': -1,
      'grpc.max_receive_message_length': 4 * 1024 * 1024,
      // A store that has just come up is found within seconds, not after grpc's two minutes.
      'grpc.max_reconnect_backoff_ms': 5000,
      'grpc.service_config': JSON.stringify({ loadBalancingConfig: [{ [settings.balancer_name]: {} }] }),
      ...(settings.compression === 'gzip' ? { 'grpc.default_compression_algorithm': GZIP } : {}),
      ...(settings.authority ? { 'grpc.default_authority': settings.authority } : {}),
      ...(settings.keepalive.ping_wait ? { 'grpc.keepalive_time_ms': settings.keepalive.ping_wait } : {}),
      ...(settings.keepalive.ping_response_timeout
        ? { 'grpc.keepalive_timeout_ms': settings.keepalive.ping_response_timeout }
        : {}),
      ...(settings.keepalive.ping_without_stream ? { 'grpc.keepalive_permit_without_calls': 1 } : {}),
      ...(settings.tls.server_name ? { 'grpc.ssl_target_name_override': settings.tls.server_name } : {}),
    })
    return { client, metadata }
  }

  async #credentials(grpc: typeof Grpc): Promise<Grpc.ChannelCredentials> {
    const { ca, cert, key, rejectUnauthorized } = (await loadTls(this.#settings.client.tls)) ?? {}
    const bytes = (text: string | undefined): Buffer | null => (text === undefined ? null : Buffer.from(text))
    return grpc.credentials.createSsl(bytes(ca), bytes(key), bytes(cert), { rejectUnauthorized })
  }
}

/** `host:port`, or a URL whose scheme decides about TLS. */
function parseEndpoint(endpoint: string, isInsecure: boolean): { target: string; isSecure: boolean } {
  const found = /^(https?):\/\/(.*?)\/?$/.exec(endpoint)
  if (!found) return { target: endpoint, isSecure: !isInsecure }
  return { target: found[2], isSecure: found[1] === 'https' && !isInsecure }
}

function refusal(error: Grpc.ServiceError): DeliveryError {
  const retryAfterMs = retryDelayMs(error)
  const isRetryable = RETRYABLE.has(error.code) || (error.code === RESOURCE_EXHAUSTED && retryAfterMs !== undefined)
  return new DeliveryError(`rpc error: code = ${error.code} desc = ${error.details}`, {
    isRetryable,
    retryAfterMs,
    cause: error,
  })
}

/** `RetryInfo` in the status details, looked for by its type's name since the details are a packed Any. */
function retryDelayMs(error: Grpc.ServiceError): number | undefined {
  const details = error.metadata.get('grpc-status-details-bin')[0]
  if (!(details instanceof Buffer)) return undefined
  const name = 'google.rpc.RetryInfo'
  const at = details.indexOf(name)
  if (at < 0) return undefined
  // Any.value (0x12, length), RetryInfo.retry_delay (0x0a, length), Duration.seconds (0x08, varint below 128)
  const value = details.subarray(at + name.length)
  const seconds = value[0] === 0x12 && value[2] === 0x0a && value[4] === 0x08 && value[5] < 128 ? value[5] : 0
  return seconds * 1000
}

function identity(bytes: Buffer): Buffer {
  return bytes
}
