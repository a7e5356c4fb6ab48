import { Worker } from 'node:worker_threads'
import { createMatcher, QueryLimitError } from '@quartet/query'
import type { Clock, Logger, Timer } from '@quartet/runtime'
import { EvaluationError } from '../../query/errors.ts'
import type { SeriesSource } from '../../query/source.ts'
import { errorOf, failureOf } from './failure.ts'
import type { FromThread, QueryCall, ToThread } from './messages.ts'
import { SelectionServer } from './selection-server.ts'

/** A thread costs 15 MB or so: nobody who asks no heavy questions has one. */
const IDLE_MS = 30_000
/** A thread that has not answered this long after the deadline of a query is hung. */
const GRACE_MS = 10_000
const HEAP_MB = 2048
const YOUNG_GENERATION_MB = 16
const STACK_MB = 4

export interface QueryThreadsOptions {
  readonly source: SeriesSource
  readonly clock: Clock
  readonly logger: Logger
  /** Most threads; more queries than that share them, in slices. */
  readonly maxThreads: number
}

/** Runs heavy queries in threads of their own. Threads are started when they are needed and end when they are not. */
export class QueryThreads {
  readonly #options: QueryThreadsOptions
  readonly #threads: QueryThread[] = []
  #isStopped = false

  constructor(options: QueryThreadsOptions) {
    this.#options = options
  }

  get count(): number {
    return this.#threads.length
  }

  /** The body of the answer. @throws what the query throws, or an EvaluationError when its thread dies */
  run(call: QueryCall, signal: AbortSignal): Promise<Uint8Array> {
    if (this.#isStopped) throw new QueryLimitError('canceled', 'query was canceled in query execution')
    let thread = this.#threads.reduce<QueryThread | undefined>(
      (best, one) => (best === undefined || one.load < best.load ? one : best),
      undefined,
    )
    if (thread === undefined || (thread.load > 0 && this.#threads.length < this.#options.maxThreads)) {
      thread = new QueryThread(this.#options, () => this.#remove(thread!))
      this.#threads.push(thread)
    }
    return thread.run(call, signal)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    await Promise.all(this.#threads.map((thread) => thread.end()))
  }

  #remove(thread: QueryThread): void {
    const index = this.#threads.indexOf(thread)
    if (index >= 0) this.#threads.splice(index, 1)
  }
}

interface RunningQuery {
  readonly resolve: (body: Uint8Array) => void
  readonly reject: (error: Error) => void
  readonly signal: AbortSignal
}

class QueryThread {
  readonly #options: QueryThreadsOptions
  readonly #worker: Worker
  readonly #onGone: () => void
  readonly #running = new Map<number, RunningQuery>()
  readonly #selections = new Map<number, Promise<SelectionServer>>()
  #lastId = 0
  #idle: Timer | undefined
  #cause: Error | undefined

  constructor(options: QueryThreadsOptions, onGone: () => void) {
    this.#options = options
    this.#onGone = onGone
    this.#worker = new Worker(new URL('./query-thread.ts', import.meta.url), {
      name: 'query',
      resourceLimits: {
        maxOldGenerationSizeMb: HEAP_MB,
        maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
        stackSizeMb: STACK_MB,
      },
    })
    this.#worker.unref()
    this.#worker.on('message', (message: FromThread) => this.#hear(message))
    this.#worker.on('error', (error: Error) => (this.#cause = error))
    this.#worker.on('exit', (code) => this.#exited(code))
  }

  /** Queries that run in it. */
  get load(): number {
    return this.#running.size
  }

  async run(call: QueryCall, signal: AbortSignal): Promise<Uint8Array> {
    this.#idle?.cancel()
    const id = ++this.#lastId
    const { clock } = this.#options
    const cancel = (): void => this.#post({ kind: 'cancel', id })
    const watchdog = clock.after(call.timeoutMs + GRACE_MS, () => {
      this.#cause = new Error('a query thread did not end its query in time')
      void this.#worker.terminate()
    })
    signal.addEventListener('abort', cancel, { once: true })
    try {
      return await new Promise<Uint8Array>((resolve, reject) => {
        this.#running.set(id, { resolve, reject, signal })
        this.#post({ kind: 'run', id, call })
        if (signal.aborted) cancel()
      })
    } finally {
      signal.removeEventListener('abort', cancel)
      watchdog.cancel()
      this.#running.delete(id)
      if (this.#running.size === 0) this.#idle = clock.after(IDLE_MS, () => this.#endIfIdle())
    }
  }

  async end(): Promise<void> {
    this.#idle?.cancel()
    await this.#worker.terminate()
  }

  #endIfIdle(): void {
    if (this.#running.size > 0) return
    this.#onGone()
    void this.end()
  }

  #post(message: ToThread): void {
    if (message.kind !== 'batch') return this.#worker.postMessage(message)
    const { pairs, pairEnds, counts, timesIds, newTimes, values } = message.batch
    this.#worker.postMessage(
      message,
      [pairs, pairEnds, counts, timesIds, newTimes, values].map(({ buffer }) => buffer),
    )
  }

  #hear(message: FromThread): void {
    switch (message.kind) {
      case 'answer':
        this.#running.get(message.id)?.resolve(message.body)
        return
      case 'error':
        this.#running.get(message.id)?.reject(errorOf(message.failure))
        return
      case 'select':
        this.#selections.set(message.selection, this.#select(message))
        void this.#send(message.selection)
        return
      case 'more':
        void this.#send(message.selection)
        return
      case 'release':
        void this.#release(message.selection)
    }
  }

  async #select(message: Extract<FromThread, { kind: 'select' }>): Promise<SelectionServer> {
    const { minMs, maxMs, query } = message
    const matchers = message.matchers.map(({ name, op, value }) => createMatcher(name, op, value))
    const signal = this.#running.get(query)?.signal ?? AbortSignal.abort()
    return new SelectionServer(await this.#options.source.select({ matchers, minMs, maxMs, signal }))
  }

  async #send(selection: number): Promise<void> {
    try {
      const server = await this.#selections.get(selection)
      if (server === undefined) return // released meanwhile
      this.#post({ kind: 'batch', selection, batch: server.next() })
    } catch (error) {
      this.#post({ kind: 'failed', selection, failure: failureOf(error) })
    }
  }

  async #release(selection: number): Promise<void> {
    const server = this.#selections.get(selection)
    this.#selections.delete(selection)
    await server?.then(
      (one) => one.release(),
      () => undefined, // was never selected; whoever asked has the error
    )
  }

  #exited(code: number): void {
    this.#onGone()
    this.#idle?.cancel()
    for (const selection of this.#selections.keys()) void this.#release(selection)
    if (this.#running.size === 0) return
    const { logger } = this.#options
    logger.error({ err: this.#cause, code, queries: this.#running.size }, 'a query thread died')
    const reason = this.#cause?.message ?? `it ended with code ${code}`
    for (const { reject } of this.#running.values())
      reject(new EvaluationError(`the thread of the query died: ${reason}`))
  }
}
