import type { SpanColumns } from '@quartet/model'

/** Requests that may wait; one more is counted at once, so that none is ever left out. */
const MAX_WAITING = 32

interface Waiting {
  readonly columns: SpanColumns
  readonly release: () => void
}

/** Counts stored spans after their sender has its answer: acknowledging does not wait for metrics. */
export class SpanFeed {
  readonly #push: (columns: SpanColumns) => void
  readonly #onError: (error: unknown) => void
  #waiting: Waiting[] = []

  constructor(push: (columns: SpanColumns) => void, onError: (error: unknown) => void) {
    this.#push = push
    this.#onError = onError
  }

  /** Takes columns that stay as they are until `release` is called. */
  add(columns: SpanColumns, release: () => void): void {
    if (this.#waiting.length >= MAX_WAITING) this.drain()
    this.#waiting.push({ columns, release })
    if (this.#waiting.length === 1) setImmediate(() => this.drain())
  }

  drain(): void {
    const waiting = this.#waiting
    this.#waiting = []
    for (const { columns, release } of waiting) {
      try {
        this.#push(columns)
      } catch (error) {
        // Metrics of one request are lost; its spans are stored.
        this.#onError(error)
      } finally {
        release()
      }
    }
  }
}
