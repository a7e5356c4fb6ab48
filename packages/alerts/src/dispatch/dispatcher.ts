import { compareText, labelsKey } from '@quartet/model'
import type { Clock, Timer } from '@quartet/runtime'
import { compareLabelSets } from '../storage/alert.ts'
import type { Alert } from '../storage/alert.ts'
import { AlertGroup } from './alert-group.ts'
import type { FlushHandler } from './alert-group.ts'
import type { Route } from './route.ts'

export interface DispatcherOptions {
  readonly route: Route
  readonly clock: Clock
  readonly flush: FlushHandler
  /** Nothing is told before this, so that after a restart all clients have sent what fires. */
  readonly startAtMs: number
  /** Above it alerts of new groups are not told about, and counted. */
  readonly maxGroups: number
  readonly onLimit: () => void
}

const MAINTENANCE_MS = 30_000

/** Sorts alerts into groups. One per configuration: a reload makes a new one and puts all alerts in again. */
export class Dispatcher {
  readonly route: Route
  readonly #options: DispatcherOptions
  readonly #groups = new Map<string, AlertGroup>()
  readonly #maintenance: Timer
  #isStopped = false

  constructor(options: DispatcherOptions) {
    this.route = options.route
    this.#options = options
    this.#maintenance = options.clock.every(MAINTENANCE_MS, () => this.#removeEmpty())
  }

  dispatch(alert: Alert): void {
    if (this.#isStopped) return
    for (const route of this.route.match(alert.labels)) this.#add(alert, route)
  }

  get groupCount(): number {
    return this.#groups.size
  }

  /** By labels, then receiver. */
  groups(): AlertGroup[] {
    return [...this.#groups.values()].sort(
      (a, b) => compareLabelSets(a.labels, b.labels) || compareText(a.route.options.receiver, b.route.options.receiver),
    )
  }

  stop(): void {
    this.#isStopped = true
    this.#maintenance.cancel()
    for (const group of this.#groups.values()) group.stop()
  }

  #add(alert: Alert, route: Route): void {
    const { clock, flush, maxGroups, onLimit, startAtMs } = this.#options
    const labels = route.groupLabels(alert.labels)
    const key = `${route.id}\xff${labelsKey(labels)}`
    let group = this.#groups.get(key)
    if (!group) {
      if (this.#groups.size >= maxGroups) return onLimit()
      const startDelayMs = Math.max(0, startAtMs - clock.nowMs())
      group = new AlertGroup({ route, labels, clock, flush, startDelayMs })
      this.#groups.set(key, group)
    }
    group.insert(alert)
  }

  #removeEmpty(): void {
    for (const [key, group] of this.#groups) {
      if (!group.isEmpty) continue
      group.stop()
      this.#groups.delete(key)
    }
  }
}
