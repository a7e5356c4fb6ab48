import { diag, DiagLogLevel } from '@opentelemetry/api'
import { BatchLogRecordProcessor } from '@opentelemetry/sdk-logs'
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { startNodeSdk } from '@opentelemetry/sdk-node'
import { BatchSpanProcessor } from '@opentelemetry/sdk-trace'
import {
  ATTR_DEPLOYMENT_ENVIRONMENT_NAME,
  ATTR_SERVICE_INSTANCE_ID,
  ATTR_SERVICE_NAME,
  ATTR_SERVICE_NAMESPACE,
  ATTR_SERVICE_VERSION,
} from '@opentelemetry/semantic-conventions'
import { createExporters } from './exporters.ts'
import type { ReceiverAddress } from './exporters.ts'
import type { Protocol, ServiceName } from './options.ts'

export interface Telemetry {
  /** What the exporters complained about so far; each text once. */
  readonly problems: ReadonlySet<string>
  /** Sends what is still waiting, then stops. */
  shutdown(): Promise<void>
}

/** Sets up the OpenTelemetry SDK of this process; the API's global providers work afterwards. */
export function startTelemetry(options: {
  service: ServiceName
  instance: string
  protocol: Protocol
  receiver: ReceiverAddress
  exemplars: boolean
}): Telemetry {
  const exporters = createExporters(options)
  const sdk = startNodeSdk({
    resourceAttributes: {
      [ATTR_SERVICE_NAME]: options.service,
      [ATTR_SERVICE_NAMESPACE]: 'shop',
      [ATTR_SERVICE_VERSION]: '1.4.2',
      [ATTR_SERVICE_INSTANCE_ID]: options.instance,
      [ATTR_DEPLOYMENT_ENVIRONMENT_NAME]: 'demo',
    },
    // Half a second and five seconds instead of the SDK's five and sixty: a demo is watched while it runs.
    spanProcessors: [new BatchSpanProcessor({ exporter: exporters.traces, scheduledDelayMillis: 500 })],
    logRecordProcessors: [new BatchLogRecordProcessor({ exporter: exporters.logs, scheduledDelayMillis: 500 })],
    metricReaders: [
      new PeriodicExportingMetricReader({
        exporter: exporters.metrics,
        exportIntervalMillis: 5000,
        exportTimeoutMillis: 5000,
      }),
    ],
  })
  const problems = collectProblems()
  return { problems, shutdown: () => sdk.shutdown() }
}

function collectProblems(): ReadonlySet<string> {
  const problems = new Set<string>()
  const add = (message: string, ...details: unknown[]): void => {
    if (problems.size < 20) problems.add([message, ...details.map(String)].join(' ').slice(0, 500))
  }
  const ignore = (): void => {}
  diag.setLogger(
    { error: add, warn: add, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  )
  return problems
}
