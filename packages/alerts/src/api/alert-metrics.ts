import type { SelfMetrics } from '@quartet/runtime'

/** Upstream's counters of what clients send. */
export class AlertMetrics {
  readonly #received
  readonly #invalid

  constructor(metrics: SelfMetrics) {
    this.#received = metrics.counter('alertmanager_alerts_received_total', 'The total number of received alerts.', [
      'status',
      'version',
    ])
    this.#invalid = metrics.counter(
      'alertmanager_alerts_invalid_total',
      'The total number of received alerts that were invalid.',
      ['version'],
    )
    for (const status of ['firing', 'resolved']) this.#received.inc({ status, version: 'v2' }, 0)
    this.#invalid.inc({ version: 'v2' }, 0)
  }

  received(status: 'firing' | 'resolved'): void {
    this.#received.inc({ status, version: 'v2' })
  }

  invalid(): void {
    this.#invalid.inc({ version: 'v2' })
  }
}
