import type { SelfMetrics } from '@quartet/runtime'
import type { FailureReason } from './notify-error.ts'

const REASONS: readonly FailureReason[] = [
  'clientError',
  'serverError',
  'contextCanceled',
  'contextDeadlineExceeded',
  'other',
]

/** Upstream's counters of notifications. */
export class NotifyMetrics {
  readonly #notifications
  readonly #failed
  readonly #requests
  readonly #requestsFailed
  readonly #latency
  readonly #suppressed

  constructor(metrics: SelfMetrics, integrations: readonly string[]) {
    this.#notifications = metrics.counter(
      'alertmanager_notifications_total',
      'The total number of attempted notifications.',
      ['integration'],
    )
    this.#failed = metrics.counter(
      'alertmanager_notifications_failed_total',
      'The total number of failed notifications.',
      ['integration', 'reason'],
    )
    this.#requests = metrics.counter(
      'alertmanager_notification_requests_total',
      'The total number of attempted notification requests.',
      ['integration'],
    )
    this.#requestsFailed = metrics.counter(
      'alertmanager_notification_requests_failed_total',
      'The total number of failed notification requests.',
      ['integration'],
    )
    this.#latency = metrics.histogram(
      'alertmanager_notification_latency_seconds',
      'The latency of notifications in seconds.',
      [1, 5, 10, 15, 20],
      ['integration'],
    )
    this.#suppressed = metrics.counter(
      'alertmanager_notifications_suppressed_total',
      'The total number of notifications suppressed for being silenced, inhibited, outside of active time intervals or within muted time intervals.',
      ['reason'],
    )
    for (const integration of integrations) {
      this.#notifications.inc({ integration }, 0)
      this.#requests.inc({ integration }, 0)
      this.#requestsFailed.inc({ integration }, 0)
      for (const reason of REASONS) this.#failed.inc({ integration, reason }, 0)
    }
  }

  started(integration: string): void {
    this.#notifications.inc({ integration })
  }

  requested(integration: string): void {
    this.#requests.inc({ integration })
  }

  requestFailed(integration: string): void {
    this.#requestsFailed.inc({ integration })
  }

  failed(integration: string, reason: FailureReason): void {
    this.#failed.inc({ integration, reason })
  }

  latency(integration: string, seconds: number): void {
    this.#latency.observe({ integration }, seconds)
  }

  suppressed(reason: 'inhibition' | 'silence' | 'time_interval', count: number): void {
    if (count > 0) this.#suppressed.inc({ reason }, count)
  }
}
