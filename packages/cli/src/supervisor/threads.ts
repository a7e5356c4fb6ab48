import type { Clock } from '@quartet/runtime'
import type { SystemStart } from './messages.ts'
import type { SystemRunner } from './runner.ts'
import { SystemThread } from './system-thread.ts'

/** Of the thread that the light systems share: together they are smaller than any other. */
export const LIGHT_HEAP_LIMIT_MB = 256

/**
 * Which thread a system lives in. A heavy one has its own, with its own heap limit; the light ones share one, since a thread costs an idle
 * system about 12 MB, and a crash of one is a restart of a few small neighbours.
 */
export class Threads {
  readonly #options: { readonly cacheDirectory: string; readonly clock: Clock }
  #light: SystemThread | undefined

  constructor(options: { cacheDirectory: string; clock: Clock }) {
    this.#options = options
  }

  /** Begins one life. `heapLimitMb` is `undefined` for a light system. */
  run(start: SystemStart, heapLimitMb: number | undefined): SystemRunner {
    if (heapLimitMb !== undefined)
      return new SystemThread({ ...this.#options, name: start.name, heapLimitMb }).run(start)
    if (!this.#light?.isOpen)
      this.#light = new SystemThread({ ...this.#options, name: 'light', heapLimitMb: LIGHT_HEAP_LIMIT_MB })
    return this.#light.run(start)
  }
}
