import type { NamedIntervals } from '../config/alertmanager-config.ts'
import { ParsedInterval } from '../config/time-interval.ts'
import type { RouteOptions } from './route.ts'

/** Knows which named intervals contain an instant. */
export class TimeMuter {
  readonly #intervals: ReadonlyMap<string, readonly ParsedInterval[]>

  constructor(named: readonly NamedIntervals[]) {
    this.#intervals = new Map(
      named.map(({ name, time_intervals }) => [name, time_intervals.map((interval) => new ParsedInterval(interval))]),
    )
  }

  /** @returns the names that keep the route quiet now; empty when it may speak */
  mutedBy({ activeTimeIntervals, muteTimeIntervals }: RouteOptions, nowMs: number): readonly string[] {
    if (activeTimeIntervals.length > 0 && !activeTimeIntervals.some((name) => this.#contains(name, nowMs))) {
      return activeTimeIntervals
    }
    return muteTimeIntervals.filter((name) => this.#contains(name, nowMs))
  }

  #contains(name: string, nowMs: number): boolean {
    return this.#intervals.get(name)?.some((interval) => interval.contains(nowMs)) ?? false
  }
}
