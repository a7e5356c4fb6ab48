import type { Clock } from '@quartet/runtime'
import { randomBytes } from 'node:crypto'

/** Keeps a bounded number of things for a while under ids that cannot be guessed; the oldest goes first. */
export class Kept<T> {
  readonly #clock: Clock
  readonly #maxCount: number
  readonly #maxAgeMs: number
  readonly #entries = new Map<string, { value: T; untilMs: number }>()

  constructor(options: { clock: Clock; maxCount: number; maxAgeMs: number }) {
    this.#clock = options.clock
    this.#maxCount = options.maxCount
    this.#maxAgeMs = options.maxAgeMs
  }

  /** @param make is told the id that the thing will have */
  put(make: (id: string) => T): T {
    const nowMs = this.#clock.nowMs()
    for (const [id, { untilMs }] of this.#entries) {
      if (untilMs <= nowMs || this.#entries.size >= this.#maxCount) this.#entries.delete(id)
    }
    const id = randomBytes(12).toString('hex')
    const value = make(id)
    this.#entries.set(id, { value, untilMs: nowMs + this.#maxAgeMs })
    return value
  }

  get(id: string): T | undefined {
    const entry = this.#entries.get(id)
    return entry && entry.untilMs > this.#clock.nowMs() ? entry.value : undefined
  }
}
