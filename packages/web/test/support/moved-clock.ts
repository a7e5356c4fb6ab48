import { systemClock } from '@quartet/runtime'
import type { Clock } from '@quartet/runtime'

/** The real clock, some time ahead: what runs in it are real requests, and hours pass at once. */
export class MovedClock implements Clock {
  #aheadMs = 0

  move(ms: number): void {
    this.#aheadMs += ms
  }

  nowMs(): number {
    return systemClock.nowMs() + this.#aheadMs
  }

  nowNs(): bigint {
    return systemClock.nowNs() + BigInt(this.#aheadMs) * 1_000_000n
  }

  monotonicMs(): number {
    return systemClock.monotonicMs() + this.#aheadMs
  }

  after: Clock['after'] = (delayMs, action) => systemClock.after(delayMs, action)
  every: Clock['every'] = (intervalMs, action) => systemClock.every(intervalMs, action)
  sleep: Clock['sleep'] = (delayMs, signal) => systemClock.sleep(delayMs, signal)
}
