import type { Clock, Logger } from '@quartet/runtime'
import type { Flush } from '../dispatch/alert-group.ts'
import type { Inhibitor } from '../dispatch/inhibitor.ts'
import type { TimeMuter } from '../dispatch/time-muter.ts'
import { isResolved } from '../storage/alert.ts'
import type { Alert } from '../storage/alert.ts'
import { needsUpdate } from '../storage/notification-log.ts'
import type { NotificationLog } from '../storage/notification-log.ts'
import type { Silences } from '../storage/silences.ts'
import type { Integration } from './integration.ts'
import type { IntegrationStatuses } from './integration-status.ts'
import { NotifyError } from './notify-error.ts'
import type { Notification } from './notifier.ts'
import type { NotifyMetrics } from './notify-metrics.ts'
import { buildData } from './template/build-data.ts'

export interface DeliveryOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly integrations: ReadonlyMap<string, readonly Integration[]>
  readonly inhibitor: Inhibitor
  readonly silences: Pick<Silences, 'silencing'>
  readonly times: TimeMuter
  readonly log: NotificationLog
  readonly metrics: NotifyMetrics
  readonly statuses: IntegrationStatuses
  /** Known once the server listens. */
  readonly externalUrl: () => string
  /** For the jitter of retries: 0 to 1. */
  readonly random: () => number
}

const FIRST_RETRY_MS = 500
const MAX_RETRY_MS = 60_000
const RETRY_FACTOR = 1.5

/** Takes what a group has to say past everything that may mute it, to each integration of the receiver. */
export class Delivery {
  readonly #options: DeliveryOptions

  constructor(options: DeliveryOptions) {
    this.#options = options
  }

  /** @returns whether every integration knows now all that it has to know */
  async flush(flush: Flush): Promise<boolean> {
    const { inhibitor, integrations, metrics, silences, times } = this.#options
    const { alerts, group, nowMs } = flush
    const { options } = group.route
    const loud = alerts.filter((alert) => inhibitor.inhibitedBy(alert.labels, nowMs) === undefined)
    metrics.suppressed('inhibition', alerts.length - loud.length)
    if (loud.length === 0) return true
    if (times.mutedBy(options, nowMs).length > 0) {
      metrics.suppressed('time_interval', loud.length)
      return true
    }
    const audible = loud.filter((alert) => silences.silencing(alert.labels).length === 0)
    metrics.suppressed('silence', loud.length - audible.length)
    if (audible.length === 0) return true
    const results = await Promise.all(
      (integrations.get(options.receiver) ?? []).map((integration) => this.#tell(flush, audible, integration)),
    )
    return results.every(Boolean)
  }

  /** One integration's failure is its own: the others go on, and this one is tried again with the next flush. */
  async #tell(flush: Flush, alerts: readonly Alert[], integration: Integration): Promise<boolean> {
    const { clock, log, logger } = this.#options
    const { group, nowMs } = flush
    const { receiver, repeatIntervalMs } = group.route.options
    const key = { groupKey: group.key, receiver, integration: integration.name, index: integration.index }
    const resolved = new Set<string>()
    const firing = new Set<string>()
    for (const alert of alerts) (isResolved(alert, nowMs) ? resolved : firing).add(alert.fingerprint)
    const { sendResolved } = integration
    const entry = log.find(key)
    if (!needsUpdate({ entry, firing, resolved, sendResolved, repeatMs: repeatIntervalMs, nowMs: clock.nowMs() })) {
      return true
    }
    try {
      if (sendResolved || firing.size > 0) {
        const told = sendResolved ? alerts : alerts.filter(({ fingerprint }) => firing.has(fingerprint))
        await this.#send(this.#notification(flush, told), integration)
      }
    } catch (error) {
      if (!(error instanceof NotifyError)) throw error
      const isStop = error.reason === 'contextCanceled'
      const say = isStop ? logger.debug : logger.error
      say.call(logger, { ...key, alerts: alerts.length, err: error }, 'Notify for alerts failed')
      return false
    }
    try {
      await log.record(key, { firing: [...firing], resolved: [...resolved], expiryMs: 2 * repeatIntervalMs })
    } catch (error) {
      logger.error({ ...key, err: error }, 'the notification log could not be written; a restart may notify again')
    }
    return true
  }

  #notification({ group, nowMs, signal }: Flush, alerts: readonly Alert[]): Notification {
    const { receiver } = group.route.options
    const { externalUrl } = this.#options
    return {
      groupKey: group.key,
      groupLabels: group.labels,
      receiver,
      alerts,
      isFiring: alerts.some((alert) => !isResolved(alert, nowMs)),
      data: buildData({ receiver, groupLabels: group.labels, alerts, externalUrl: externalUrl(), nowMs }),
      nowMs,
      signal,
    }
  }

  /** Tries until it works, it cannot work, or the group's time is up. */
  async #send(notification: Notification, { index, name, notifier }: Integration): Promise<void> {
    const { clock, logger, metrics, statuses } = this.#options
    const { receiver, signal } = notification
    const id = `${receiver}/${name}[${index}]`
    metrics.started(name)
    let lastMessage = ''
    for (let attempt = 1; ; attempt++) {
      const startMs = clock.monotonicMs()
      try {
        metrics.requested(name)
        await notifier.notify(notification)
        const durationMs = clock.monotonicMs() - startMs
        metrics.latency(name, durationMs / 1000)
        statuses.succeeded(receiver, name, index, { nowMs: clock.nowMs(), durationMs })
        return
      } catch (error) {
        const durationMs = clock.monotonicMs() - startMs
        metrics.latency(name, durationMs / 1000)
        metrics.requestFailed(name)
        const failure = asNotifyError(error)
        statuses.failed(receiver, name, index, { nowMs: clock.nowMs(), durationMs, why: failure.message })
        if (signal.aborted) throw this.#give(id, name, attempt, 'notify retry canceled', stopped(signal), failure)
        if (!failure.canRetry) {
          const why = 'notify retry canceled due to unrecoverable error'
          throw this.#give(id, name, attempt, why, failure.reason, failure)
        }
        if (failure.message !== lastMessage) {
          logger.warn(
            { receiver, integration: `${name}[${index}]`, attempt, err: failure },
            'Notify attempt failed, will retry later',
          )
        }
        lastMessage = failure.message
        try {
          await clock.sleep(this.#delayMs(attempt), signal)
        } catch {
          // Only the signal ends a sleep early.
          throw this.#give(id, name, attempt, 'notify retry canceled', stopped(signal), failure)
        }
      }
    }
  }

  #give(
    id: string,
    name: string,
    attempts: number,
    why: string,
    reason: NotifyError['reason'],
    cause: NotifyError,
  ): NotifyError {
    this.#options.metrics.failed(name, reason)
    return new NotifyError(`${id}: ${why} after ${attempts} attempts: ${cause.message}`, {
      canRetry: false,
      reason,
      cause,
    })
  }

  /** Exponential with half as much jitter either way. */
  #delayMs(attempt: number): number {
    const base = Math.min(FIRST_RETRY_MS * RETRY_FACTOR ** (attempt - 1), MAX_RETRY_MS)
    return base * (0.5 + this.#options.random())
  }
}

function stopped(signal: AbortSignal): NotifyError['reason'] {
  return /deadline/.test(String(signal.reason)) ? 'contextDeadlineExceeded' : 'contextCanceled'
}

/** A bug in one receiver must not take the others along. */
function asNotifyError(error: unknown): NotifyError {
  if (error instanceof NotifyError) return error
  return new NotifyError(error instanceof Error ? error.message : String(error), { canRetry: false, cause: error })
}
