import type {
  ChannelOptions,
  sendUnaryData,
  Server,
  ServerUnaryCall,
  ServiceDefinition,
  UntypedServiceImplementation,
} from '@grpc/grpc-js'
import { systemClock } from '../clock.ts'
import { explainListenError } from '../http/listen-address.ts'
import type { Logger } from '../log.ts'
import { GrpcError, GrpcStatus } from './grpc-error.ts'

export interface GrpcCall {
  /** Lower-case names; binary (`-bin`) entries are left out. */
  readonly metadata: Record<string, string>
  /** Aborts when the client cancels or goes away. */
  readonly signal: AbortSignal
}

/** Gets and returns the bytes of one protobuf message. A thrown {@link GrpcError} becomes its status. */
export type GrpcMethod = (message: Buffer, call: GrpcCall) => Promise<Uint8Array>

export interface GrpcServerOptions {
  /** For messages; `gRPC` when absent. */
  readonly name?: string
  readonly host: string
  readonly port: number
  readonly portFlag: string
  readonly logger: Logger
  /** Holds for the message as received and as decompressed. */
  readonly maxMessageBytes: number
  /** Keep-alive, age and stream limits of connections, as grpc-js names them. */
  readonly connection?: ChannelOptions
  /** Keys like `/opentelemetry.proto.collector.trace.v1.TraceService/Export`. */
  readonly methods: Readonly<Record<string, GrpcMethod>>
}

const CLOSE_GRACE_MS = 5_000

/**
 * Unary gRPC without TLS. Messages pass through as bytes, since the systems have readers of their own; gzip is accepted.
 * @throws PortTakenError
 */
export async function startGrpcServer(
  options: GrpcServerOptions,
): Promise<{ host: string; port: number; close(): Promise<void> }> {
  const grpc = await import('@grpc/grpc-js')
  // Everything it would print also reaches the callbacks.
  grpc.setLogVerbosity(grpc.logVerbosity.NONE)
  const server = new grpc.Server({
    ...options.connection,
    'grpc.max_receive_message_length': options.maxMessageBytes,
    'grpc.max_send_message_length': options.maxMessageBytes,
  })
  for (const [path, method] of Object.entries(options.methods)) addMethod(server, path, method, options.logger)
  const { host } = options
  const address = `${host.includes(':') ? `[${host}]` : host}:${options.port}`
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync(address, grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(explainListenError(error, { name: 'gRPC', ...options })) : resolve(bound),
    )
  })
  return { host, port, close: () => closeServer(server) }
}

function addMethod(server: Server, path: string, method: GrpcMethod, logger: Logger): void {
  const definition: ServiceDefinition = {
    [path]: {
      path,
      requestStream: false,
      responseStream: false,
      requestSerialize: identity,
      requestDeserialize: identity,
      responseSerialize: identity,
      responseDeserialize: identity,
    },
  }
  const implementation: UntypedServiceImplementation = {
    [path]: async (call: ServerUnaryCall<Buffer, Buffer>, callback: sendUnaryData<Buffer>) => {
      const reply = await answer(method, path, call, logger)
      if (reply instanceof Uint8Array) callback(null, asBuffer(reply))
      else callback(reply)
    },
  }
  server.addService(definition, implementation)
}

/** Never rejects: an error becomes the status that the client gets. */
async function answer(
  method: GrpcMethod,
  path: string,
  call: ServerUnaryCall<Buffer, Buffer>,
  logger: Logger,
): Promise<Uint8Array | { code: number; details: string }> {
  const controller = new AbortController()
  call.on('cancelled', () => controller.abort(new GrpcError(GrpcStatus.cancelled, 'context canceled')))
  const metadata: Record<string, string> = {}
  for (const [name, value] of Object.entries(call.metadata.getMap())) {
    if (typeof value === 'string') metadata[name] = value
  }
  try {
    return await method(call.request, { metadata, signal: controller.signal })
  } catch (error) {
    if (error instanceof GrpcError) return { code: error.code, details: error.message }
    logger.error({ err: error, path }, 'gRPC handler failed')
    return { code: GrpcStatus.internal, details: 'internal error' }
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function identity(bytes: Buffer): Buffer {
  return bytes
}

async function closeServer(server: Server): Promise<void> {
  const deadline = systemClock.after(CLOSE_GRACE_MS, () => server.forceShutdown())
  await new Promise<void>((resolve) => server.tryShutdown(() => resolve()))
  deadline.cancel()
}
