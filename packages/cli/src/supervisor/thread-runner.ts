import type { Clock } from '@quartet/runtime'
import { Worker } from 'node:worker_threads'
import { SystemFailure } from './messages.ts'
import type { FromWorker, StartedSystem, SystemStart, ToWorker } from './messages.ts'
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
  readonly start: SystemStart
  readonly heapLimitMb: number
  readonly cacheDirectory: string
  readonly clock: Clock
}

/** A system in a worker thread with a heap limit. */
export function runInThread(options: ThreadOptions): SystemRunner {
  const { clock } = options
  const worker = new Worker(new URL('../worker-entry.mjs', import.meta.url), {
    name: options.start.name,
    workerData: { start: options.start, cacheDirectory: options.cacheDirectory },
    resourceLimits: {
      maxOldGenerationSizeMb: options.heapLimitMb,
      maxYoungGenerationSizeMb: YOUNG_GENERATION_MB,
      stackSizeMb: STACK_MB,
    },
  })
  const started = Promise.withResolvers<StartedSystem>()
  const exited = Promise.withResolvers<string>()
  const replies = new Map<'reloaded' | 'stopped', PromiseWithResolvers<void>>()
  let heardMs = clock.monotonicMs()
  let cause: string | undefined

  worker.on('message', (message: FromWorker) => {
    heardMs = clock.monotonicMs()
    if (message.kind === 'started') started.resolve(message)
    else if (message.kind === 'failed') started.reject(new SystemFailure(message))
    else if (message.kind !== 'pong') {
      const reply = replies.get(message.kind)
      replies.delete(message.kind)
      if (message.failure) reply?.reject(new SystemFailure(message.failure))
      else reply?.resolve()
    }
  })
  worker.on('error', (error) => (cause ??= explainCrash(error, options.heapLimitMb)))
  worker.on('exit', (code) => {
    watchdog.cancel()
    const reason = cause ?? `its thread ended with code ${code}`
    const error = new Error(reason)
    started.reject(error)
    for (const reply of replies.values()) reply.reject(error)
    replies.clear()
    exited.resolve(reason)
  })
  // Nobody may be asking yet when a thread dies.
  started.promise.catch(() => undefined)

  const watchdog = clock.every(PING_INTERVAL_MS, () => {
    const silentMs = clock.monotonicMs() - heardMs
    if (silentMs < HUNG_AFTER_MS) return post({ kind: 'ping' })
    cause ??= `it did not respond for ${Math.round(silentMs / 1000)} s`
    void worker.terminate()
  })

  const post = (message: ToWorker): void => worker.postMessage(message)
  const ask = (kind: 'reload' | 'stop', reply: 'reloaded' | 'stopped'): Promise<void> => {
    const pending = replies.get(reply)
    if (pending) return pending.promise
    const asked = Promise.withResolvers<void>()
    replies.set(reply, asked)
    post({ kind })
    return asked.promise
  }

  return {
    started: started.promise,
    exited: exited.promise,
    reload: () => ask('reload', 'reloaded'),
    async stop() {
      await ask('stop', 'stopped')
      await worker.terminate()
    },
    async kill() {
      cause ??= 'it was ended by force'
      await worker.terminate()
    },
  }
}

function explainCrash(error: unknown, heapLimitMb: number): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') return `it ran out of heap (limit ${heapLimitMb} MB)`
  return `uncaught ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
}
