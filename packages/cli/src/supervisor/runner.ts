import type { Clock } from '@quartet/runtime'
import { toFailure, SystemFailure } from './messages.ts'
import type { StartedSystem, SystemStart } from './messages.ts'
import { hostSystem } from './system-host.ts'

/** One life of a system, in whichever thread. */
export interface SystemRunner {
  /** Rejects with {@link SystemFailure} when it could not start, with an Error when it died while starting. */
  readonly started: Promise<StartedSystem>
  /** Resolves with the reason when it is gone, wanted or not. */
  readonly exited: Promise<string>
  reload(): Promise<void>
  /** Resolves when everything is flushed and closed. */
  stop(): Promise<void>
  /** Ends it at once. */
  kill(): Promise<void>
}

/** A light system in the main thread. It cannot be killed by itself: its crash is the process's. */
export function runInline(start: SystemStart, clock: Clock): SystemRunner {
  const exited = Promise.withResolvers<string>()
  const hosted = hostSystem(start, clock)
  const started = hosted.then(
    ({ endpoints, notices }) => ({ endpoints, notices }),
    (error: unknown) => {
      exited.resolve('it could not start')
      throw new SystemFailure(toFailure(error))
    },
  )
  started.catch(() => undefined)
  return {
    started,
    exited: exited.promise,
    reload: async () => (await hosted).reload(),
    async stop() {
      await (await hosted).stop()
      exited.resolve('it was stopped')
    },
    kill: async () => exited.resolve('it was ended by force'),
  }
}
