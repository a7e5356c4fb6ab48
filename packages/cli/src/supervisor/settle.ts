import type { Clock, Timer } from '@quartet/runtime'
import { performance } from 'node:perf_hooks'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Long enough after the start for a first burst of requests, short enough that nobody looks at the memory before. */
const FIRST_MS = 2_000
const CHECK_INTERVAL_MS = 30_000
/** A thread that works more than this share of the time is not idle: V8's own collections serve it better. */
const IDLE_UTILIZATION = 0.1
/** Growth of the heap since the last compaction that makes another one worth its pause of about 60 ms. */
const WORTHWHILE_BYTES = 8 << 20

export interface ThreadLoad {
  /** Share of the time since the last call in which the event loop was busy, 0 to 1. */
  utilization(): number
  heapBytes(): number
}

/**
 * Compacts this thread's heap shortly after the start, and again whenever it has grown and the thread is idle. Loading a system, or a burst of
 * work, leaves pages full of holes, and V8 gives them back only under pressure that an idle system never makes.
 */
export function settleWhenIdle(clock: Clock, load: ThreadLoad = ownLoad(), compact: () => void = compactHeap): Timer {
  let settledBytes = 0
  const settle = (): void => {
    compact()
    settledBytes = load.heapBytes()
  }
  const first = clock.after(FIRST_MS, settle)
  const later = clock.every(CHECK_INTERVAL_MS, () => {
    if (load.utilization() > IDLE_UTILIZATION) return
    if (load.heapBytes() - settledBytes >= WORTHWHILE_BYTES) settle()
  })
  return {
    cancel() {
      first.cancel()
      later.cancel()
    },
  }
}

function ownLoad(): ThreadLoad {
  let before = performance.eventLoopUtilization()
  return {
    utilization() {
      const now = performance.eventLoopUtilization()
      const { utilization } = performance.eventLoopUtilization(now, before)
      before = now
      return utilization
    },
    heapBytes: () => getHeapStatistics().total_heap_size,
  }
}

/**
 * Two collections: the first marks functions that have not run since they were compiled as old, the second drops their bytecode, most of which
 * ran once while loading (−12 MB over all threads). They are compiled again when they are called.
 */
function compactHeap(): void {
  // Flags are the process's and not the thread's, so this one is never taken back: another thread may be about to use it.
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as (options: {
    type: 'major'
    execution: 'sync'
    flavor: 'last-resort'
  }) => void
  setFlagsFromString('--bytecode-old-age=1')
  for (let round = 0; round < 2; round++) collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
  setFlagsFromString(`--bytecode-old-age=${V8_BYTECODE_OLD_AGE}`)
}

/** V8's own setting: collections without a call after which bytecode is dropped. */
const V8_BYTECODE_OLD_AGE = 6
