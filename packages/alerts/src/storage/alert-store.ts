import { doOverlap, isResolved, mergeAlerts } from './alert.ts'
import type { Alert } from './alert.ts'

export interface AlertStoreOptions {
  readonly nowMs: () => number
  /** Above it new alerts are refused; those that are known go on being updated. */
  readonly maxAlerts: number
}

/** The alerts of now. Not kept on disk: clients send what fires again and again. */
export class AlertStore {
  readonly #options: AlertStoreOptions
  readonly #alerts = new Map<string, Alert>()
  readonly #listeners = new Set<(alert: Alert) => void>()
  #refused = 0

  constructor(options: AlertStoreOptions) {
    this.#options = options
  }

  get(fingerprint: string): Alert | undefined {
    return this.#alerts.get(fingerprint)
  }

  get size(): number {
    return this.#alerts.size
  }

  /** How many alerts the limit has kept out. */
  get refusedCount(): number {
    return this.#refused
  }

  values(): Iterable<Alert> {
    return this.#alerts.values()
  }

  /** Takes in alerts, merged with what is known of them, and tells the listeners. @returns how many the limit kept out */
  put(alerts: readonly Alert[]): number {
    let refused = 0
    for (const alert of alerts) {
      const old = this.#alerts.get(alert.fingerprint)
      if (!old && this.#alerts.size >= this.#options.maxAlerts) {
        refused++
        continue
      }
      const merged = old && doOverlap(old, alert) ? mergeAlerts(old, alert, this.#options.nowMs()) : alert
      this.#alerts.set(merged.fingerprint, merged)
      for (const listener of this.#listeners) listener(merged)
    }
    this.#refused += refused
    return refused
  }

  /** Forgets alerts that have ended; the groups keep those that they have yet to tell about. */
  collect(): void {
    const nowMs = this.#options.nowMs()
    for (const [fingerprint, alert] of this.#alerts) if (isResolved(alert, nowMs)) this.#alerts.delete(fingerprint)
  }

  onPut(listener: (alert: Alert) => void): { cancel(): void } {
    this.#listeners.add(listener)
    return { cancel: () => void this.#listeners.delete(listener) }
  }
}
