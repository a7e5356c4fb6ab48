import type { Entry } from '../engine/entry.ts'

/** A compiled pipeline stage. Stateless between entries. */
export interface Stage {
  /** Changes the entry; false drops it. */
  run(entry: Entry): boolean
}

/** A stage that cannot be built from its arguments; the message is upstream's. */
export class StageError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'StageError'
  }
}
