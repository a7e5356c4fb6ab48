import type { Matcher } from '@quartet/query'
import type { Block, BlockDirectory, Wal } from '@quartet/storage'
import type { Appender } from './appender.ts'
import type { BlockCache } from './block-reader.ts'
import type { Head } from './head.ts'
import { headPostings } from './head-reader.ts'
import { toLogged } from './tombstones.ts'
import type { Deletion, Tombstones } from './tombstones.ts'
import { RecordWriter } from './wal-records.ts'

/** What to delete: every series that matches, between two times, both inclusive. */
export interface DeletionRequest {
  readonly matchers: readonly Matcher[]
  readonly minMs: number
  readonly maxMs: number
}

export interface DeletionOptions {
  readonly appender: Appender
  readonly wal: Wal
  readonly blocks: BlockDirectory
  readonly cache: BlockCache
  readonly tombstones: { current: Tombstones }
  /** Awaited between series, to let other work run. */
  readonly pause: () => Promise<void> | undefined
}

/**
 * Deletes samples: the head forgets them, blocks get a tombstone. Logged before it is applied, as one record; nobody else may change
 * blocks meanwhile.
 * @throws WalError when the disk refuses it; nothing is deleted then
 */
export async function deleteSeries(options: DeletionOptions, request: DeletionRequest): Promise<void> {
  const { appender, wal, tombstones } = options
  const deletion = { ...request, blocks: await blocksWith(options, request) }
  const record = new RecordWriter()
  record.deletion(toLogged(deletion))
  await wal.append(record.view())
  // From here to the first pause at once, so that what was logged later is not touched, here as in a replay.
  tombstones.current = tombstones.current.with(deletion)
  const { head } = appender
  const found = seriesToDelete(head, deletion)
  for (const [series] of found) head.late.remove(series, deletion.minMs, deletion.maxMs)
  for (const [series, maxMs] of found) {
    head.deleteRange(series, deletion.minMs, maxMs)
    await options.pause()
  }
}

/**
 * The series of the head that a deletion concerns, and up to which time: what comes later is newer than the deletion and stays.
 */
export function seriesToDelete(
  head: Head,
  { matchers, minMs, maxMs }: DeletionRequest,
): (readonly [series: number, maxMs: number])[] {
  const found: (readonly [number, number])[] = []
  for (const series of headPostings(head, matchers)) {
    if (head.overlaps(series, minMs, maxMs) || head.late.overlaps(series, minMs, maxMs)) {
      found.push([series, Math.min(maxMs, head.lastMsOf(series))])
    }
  }
  return found
}

async function blocksWith({ blocks, cache }: DeletionOptions, request: DeletionRequest): Promise<Deletion['blocks']> {
  const found: string[] = []
  const isTouched = ({ meta }: Block): boolean => meta.minMs <= request.maxMs && meta.maxMs >= request.minMs
  for (const block of blocks.blocks.filter(isTouched)) {
    if ((await cache.index(block)).select(request.matchers).length > 0) found.push(block.id)
  }
  return found
}
