import { QueryLimitError } from '@quartet/query'

/** Lets at most `limit` queries run at a time; others wait in order, and leave when their client does. */
export class QueryGate {
  readonly limit: number
  #running = 0
  readonly #waiting: (() => void)[] = []

  constructor(limit: number) {
    this.limit = Math.max(1, limit)
  }

  get running(): number {
    return this.#running
  }

  get waiting(): number {
    return this.#waiting.length
  }

  async run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (this.#running < this.limit) this.#running++
    else await this.#wait(signal)
    try {
      return await work()
    } finally {
      // The place goes to whoever waits longest, never to a newcomer in between.
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener('abort', leave)
        resolve()
      }
      const leave = (): void => {
        const index = this.#waiting.indexOf(enter)
        if (index >= 0) this.#waiting.splice(index, 1)
        reject(new QueryLimitError('canceled', 'query was canceled in query queue'))
      }
      if (signal.aborted) return leave()
      this.#waiting.push(enter)
      signal.addEventListener('abort', leave, { once: true })
    })
  }
}
