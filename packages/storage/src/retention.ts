export interface RetentionOptions {
  readonly nowMs: number
  /** Blocks whose newest data is older than this expire. 0 or undefined: never. */
  readonly maxAgeMs?: number | undefined
  /** The oldest blocks expire until all together have at most this. 0 or undefined: no limit. */
  readonly maxBytes?: number | undefined
  /** Bytes that count against `maxBytes` without being in a block, such as the WAL. */
  readonly otherBytes?: number
}

export interface RetainedBlock {
  readonly id: string
  readonly sizeBytes: number
  readonly meta: { readonly maxMs: number }
}

/** Ids of the blocks to remove, oldest first. */
export function selectExpired(blocks: readonly RetainedBlock[], options: RetentionOptions): string[] {
  const newestFirst = blocks.toSorted((a, b) => b.meta.maxMs - a.meta.maxMs || (a.id < b.id ? 1 : -1))
  const oldestMs = options.maxAgeMs ? options.nowMs - options.maxAgeMs : -Infinity
  const maxBytes = options.maxBytes ? options.maxBytes : Infinity
  let sum = options.otherBytes ?? 0
  const expired: string[] = []
  for (const block of newestFirst) {
    sum += block.sizeBytes
    if (block.meta.maxMs < oldestMs || sum > maxBytes) expired.push(block.id)
  }
  return expired.reverse()
}
