import { ProtoWriter } from '@quartet/model'
import { silentLogger, systemClock } from '@quartet/runtime'
import type { Clock } from '@quartet/runtime'
import { nodeFileSystem } from '@quartet/storage'
import { MetricsDatabase } from '../../src/storage/database.ts'

/** What the crash test's child writes and its parent expects: round `n` has one sample of each of these series. */
export const SERIES = 25
export const START_MS = 1_700_006_400_000
export const STEP_MS = 1000
/** Short, so that blocks are cut, merged and checkpoints written every few hundred rounds. */
export const BLOCK_RANGE_MS = 60_000

const farAhead: Clock = { ...systemClock, nowMs: () => START_MS + 1e9 }

export function openDatabase(directory: string): Promise<MetricsDatabase> {
  return MetricsDatabase.open({
    fileSystem: nodeFileSystem,
    directory,
    clock: farAhead,
    logger: silentLogger,
    retentionMs: 0,
    blockRangeMs: BLOCK_RANGE_MS,
    walSegmentBytes: 1 << 16,
  })
}

export function valueOf(round: number, series: number): number {
  return round * SERIES + series + 0.25
}

/** The request of one round. Every so often a label changes, so that new series come while others die. */
export function requestOf(round: number): Uint8Array {
  const writer = new ProtoWriter()
  for (let series = 0; series < SERIES; series++) {
    const start = writer.begin(1)
    label(writer, '__name__', 'crash')
    label(writer, 'generation', String(Math.floor(round / 100)))
    label(writer, 'series', String(series))
    const sample = writer.begin(2)
    writer.double(1, valueOf(round, series)).int64(2, START_MS + round * STEP_MS)
    writer.finish(sample)
    writer.finish(start)
  }
  return writer.toBytes()
}

function label(writer: ProtoWriter, name: string, value: string): void {
  const start = writer.begin(1)
  writer.string(1, name).string(2, value)
  writer.finish(start)
}
