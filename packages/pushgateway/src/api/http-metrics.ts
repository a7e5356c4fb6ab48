import type { SelfMetrics, ServedRequest } from '@quartet/runtime'
import { Summary } from 'prom-client'

/** Upstream's metrics about requests. */
export class HttpMetrics {
  readonly #requests: ReturnType<SelfMetrics['counter']>
  readonly #durations: Summary<'method'>
  readonly #sizes: Summary<'method'>

  constructor(metrics: SelfMetrics) {
    this.#requests = metrics.counter(
      'pushgateway_http_requests_total',
      'Total HTTP requests processed by the Pushgateway, excluding scrapes.',
      ['code', 'handler', 'method'],
    )
    const window = { percentiles: [0.1, 0.5, 0.9], maxAgeSeconds: 600, ageBuckets: 5, pruneAgedBuckets: true }
    const common = { labelNames: ['method'] as const, registers: [metrics.registry], ...window }
    this.#durations = new Summary({
      name: 'pushgateway_http_push_duration_seconds',
      help: 'HTTP request duration for pushes to the Pushgateway.',
      ...common,
    })
    this.#sizes = new Summary({
      name: 'pushgateway_http_push_size_bytes',
      help: 'HTTP request size for pushes to the Pushgateway.',
      ...common,
    })
  }

  observePush({ method, seconds, sizeBytes }: { method: string; sizeBytes: number; seconds: number }): void {
    this.#durations.observe({ method }, seconds)
    this.#sizes.observe({ method }, sizeBytes)
  }

  count({ method, route, status }: ServedRequest, prefix: string): void {
    const handler = handlerOf(method, (route ?? '').slice(prefix.length))
    if (handler === undefined) return
    this.#requests.inc({ code: String(status), handler, method: method.toLowerCase() })
  }
}

/** Upstream's handler label; `undefined` for scrapes and health checks, which it does not count. */
function handlerOf(method: string, route: string): string | undefined {
  if (route.startsWith('/metrics/job')) return method === 'DELETE' ? 'delete' : 'push'
  if (route === '' || route === '/' || route === '/status') return 'status'
  if (route.startsWith('/api/v1/admin')) return 'wipe'
  if (route.startsWith('/api/v1/')) return method === 'OPTIONS' ? 'api/v1/options' : route.slice(1)
  return undefined
}
