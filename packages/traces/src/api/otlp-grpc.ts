import { GrpcError, GrpcStatus, startGrpcServer } from '@quartet/runtime'
import type { Logger } from '@quartet/runtime'
import { IngestError } from '../ingest/receiver.ts'
import type { SpanReceiver } from '../ingest/receiver.ts'

const CODES: Record<IngestError['kind'], number> = {
  bad_data: GrpcStatus.invalidArgument,
  limit: GrpcStatus.resourceExhausted,
  unavailable: GrpcStatus.unavailable,
}

const ACCEPTED = new Uint8Array(0)

/** The OTLP trace service over gRPC. @throws PortTakenError */
export function startOtlpGrpc(options: {
  host: string
  port: number
  maxMessageBytes: number
  logger: Logger
  receiver: SpanReceiver
}): Promise<{ host: string; port: number; close(): Promise<void> }> {
  const { receiver, ...server } = options
  return startGrpcServer({
    ...server,
    name: 'tempo OTLP gRPC',
    portFlag: 'distributor.receivers.otlp.protocols.grpc.endpoint',
    methods: {
      '/opentelemetry.proto.collector.trace.v1.TraceService/Export': async (message) => {
        try {
          await receiver.receive(message)
          return ACCEPTED
        } catch (error) {
          if (error instanceof IngestError) throw new GrpcError(CODES[error.kind], error.message, { cause: error })
          throw error
        }
      },
    },
  })
}
