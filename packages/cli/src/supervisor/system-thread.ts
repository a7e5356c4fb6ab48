import type { Clock } from '@quartet/runtime'
import { Worker } from 'node:worker_threads'
import { SystemFailure } from './messages.ts'
import type { FromWorker, StartedSystem, SystemSnapshot, SystemStart, ToWorker } from './messages.ts'
import type { SystemRunner } from './runner.ts'

/** Between a sign of life and the next question for one. */
const PING_INTERVAL_MS = 10_000
/** Nothing in a system may block its event loop for this long: it is taken for hung and replaced. */
const HUNG_AFTER_MS = 120_000
/**
 * V8 would let it grow to 48 MB while a system is loaded and not shrink it again: 15 MB per idle thread. Hot paths allocate nothing
 * per item, so a small one costs them little. Measured in docs/decisions/0007-idle-memory.md.
 */
const YOUNG_GENERATION_MB = 6
/** Deep recursion in a query must fail as a RangeError and not as a crash of the process. */
const STACK_MB = 4

export interface ThreadOptions {
  readonly name: string
  readonly heapLimitMb: number
  readonly cacheDirectory: string
  readonly clock: Clock
}

/** A worker thread with a heap limit, for one system or for several light ones; it ends with the last of them. */
export class SystemThread {
  readonly #worker: Worker
  readonly #systems = new Map<string, Resident>()
  readonly #exited = Promise.withResolvers<string>()
  readonly #clock: Clock
  #heardMs: number
  #cause: string | undefined
  #isEnding = false

  constructor(options: ThreadOptions) {
    const { name, heapLimitMb, cacheDirectory, clock } = options
    this.#clock = clock
    this.#heardMs = clock.monotonicMs()
    this.#worker = new Worker(new URL('../worker-entry.mjs', import.meta.url), {
      name,
      workerData: { cacheDirectory },
      resourceLimits: {
        maxOldGenerationSizeMb: heapLimitMb,
        maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
        stackSizeMb: STACK_MB,
      },
    })
    const watchdog = clock.every(PING_INTERVAL_MS, () => this.#watch())
    this.#worker.on('message', (message: FromWorker) => {
      this.#heardMs = clock.monotonicMs()
      if (message.kind !== 'pong') this.#systems.get(message.name)?.hear(message)
    })
    this.#worker.on('error', (error) => (this.#cause ??= explainCrash(error, heapLimitMb)))
    this.#worker.on('exit', (code) => {
      watchdog.cancel()
      this.#isEnding = true
      const reason = this.#cause ?? `its thread ended with code ${code}`
      for (const resident of this.#systems.values()) resident.fail(new Error(reason))
      this.#exited.resolve(reason)
    })
  }

  /** Whether another system may still be started in it. */
  get isOpen(): boolean {
    return !this.#isEnding
  }

  /** @pre no system of this name runs in it */
  run(start: SystemStart): SystemRunner {
    const { name } = start
    const resident = new Resident()
    this.#systems.set(name, resident)
    this.#post({ kind: 'start', start })
    return {
      started: resident.started.promise,
      exited: this.#exited.promise,
      reload: () => this.#ask(resident, 'reloaded', { kind: 'reload', name }),
      takeSnapshot: (id) => this.#ask(resident, `snapshotTaken ${id}`, { kind: 'takeSnapshot', name, id }),
      removeSnapshot: (id) => this.#ask(resident, `snapshotRemoved ${id}`, { kind: 'removeSnapshot', name, id }),
      stop: async () => {
        await this.#ask(resident, 'stopped', { kind: 'stop', name })
        await this.#leave(name)
      },
      kill: async () => {
        if (!this.#systems.has(name)) return
        // What did not even start holds nothing, and its neighbours need not go with it.
        if (resident.hasFailed) return this.#leave(name)
        this.#cause ??= this.#systems.size === 1 ? 'it was ended by force' : `${name} in its thread was ended by force`
        await this.#end()
      },
    }
  }

  /** @param reply what the answer will be known by: who asks for the same thing meanwhile gets the same answer */
  #ask<T>(resident: Resident, reply: string, message: ToWorker): Promise<T> {
    let asked = resident.replies.get(reply)
    if (!asked) {
      asked = Promise.withResolvers<unknown>()
      resident.replies.set(reply, asked)
      this.#post(message)
    }
    return asked.promise as Promise<T>
  }

  async #leave(name: string): Promise<void> {
    this.#systems.delete(name)
    if (this.#systems.size === 0) await this.#end()
  }

  async #end(): Promise<void> {
    this.#isEnding = true
    await this.#worker.terminate()
  }

  #watch(): void {
    const silentMs = this.#clock.monotonicMs() - this.#heardMs
    if (silentMs < HUNG_AFTER_MS) return this.#post({ kind: 'ping' })
    this.#cause ??= `it did not respond for ${Math.round(silentMs / 1000)} s`
    void this.#end()
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message)
  }
}

/** What the main thread knows of a system in a thread. */
class Resident {
  readonly started = Promise.withResolvers<StartedSystem>()
  readonly replies = new Map<string, PromiseWithResolvers<unknown>>()
  hasFailed = false

  constructor() {
    // Nobody may be asking yet when a thread dies.
    this.started.promise.catch(() => undefined)
  }

  hear(message: Exclude<FromWorker, { kind: 'pong' }>): void {
    if (message.kind === 'started') return this.started.resolve(message)
    if (message.kind === 'failed') {
      this.hasFailed = true
      return this.started.reject(new SystemFailure(message))
    }
    const asked = 'id' in message ? `${message.kind} ${message.id}` : message.kind
    const reply = this.replies.get(asked)
    this.replies.delete(asked)
    if (message.failure) reply?.reject(new SystemFailure(message.failure))
    else reply?.resolve('snapshot' in message ? (message.snapshot satisfies SystemSnapshot | undefined) : undefined)
  }

  fail(error: Error): void {
    this.started.reject(error)
    for (const reply of this.replies.values()) reply.reject(error)
    this.replies.clear()
  }
}

function explainCrash(error: unknown, heapLimitMb: number): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return `it ran out of heap (limit ${heapLimitMb} MB)`
  return `uncaught ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
}
