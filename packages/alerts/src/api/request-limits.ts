import type { Clock, SelfMetrics } from '@quartet/runtime'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { availableParallelism } from 'node:os'

const MIN_CONCURRENCY = 8

/** Upstream's `--web.get-concurrency` and `--web.timeout`. */
export class RequestLimits {
  readonly #clock: Clock
  readonly #maxGets: number
  readonly #timeoutMs: number
  readonly #refused
  #gets = 0

  constructor(
    metrics: SelfMetrics,
    clock: Clock,
    { getConcurrency, webTimeoutMs }: { readonly getConcurrency: number; readonly webTimeoutMs: number },
  ) {
    this.#clock = clock
    this.#maxGets = getConcurrency > 0 ? getConcurrency : Math.max(availableParallelism(), MIN_CONCURRENCY)
    this.#timeoutMs = webTimeoutMs
    this.#refused = metrics.counter(
      'alertmanager_http_concurrency_limit_exceeded_total',
      'Total number of times an HTTP request failed because the concurrency limit was reached.',
      ['method'],
    )
    this.#refused.inc({ method: 'get' }, 0)
    metrics.gauge(
      'alertmanager_http_requests_in_flight',
      'Current number of HTTP requests being processed.',
      ['method'],
      (gauge) => gauge.set({ method: 'get' }, this.#gets),
    )
  }

  /** @returns true when the request was answered here */
  intercept(request: IncomingMessage, response: ServerResponse): boolean {
    if (request.method === 'GET') {
      if (this.#gets >= this.#maxGets) {
        this.#refused.inc({ method: 'get' })
        answer(response, `Limit of concurrent GET requests reached (${this.#maxGets}), try again later.\n`)
        return true
      }
      this.#gets++
      response.once('close', () => this.#gets--)
    }
    if (this.#timeoutMs > 0) {
      const timer = this.#clock.after(this.#timeoutMs, () => {
        if (response.headersSent) return
        answer(response, `Exceeded configured timeout of ${this.#timeoutMs / 1000}s.\n`)
      })
      response.once('close', () => timer.cancel())
    }
    return false
  }
}

function answer(response: ServerResponse, text: string): void {
  response.statusCode = 503
  response.setHeader('content-type', 'text/plain; charset=utf-8')
  response.end(text)
}
