import type { Labels } from '@quartet/model'
import type { Clock, Timer } from '@quartet/runtime'
import { compareAlerts, isResolved } from '../storage/alert.ts'
import type { Alert } from '../storage/alert.ts'
import { formatLabelSet } from './route.ts'
import type { Route } from './route.ts'

/** A flush has at least this long, however short the group's interval. */
const MIN_TIMEOUT_MS = 10_000

export interface Flush {
  readonly group: AlertGroup
  /** In order; firing ones without an end. */
  readonly alerts: readonly Alert[]
  readonly nowMs: number
  readonly signal: AbortSignal
}

/** @returns whether all that had to be told was told */
export type FlushHandler = (flush: Flush) => Promise<boolean>

/** The alerts of one route that share their group labels, told about together. */
export class AlertGroup {
  readonly route: Route
  readonly labels: Labels
  /** `{}/{owner="a"}:{alertname="b"}` */
  readonly key: string
  readonly #clock: Clock
  readonly #flush: FlushHandler
  readonly #alerts = new Map<string, Alert>()
  readonly #stopped = new AbortController()
  #timer: Timer | undefined
  #hasFlushed = false
  #isFlushing = false
  /** A tick that came while the one before was still at work. */
  #isDue = false

  constructor(options: { route: Route; labels: Labels; clock: Clock; flush: FlushHandler; startDelayMs: number }) {
    this.route = options.route
    this.labels = options.labels
    this.key = `${options.route.key}:${formatLabelSet(options.labels)}`
    this.#clock = options.clock
    this.#flush = options.flush
    this.#schedule(options.route.options.groupWaitMs + options.startDelayMs)
  }

  get isEmpty(): boolean {
    return this.#alerts.size === 0
  }

  alerts(): Alert[] {
    return [...this.#alerts.values()].sort(compareAlerts)
  }

  insert(alert: Alert): void {
    this.#alerts.set(alert.fingerprint, alert)
    // An alert that has fired for longer than the wait (after our own restart, say) does not wait again.
    if (!this.#hasFlushed && alert.startsAtMs + this.route.options.groupWaitMs < this.#clock.nowMs()) this.#schedule(0)
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
    this.#stopped.abort(new Error('context canceled'))
  }

  #schedule(delayMs: number): void {
    this.#timer?.cancel()
    if (this.#stopped.signal.aborted) return
    this.#timer = this.#clock.after(delayMs, () => this.#tick())
  }

  #tick(): void {
    this.#hasFlushed = true
    this.#schedule(this.route.options.groupIntervalMs)
    if (this.#isFlushing) {
      this.#isDue = true
      return
    }
    this.#isFlushing = true
    void this.#run().finally(() => {
      this.#isFlushing = false
      if (!this.#isDue || this.#stopped.signal.aborted) return
      this.#isDue = false
      this.#tick()
    })
  }

  async #run(): Promise<void> {
    const nowMs = this.#clock.nowMs()
    const held = this.alerts()
    if (held.length === 0) return
    const deadline = new AbortController()
    const timer = this.#clock.after(Math.max(this.route.options.groupIntervalMs, MIN_TIMEOUT_MS), () =>
      deadline.abort(new Error('context deadline exceeded')),
    )
    // Whether an alert has ended is decided once; those that fire have no end yet.
    const alerts = held.map((alert) => (isResolved(alert, nowMs) ? alert : { ...alert, endsAtMs: 0 }))
    const signal = AbortSignal.any([this.#stopped.signal, deadline.signal])
    try {
      if (!(await this.#flush({ group: this, alerts, nowMs, signal }))) return
      for (const alert of held) {
        // One that fired again meanwhile is another object and stays.
        if (isResolved(alert, nowMs) && this.#alerts.get(alert.fingerprint) === alert) {
          this.#alerts.delete(alert.fingerprint)
        }
      }
    } finally {
      timer.cancel()
    }
  }
}
