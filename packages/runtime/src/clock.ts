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

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  nowNs: () => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n,
  monotonicMs: () => performance.now(),
  after(delayMs, action) {
    const timer = setTimeout(action, delayMs).unref()
    return { cancel: () => clearTimeout(timer) }
  },
  every(intervalMs, action) {
    const timer = setInterval(action, intervalMs).unref()
    return { cancel: () => clearInterval(timer) }
  },
  sleep(delayMs, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const onAbort = (): void => {
        clearTimeout(timer)
        reject(signal?.reason)
      }
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', onAbort)
        resolve()
      }, delayMs).unref()
      signal?.addEventListener('abort', onAbort, { once: true })
    })
  },
}
