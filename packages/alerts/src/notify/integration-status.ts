/** How one integration is doing, for people. */
export interface IntegrationStatus {
  readonly receiver: string
  readonly name: string
  readonly index: number
  /** Requests, retries included. */
  readonly attempts: number
  readonly failures: number
  readonly lastAttemptMs: number | undefined
  readonly lastDurationMs: number
  readonly lastSuccessMs: number | undefined
  readonly lastErrorMs: number | undefined
  /** What went wrong last; secrets are not in it. */
  readonly lastError: string | undefined
}

/** Remembers the last outcome of every integration, across reloads. */
export class IntegrationStatuses {
  readonly #statuses = new Map<string, IntegrationStatus>()

  get(receiver: string, name: string, index: number): IntegrationStatus {
    return (
      this.#statuses.get(keyOf(receiver, name, index)) ?? {
        receiver,
        name,
        index,
        attempts: 0,
        failures: 0,
        lastAttemptMs: undefined,
        lastDurationMs: 0,
        lastSuccessMs: undefined,
        lastErrorMs: undefined,
        lastError: undefined,
      }
    )
  }

  succeeded(receiver: string, name: string, index: number, at: { nowMs: number; durationMs: number }): void {
    const before = this.get(receiver, name, index)
    this.#statuses.set(keyOf(receiver, name, index), {
      ...before,
      attempts: before.attempts + 1,
      lastAttemptMs: at.nowMs,
      lastDurationMs: at.durationMs,
      lastSuccessMs: at.nowMs,
    })
  }

  failed(receiver: string, name: string, index: number, at: { nowMs: number; durationMs: number; why: string }): void {
    const before = this.get(receiver, name, index)
    this.#statuses.set(keyOf(receiver, name, index), {
      ...before,
      attempts: before.attempts + 1,
      failures: before.failures + 1,
      lastAttemptMs: at.nowMs,
      lastDurationMs: at.durationMs,
      lastErrorMs: at.nowMs,
      lastError: at.why,
    })
  }

  /** Forgets what a new configuration has no longer. */
  keep(isThere: (status: IntegrationStatus) => boolean): void {
    for (const [key, status] of this.#statuses) if (!isThere(status)) this.#statuses.delete(key)
  }
}

/** Whether the last attempt failed. */
export function isFailing({ lastErrorMs, lastSuccessMs }: IntegrationStatus): boolean {
  return lastErrorMs !== undefined && lastErrorMs >= (lastSuccessMs ?? -Infinity)
}

function keyOf(receiver: string, name: string, index: number): string {
  return `${receiver}/${name}[${index}]`
}
