/** Time is an input: nothing in Quartet calls `Date.now()` or `setTimeout` outside of this file. */
export interface Clock {
  nowMs(): number
  /** Wall time in nanoseconds; only as fine as the platform's clock. */
  nowNs(): bigint
  /** Monotonic milliseconds, for measuring durations. */
  monotonicMs(): number
  /** Runs `action` once after `delayMs`; does not keep the process alive. */
  after(delayMs: number, action: () => void): Timer
  /** Runs `action` every `intervalMs`; does not keep the process alive. */
  every(intervalMs: number, action: () => void): Timer
  /** Resolves after `delayMs`, or rejects with the signal's reason when it is aborted first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>
}

export interface Timer {
  cancel(): void
}

/** Longer ones end at once in Node.js, which keeps their milliseconds in 32 bits: 24.8 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  nowNs: () => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n,
  monotonicMs: () => performance.now(),
  after(delayMs, action) {
    let timer: NodeJS.Timeout
    const wait = (leftMs: number): void => {
      const isLast = !(leftMs > LONGEST_TIMER_MS)
      const next = isLast ? action : () => wait(leftMs - LONGEST_TIMER_MS)
      timer = setTimeout(next, isLast ? leftMs : LONGEST_TIMER_MS).unref()
    }
    wait(delayMs)
    return { cancel: () => clearTimeout(timer) }
  },
  every(intervalMs, action) {
    if (intervalMs <= LONGEST_TIMER_MS) {
      const timer = setInterval(action, intervalMs).unref()
      return { cancel: () => clearInterval(timer) }
    }
    let timer: Timer
    const repeat = (): void => {
      timer = systemClock.after(intervalMs, () => {
        repeat()
        action()
      })
    }
    repeat()
    return { cancel: () => timer.cancel() }
  },
  sleep(delayMs, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const onAbort = (): void => {
        timer.cancel()
        reject(signal?.reason)
      }
      const timer = systemClock.after(delayMs, () => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      })
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  },
}
