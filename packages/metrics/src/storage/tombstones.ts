import { createMatcher } from '@quartet/query'
import type { Matcher, MatchOp } from '@quartet/query'
import type { SampleColumns } from '../query/source.ts'
import type { BlockIndex } from './block-index.ts'
import { dropIntervals } from './overlap.ts'
import type { PartSeries } from './series-part.ts'

/** Both inclusive. */
export type Interval = readonly [minMs: number, maxMs: number]

/** One deletion: everything that matched in a time range, in the blocks that there were. The head forgets its part at once. */
export interface Deletion {
  readonly matchers: readonly Matcher[]
  readonly minMs: number
  readonly maxMs: number
  /** Blocks that hold such samples still. */
  readonly blocks: readonly string[]
}

/** A deletion as the WAL keeps it. Times are absent when they are infinite. */
export interface LoggedDeletion {
  readonly matchers: readonly (readonly [name: string, op: MatchOp, value: string])[]
  readonly minMs?: number
  readonly maxMs?: number
  readonly blocks: readonly string[]
}

export function toLogged({ matchers, minMs, maxMs, blocks }: Deletion): LoggedDeletion {
  return {
    matchers: matchers.map(({ name, op, value }) => [name, op, value]),
    ...(minMs > -Infinity && { minMs }),
    ...(maxMs < Infinity && { maxMs }),
    blocks,
  }
}

export function fromLogged({ matchers, minMs, maxMs, blocks }: LoggedDeletion): Deletion {
  return {
    matchers: matchers.map(([name, op, value]) => createMatcher(name, op, value)),
    minMs: minMs ?? -Infinity,
    maxMs: maxMs ?? Infinity,
    blocks,
  }
}

/**
 * What is deleted from blocks but still lies in them, until they are merged or `cleanTombstones` writes them anew.
 * Frozen: a query keeps the one it began with.
 */
export class Tombstones {
  static readonly none = new Tombstones([])
  readonly deletions: readonly Deletion[]
  /** Deleted intervals by series of each block that was asked for. */
  readonly #byBlock = new Map<string, ReadonlyMap<number, readonly Interval[]>>()

  constructor(deletions: readonly Deletion[]) {
    this.deletions = deletions
  }

  with(deletion: Deletion): Tombstones {
    return deletion.blocks.length === 0 ? this : new Tombstones([...this.deletions, deletion])
  }

  /** Without what concerned other blocks than these. */
  only(blocks: ReadonlySet<string>): Tombstones {
    const deletions = this.deletions
      .map((deletion) => ({ ...deletion, blocks: deletion.blocks.filter((block) => blocks.has(block)) }))
      .filter((deletion) => deletion.blocks.length > 0)
    return new Tombstones(deletions)
  }

  /** Whether something of the block may be deleted. */
  touches(block: string): boolean {
    return this.deletions.some(({ blocks }) => blocks.includes(block))
  }

  /** Deleted intervals by series; empty when nothing of the block is deleted. */
  inBlock(block: string, index: BlockIndex): ReadonlyMap<number, readonly Interval[]> {
    const known = this.#byBlock.get(block)
    if (known !== undefined) return known
    const bySeries = new Map<number, Interval[]>()
    for (const { matchers, minMs, maxMs, blocks } of this.deletions) {
      if (!blocks.includes(block)) continue
      for (const series of index.select(matchers)) {
        const intervals = bySeries.get(series)
        if (intervals) intervals.push([minMs, maxMs])
        else bySeries.set(series, [[minMs, maxMs]])
      }
    }
    this.#byBlock.set(block, bySeries)
    return bySeries
  }
}

/** Whether one of the intervals holds all of [minMs, maxMs]. */
export function isWithin(intervals: readonly Interval[], minMs: number, maxMs: number): boolean {
  return intervals.some(([from, to]) => from <= minMs && to >= maxMs)
}

/** The part without the samples in the intervals. */
export function withoutIntervals(part: PartSeries, intervals: readonly Interval[]): PartSeries {
  return {
    get labels() {
      return part.labels
    },
    appendTo(into: SampleColumns, minMs: number, maxMs: number): number {
      const from = into.count
      part.appendTo(into, minMs, maxMs)
      dropIntervals(into, from, intervals)
      return 0
    },
  }
}
