import type { Attributes, SpanContext } from '@opentelemetry/api'

/** One measurement with the span in which it was made. */
interface Exemplar {
  readonly timeUnixNano: string
  readonly asDouble: number
  readonly traceId: string
  readonly spanId: string
}

/** As in the SDK specification's aligned reservoir: the last measurement of each bucket is kept. */
const PER_POINT = 16

interface DataPoint {
  attributes?: { key: string; value: Record<string, unknown> }[]
  exemplars?: Exemplar[]
}

export interface MetricsJson {
  resourceMetrics: { scopeMetrics: { metrics: { name: string; histogram?: { dataPoints: DataPoint[] } }[] }[] }[]
}

/**
 * Remembers measurements that were made inside of a sampled span until the next export. The OpenTelemetry SDK for JavaScript (3.1)
 * has no exemplars yet, so the shop adds them to what it exports: see exemplar-exporter.ts.
 */
export class Exemplars {
  readonly #points = new Map<string, Exemplar[]>()

  offer(metric: string, attributes: Attributes, value: number, span: SpanContext): void {
    const key = keyOf(
      metric,
      Object.entries(attributes).map(([name, text]) => [name, String(text)]),
    )
    const kept = this.#points.get(key) ?? []
    this.#points.set(key, kept)
    if (kept.length === PER_POINT) kept.shift()
    const timeUnixNano = String(BigInt(Date.now()) * 1_000_000n)
    kept.push({ timeUnixNano, asDouble: value, traceId: span.traceId, spanId: span.spanId })
  }

  /** Puts what was remembered into the histogram points of an OTLP/JSON request, and forgets it. */
  attach(request: MetricsJson): MetricsJson {
    for (const { scopeMetrics } of request.resourceMetrics) {
      for (const metric of scopeMetrics.flatMap((scope) => scope.metrics)) {
        for (const point of metric.histogram?.dataPoints ?? []) {
          const pairs = (point.attributes ?? []).map(({ key, value }): [string, string] => [
            key,
            String(Object.values(value)[0]),
          ])
          point.exemplars = this.#points.get(keyOf(metric.name, pairs)) ?? []
        }
      }
    }
    this.#points.clear()
    return request
  }
}

function keyOf(metric: string, pairs: readonly [string, string][]): string {
  return JSON.stringify([metric, pairs.toSorted(([a], [b]) => (a < b ? -1 : 1))])
}

/** Shared by the instruments of this process and its exporter. */
export const exemplars: Exemplars = new Exemplars()
