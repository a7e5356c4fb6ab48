import { QueryBudget } from '@quartet/query'
import type { QueryBudgetOptions } from '@quartet/query'

/** A query takes longer than it may take where it runs; nothing is wrong with it. */
export class OutOfPatienceError extends Error {
  constructor() {
    super('query is too heavy for this thread')
    this.name = 'OutOfPatienceError'
  }
}

/** A budget that also ends when the query has computed for longer than `patienceMs`; what it waited for does not count. */
export class PatientBudget extends QueryBudget {
  readonly #patienceMs: number
  readonly #clockMs: () => number
  #spentMs = 0
  #sinceMs: number

  constructor(options: QueryBudgetOptions, patienceMs: number) {
    super(options)
    this.#patienceMs = patienceMs
    this.#clockMs = options.nowMs
    this.#sinceMs = options.nowMs()
  }

  /** @throws OutOfPatienceError, and as its parent */
  override checkpoint(): Promise<void> | undefined {
    const pause = super.checkpoint()
    if (pause === undefined) return undefined
    this.#spentMs += this.#clockMs() - this.#sinceMs
    return pause.then(() => {
      this.#sinceMs = this.#clockMs()
      if (this.#spentMs > this.#patienceMs) throw new OutOfPatienceError()
    })
  }
}
