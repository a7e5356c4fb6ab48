/** Why a query was stopped; each API turns the kind into its own status and text. */
export type QueryLimit = 'samples' | 'timeout' | 'canceled'

export class QueryLimitError extends Error {
  readonly limit: QueryLimit
  constructor(limit: QueryLimit, message: string) {
    super(message)
    this.name = 'QueryLimitError'
    this.limit = limit
  }
}

export interface QueryBudgetOptions {
  /** Most samples held at one time. */
  readonly maxSamples: number
  /** Wall time at which the query is given up. */
  readonly deadlineMs: number
  readonly nowMs: () => number
  /** Aborts when the client goes away. */
  readonly signal: AbortSignal
  /** How long to compute before the event loop gets its turn. */
  readonly sliceMs?: number
}

const DEFAULT_SLICE_MS = 10

/**
 * What one query may use. Evaluation calls {@link checkpoint} every few hundred series, so that ingestion, other queries and
 * health checks keep being served while it computes, and so that it ends with its deadline or its client.
 */
export class QueryBudget {
  readonly maxSamples: number
  readonly signal: AbortSignal
  readonly #deadlineMs: number
  readonly #nowMs: () => number
  readonly #sliceMs: number
  #sliceEndMs: number
  #samples = 0
  #peakSamples = 0
  #totalSamples = 0

  constructor(options: QueryBudgetOptions) {
    this.maxSamples = options.maxSamples
    this.signal = options.signal
    this.#deadlineMs = options.deadlineMs
    this.#nowMs = options.nowMs
    this.#sliceMs = options.sliceMs ?? DEFAULT_SLICE_MS
    this.#sliceEndMs = options.nowMs() + this.#sliceMs
  }

  get peakSamples(): number {
    return this.#peakSamples
  }

  /** All samples ever counted, for statistics. */
  get totalSamples(): number {
    return this.#totalSamples
  }

  /** Counts samples that are held from now on. @throws QueryLimitError */
  addSamples(count: number): void {
    this.#samples += count
    this.#totalSamples += count
    if (this.#samples > this.#peakSamples) this.#peakSamples = this.#samples
    if (this.#samples > this.maxSamples) {
      throw new QueryLimitError(
        'samples',
        'query processing would load too many samples into memory in query execution',
      )
    }
  }

  /** Samples counted before are no longer held. */
  removeSamples(count: number): void {
    this.#samples -= count
  }

  /**
   * Cheap enough to be called once per series. Returns undefined most of the time, and about every 10 ms a promise that
   * resolves after the event loop had its turn: `const pause = budget.checkpoint(); if (pause) await pause`.
   * @throws QueryLimitError when the query is late or its client is gone
   */
  checkpoint(): Promise<void> | undefined {
    const nowMs = this.#nowMs()
    if (nowMs < this.#sliceEndMs && !this.signal.aborted) return undefined
    this.#throwIfOver(nowMs)
    return new Promise((resolve, reject) => {
      setImmediate(() => {
        const resumedMs = this.#nowMs()
        this.#sliceEndMs = resumedMs + this.#sliceMs
        try {
          this.#throwIfOver(resumedMs)
          resolve()
        } catch (error) {
          reject(error)
        }
      })
    })
  }

  #throwIfOver(nowMs: number): void {
    if (this.signal.aborted) throw new QueryLimitError('canceled', 'query was canceled in query execution')
    if (nowMs >= this.#deadlineMs) throw new QueryLimitError('timeout', 'query timed out in query execution')
  }
}
