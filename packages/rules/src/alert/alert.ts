import type { Labels } from '@quartet/model'

export type AlertState = 'inactive' | 'pending' | 'firing'

/** One instance of an alerting rule: one label set that its expression gave. Times are Unix milliseconds. */
export interface Alert {
  /** Of the result and of the rule, `alertname` among them. */
  readonly labels: Labels
  annotations: Labels
  state: AlertState
  /** The result's value when it was last there. */
  value: number
  activeAtMs: number
  firedAtMs: number | undefined
  resolvedAtMs: number | undefined
  /** Since when it fires only because of `keep_firing_for`. */
  keepFiringSinceMs: number | undefined
  lastSentAtMs: number | undefined
  /** When a receiver may take it for resolved if it hears no more of it. */
  validUntilMs: number | undefined
}

/** An alert that has just become active. */
export function newAlert(given: Pick<Alert, 'labels' | 'annotations' | 'value' | 'activeAtMs'>): Alert {
  return {
    ...given,
    state: 'pending',
    firedAtMs: undefined,
    resolvedAtMs: undefined,
    keepFiringSinceMs: undefined,
    lastSentAtMs: undefined,
    validUntilMs: undefined,
  }
}

/** What is told about an alert. */
export interface Notification {
  readonly labels: Labels
  readonly annotations: Labels
  readonly startsAtMs: number
  readonly endsAtMs: number
  readonly generatorUrl: string
}

/** Whether it has to be told (again) at `nowMs`. */
export function needsSending(alert: Alert, nowMs: number, resendDelayMs: number): boolean {
  if (alert.state === 'pending') return false
  const { lastSentAtMs, resolvedAtMs } = alert
  if (lastSentAtMs === undefined) return true
  if (resolvedAtMs !== undefined && resolvedAtMs > lastSentAtMs) return true
  return lastSentAtMs + resendDelayMs < nowMs
}
