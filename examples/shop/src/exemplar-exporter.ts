import { JsonMetricsSerializer } from '@opentelemetry/otlp-transformer'
import type { PushMetricExporter } from '@opentelemetry/sdk-metrics'
import type { Exemplars, MetricsJson } from './exemplars.ts'

type ResourceMetrics = Parameters<PushMetricExporter['export']>[0]
type ExportCallback = Parameters<PushMetricExporter['export']>[1]

const SUCCESS = 0
const FAILED = 1

/** OTLP over HTTP/JSON with the SDK's own serialiser, and exemplars added to its histograms. */
export class ExemplarMetricExporter implements PushMetricExporter {
  readonly #url: string
  readonly #exemplars: Exemplars
  #running: Promise<void> = Promise.resolve()

  constructor(options: { url: string; exemplars: Exemplars }) {
    this.#url = options.url
    this.#exemplars = options.exemplars
  }

  export(metrics: ResourceMetrics, callback: ExportCallback): void {
    this.#running = this.#exportAndReport(metrics, callback)
  }

  forceFlush(): Promise<void> {
    return this.#running
  }

  shutdown(): Promise<void> {
    return this.#running
  }

  async #exportAndReport(metrics: ResourceMetrics, callback: ExportCallback): Promise<void> {
    try {
      await this.#send(metrics)
      callback({ code: SUCCESS })
    } catch (error) {
      callback({ code: FAILED, error: error as Error })
    }
  }

  async #send(metrics: ResourceMetrics): Promise<void> {
    const serialized = JsonMetricsSerializer.serializeRequest(metrics)
    const request = this.#exemplars.attach(JSON.parse(Buffer.from(serialized ?? []).toString()) as MetricsJson)
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(request),
      signal: AbortSignal.timeout(5000),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${this.#url} answered ${response.status}: ${text}`)
  }
}
