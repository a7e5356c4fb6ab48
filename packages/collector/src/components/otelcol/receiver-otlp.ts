import { scanOtlp, WireError } from '@quartet/model'
import type { OtlpSignal } from '@quartet/model'
import { GrpcError, GrpcStatus, parseListenAddress, startGrpcServer } from '@quartet/runtime'
import {
  body,
  optional,
  optionalBlock,
  requiredBlock,
  type,
  unsupported,
  withDefault,
  withoutEffect,
} from '../../graph/index.ts'
import type { ComponentContext, ComponentDefinition, Decoded } from '../../graph/index.ts'
import { DeliveryError, fanOut, outputSchema, SIGNALS } from './consumer.ts'
import type { OtlpBatch } from './consumer.ts'
import { corsSchema } from './cors.ts'
import { connectionOptions, keepaliveSchema } from './grpc-keepalive.ts'
import { OtlpHttpServer } from './otlp-http-server.ts'
import { EXPORT_METHODS } from './service-names.ts'
import { signalCounters } from './signal-counters.ts'

const NO_METADATA = 'no component reads the metadata of requests yet'
const MIB = 1024 * 1024

const grpcSchema = body({
  endpoint: withDefault(type.text, '0.0.0.0:4317'),
  transport: withDefault(type.oneOf('tcp'), 'tcp'),
  max_recv_msg_size: withDefault(type.byteSize, 4 * MIB),
  max_concurrent_streams: optional(type.count),
  read_buffer_size: withoutEffect(optional(type.byteSize), 'Node chooses the buffers of a connection'),
  write_buffer_size: withoutEffect(optional(type.byteSize), 'Node chooses the buffers of a connection'),
  include_metadata: withoutEffect(withDefault(type.bool, false), NO_METADATA, false),
  keepalive: optionalBlock(() => keepaliveSchema),
  tls: unsupported,
  auth: unsupported,
})

const httpSchema = body({
  endpoint: withDefault(type.text, '0.0.0.0:4318'),
  max_request_body_size: withDefault(type.byteSize, 20 * MIB),
  include_metadata: withoutEffect(withDefault(type.bool, false), NO_METADATA, false),
  keep_alives_enabled: withDefault(type.bool, true),
  traces_url_path: withDefault(type.text, '/v1/traces'),
  metrics_url_path: withDefault(type.text, '/v1/metrics'),
  logs_url_path: withDefault(type.text, '/v1/logs'),
  compression_algorithms: optional(type.list(type.text)),
  cors: optionalBlock(() => corsSchema),
  tls: unsupported,
  auth: unsupported,
})

const debugMetricsSchema = body({
  disable_high_cardinality_metrics: withDefault(type.bool, true),
  level: withDefault(type.text, 'detailed'),
})

const schema = body({
  grpc: optionalBlock(() => grpcSchema),
  http: optionalBlock(() => httpSchema),
  output: requiredBlock(() => outputSchema),
  debug_metrics: withoutEffect(
    optionalBlock(() => debugMetricsSchema),
    'the metrics of a component are always the same',
  ),
})

type Settings = Decoded<typeof schema>

/** Takes OTLP over gRPC and HTTP. A request is answered when what follows has taken the data over, durably where it can. */
export const otlpReceiver: ComponentDefinition<Settings> = {
  name: 'otelcol.receiver.otlp',
  schema,
  build(context, first) {
    let receiver = new Receiver(context, first)
    return {
      exports: new Map(),
      start: () => receiver.start(),
      async update(settings) {
        if (receiver.takes(settings)) return
        await receiver.stop()
        receiver = new Receiver(context, settings)
        await receiver.start()
      },
      stop: () => receiver.stop(),
      debugInfo: () => new Map(receiver.addresses),
    }
  },
}

class Receiver {
  readonly addresses = new Map<string, string>()
  readonly #context: ComponentContext
  #settings: Settings
  readonly #running: { close(): Promise<void> }[] = []

  constructor(context: ComponentContext, settings: Settings) {
    this.#context = context
    this.#settings = settings
  }

  async start(): Promise<void> {
    try {
      if (this.#settings.grpc) await this.#startGrpc(this.#settings.grpc)
      if (this.#settings.http) await this.#startHttp(this.#settings.http)
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#running.splice(0).map((server) => server.close()))
  }

  /** Takes new outputs without closing a port, when nothing else has changed. */
  takes(settings: Settings): boolean {
    const listens = ({ grpc, http, output }: Settings): string =>
      JSON.stringify([grpc, http, SIGNALS.map((signal) => output[signal].length > 0)])
    if (listens(settings) !== listens(this.#settings)) return false
    this.#settings = settings
    return true
  }

  async #startGrpc(settings: NonNullable<Settings['grpc']>): Promise<void> {
    const { host, port } = parseListenAddress(settings.endpoint, '0.0.0.0')
    const accept = this.#acceptor('grpc')
    const methods = Object.fromEntries(
      this.#signals().map((signal) => [
        EXPORT_METHODS[signal],
        (message: Buffer) => receiveMessage(signal, message, accept),
      ]),
    )
    const server = await startGrpcServer({
      name: `${this.#context.id} grpc`,
      host,
      port,
      portFlag: 'config.file',
      logger: this.#context.logger,
      maxMessageBytes: settings.max_recv_msg_size,
      connection: connectionOptions(settings),
      methods,
    })
    this.addresses.set('grpc', `${server.host}:${server.port}`)
    this.#running.push(server)
  }

  async #startHttp(settings: NonNullable<Settings['http']>): Promise<void> {
    const { host, port } = parseListenAddress(settings.endpoint, '0.0.0.0')
    const server = new OtlpHttpServer({
      host,
      port,
      maxBodyBytes: settings.max_request_body_size,
      paths: new Map(this.#signals().map((signal) => [settings[`${signal}_url_path`], signal])),
      cors: settings.cors,
      keepsAlive: settings.keep_alives_enabled,
      encodings: settings.compression_algorithms,
      clock: this.#context.clock,
      logger: this.#context.logger,
      accept: this.#acceptor('http'),
    })
    const bound = await server.listen()
    this.addresses.set('http', `${bound.host}:${bound.port}`)
    this.#running.push(server)
  }

  /** A signal without an output is not served, so that its senders learn it. */
  #signals(): OtlpSignal[] {
    return SIGNALS.filter((signal) => this.#settings.output[signal].length > 0)
  }

  #acceptor(transport: string): (batch: OtlpBatch) => Promise<void> {
    const { metrics, id } = this.#context
    const labels = { component_id: id, receiver: id, transport }
    const accepted = signalCounters(
      metrics,
      (items) => `otelcol_receiver_accepted_${items}_total`,
      (items) => `Number of ${items} successfully pushed into the pipeline.`,
      labels,
    )
    const refused = signalCounters(
      metrics,
      (items) => `otelcol_receiver_refused_${items}_total`,
      (items) => `Number of ${items} that could not be pushed into the pipeline.`,
      labels,
    )
    return async (batch) => {
      try {
        if (batch.items > 0) await fanOut(this.#settings.output[batch.signal], batch)
        accepted(batch.signal, batch.items)
      } catch (error) {
        refused(batch.signal, batch.items)
        throw error
      }
    }
  }
}

const NOTHING = new Uint8Array(0)

async function receiveMessage(
  signal: OtlpSignal,
  message: Buffer,
  accept: (batch: OtlpBatch) => Promise<void>,
): Promise<Uint8Array> {
  try {
    await accept({ signal, bytes: message, items: scanOtlp(signal, message).items })
    return NOTHING
  } catch (error) {
    if (error instanceof WireError) {
      throw new GrpcError(GrpcStatus.internal, `grpc: error unmarshalling request: ${error.message}`, { cause: error })
    }
    if (!(error instanceof DeliveryError)) throw error
    throw new GrpcError(error.isRetryable ? GrpcStatus.unavailable : GrpcStatus.internal, error.message, {
      cause: error,
    })
  }
}
