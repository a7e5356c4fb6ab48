import { ProtoWriter } from '@quartet/model'
import { silentLogger, systemClock } from '@quartet/runtime'
import type { Clock } from '@quartet/runtime'
import type { FileSystem } from '@quartet/storage'
import { MetricsDatabase } from '../../src/storage/database.ts'
import { BLOCK_RANGE_MS, START_MS, STEP_MS } from './workload.ts'

/**
 * The workload of the kill points: next to the rounds of workload.ts, one sample of `late` per round whose times jump back and forth,
 * and one of `gone` per round, of which ranges are deleted. A round is a second, a block a minute: everything happens within a second
 * of running.
 */
export const RETAINED_ROUNDS = 400
const LATE_SPAN = 32

export function openDatabase(
  fileSystem: FileSystem,
  directory: string,
  logger = silentLogger,
): Promise<MetricsDatabase> {
  const clock: Clock = { ...systemClock, nowMs: () => START_MS + 1e9 }
  return MetricsDatabase.open({
    fileSystem,
    directory,
    clock,
    logger,
    retentionMs: RETAINED_ROUNDS * STEP_MS,
    outOfOrderWindowMs: 100 * STEP_MS,
    blockRangeMs: BLOCK_RANGE_MS,
    walSegmentBytes: 1 << 16,
  })
}

/** The round in whose time the sample of `late` of a round lies: each once, in another order. */
export function lateRoundOf(round: number): number {
  return Math.floor(round / LATE_SPAN) * LATE_SPAN + ((round * 13) % LATE_SPAN)
}

export function sampleOf(metric: 'late' | 'gone', round: number): Uint8Array {
  const writer = new ProtoWriter()
  const series = writer.begin(1)
  const label = writer.begin(1)
  writer.string(1, '__name__').string(2, metric)
  writer.finish(label)
  const sample = writer.begin(2)
  writer.double(1, singleValueOf(round)).int64(2, START_MS + round * STEP_MS)
  writer.finish(sample)
  writer.finish(series)
  return writer.toBytes()
}

export function singleValueOf(round: number): number {
  return round * 3 + 0.5
}
