import { OTLPLogExporter as LogsOverGrpc } from '@opentelemetry/exporter-logs-otlp-grpc'
import { OTLPLogExporter as LogsOverJson } from '@opentelemetry/exporter-logs-otlp-http'
import { OTLPLogExporter as LogsOverProtobuf } from '@opentelemetry/exporter-logs-otlp-proto'
import { OTLPMetricExporter as MetricsOverGrpc } from '@opentelemetry/exporter-metrics-otlp-grpc'
import { OTLPMetricExporter as MetricsOverJson } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPMetricExporter as MetricsOverProtobuf } from '@opentelemetry/exporter-metrics-otlp-proto'
import { OTLPTraceExporter as TracesOverGrpc } from '@opentelemetry/exporter-trace-otlp-grpc'
import { OTLPTraceExporter as TracesOverJson } from '@opentelemetry/exporter-trace-otlp-http'
import { OTLPTraceExporter as TracesOverProtobuf } from '@opentelemetry/exporter-trace-otlp-proto'
import type { LogRecordExporter } from '@opentelemetry/sdk-logs'
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics'
import type { SpanExporter } from '@opentelemetry/sdk-trace'
import { ExemplarMetricExporter } from './exemplar-exporter.ts'
import { exemplars } from './exemplars.ts'
import type { Protocol } from './options.ts'

export interface Exporters {
  readonly traces: SpanExporter
  readonly metrics: PushMetricExporter
  readonly logs: LogRecordExporter
}

export interface ReceiverAddress {
  readonly host: string
  readonly grpcPort: number
  readonly httpPort: number
}

/** The official exporters of one OTLP protocol. With `exemplars`, metrics over HTTP/JSON carry those as well. */
export function createExporters(options: {
  protocol: Protocol
  receiver: ReceiverAddress
  exemplars: boolean
}): Exporters {
  const { protocol, receiver } = options
  const grpc = { url: `http://${receiver.host}:${receiver.grpcPort}` }
  const http = (signal: string): { url: string } => ({
    url: `http://${receiver.host}:${receiver.httpPort}/v1/${signal}`,
  })
  switch (protocol) {
    case 'grpc':
      return {
        traces: new TracesOverGrpc(grpc),
        metrics: new MetricsOverGrpc(grpc),
        logs: new LogsOverGrpc(grpc),
      }
    case 'http/protobuf':
      return {
        traces: new TracesOverProtobuf(http('traces')),
        metrics: new MetricsOverProtobuf(http('metrics')),
        logs: new LogsOverProtobuf(http('logs')),
      }
    case 'http/json':
      return {
        traces: new TracesOverJson(http('traces')),
        metrics: options.exemplars
          ? new ExemplarMetricExporter({ ...http('metrics'), exemplars })
          : new MetricsOverJson(http('metrics')),
        logs: new LogsOverJson(http('logs')),
      }
  }
}
