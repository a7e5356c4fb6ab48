import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Long enough after the start for a first burst of requests, short enough that nobody looks at the memory before. */
export const SETTLE_AFTER_MS = 2_000

/**
 * Compacts this thread's heap once. Loading a system leaves a third of its pages full of holes, and V8 gives them back only under
 * pressure that an idle system never makes: 8–10 MB per thread. Takes about 60 ms.
 */
export function settle(): void {
  // Flags are the process's and not the thread's, so it is never taken back: another thread may be about to use it.
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as (options: {
    type: 'major'
    execution: 'sync'
    flavor: 'last-resort'
  }) => void
  collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
