import type { Clock, Timer } from '../clock.ts'

interface Waiting {
  atMs: number
  order: number
  everyMs: number | undefined
  action: () => void
}

/** A clock that moves only when told to. Timers run in the order of their times, equal times in the order they were set. */
export class FakeClock implements Clock {
  #nowMs: number
  #order = 0
  readonly #waiting = new Set<Waiting>()

  constructor(options: { nowMs?: number } = {}) {
    this.#nowMs = options.nowMs ?? Date.UTC(2026, 0, 1)
  }

  nowMs(): number {
    return this.#nowMs
  }

  nowNs(): bigint {
    return BigInt(this.#nowMs) * 1_000_000n
  }

  monotonicMs(): number {
    return this.#nowMs
  }

  after(delayMs: number, action: () => void): Timer {
    return this.#add(delayMs, undefined, action)
  }

  every(intervalMs: number, action: () => void): Timer {
    if (!(intervalMs > 0)) throw new RangeError(`interval must be positive, got ${intervalMs}`)
    return this.#add(intervalMs, intervalMs, action)
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const timer = this.after(delayMs, () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      })
      const onAbort = (): void => {
        timer.cancel()
        reject(signal?.reason)
      }
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  }

  /** How many timers are set; a test of a stop asserts 0. */
  get pendingCount(): number {
    return this.#waiting.size
  }

  /** Moves time forward, running what falls due on the way and letting promises settle after each. */
  async advance(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms
    await settle()
    for (let due = this.#next(untilMs); due; due = this.#next(untilMs)) {
      this.#nowMs = Math.max(this.#nowMs, due.atMs)
      if (due.everyMs === undefined) this.#waiting.delete(due)
      else due.atMs += due.everyMs
      due.action()
      await settle()
    }
    this.#nowMs = untilMs
  }

  #add(delayMs: number, everyMs: number | undefined, action: () => void): Timer {
    const entry: Waiting = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, everyMs, action }
    this.#waiting.add(entry)
    return { cancel: () => void this.#waiting.delete(entry) }
  }

  #next(untilMs: number): Waiting | undefined {
    let best: Waiting | undefined
    for (const entry of this.#waiting) {
      if (entry.atMs > untilMs) continue
      if (!best || entry.atMs < best.atMs || (entry.atMs === best.atMs && entry.order < best.order)) best = entry
    }
    return best
  }
}

/** Two turns of the event loop: promise chains and immediate I/O callbacks get through. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve))
}
