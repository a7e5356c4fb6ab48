import type { MetricMetadata } from '@quartet/model'
import type { Wal } from '@quartet/storage'
import { SampleColumns } from '../query/source.ts'
import type { Appender } from './appender.ts'
import type { ExemplarRing } from './exemplar-ring.ts'
import { toLogged } from './tombstones.ts'
import type { Tombstones } from './tombstones.ts'
import { RecordWriter } from './wal-records.ts'

const RECORD_BYTES = 256 << 10

export interface CheckpointOptions {
  readonly appender: Appender
  readonly wal: Wal
  readonly exemplars: ExemplarRing
  readonly metadata: ReadonlyMap<string, MetricMetadata>
  readonly tombstones: () => Tombstones
  /** Awaited between records, to let other work run. */
  readonly pause: () => Promise<void> | undefined
}

/**
 * Repeats in a new segment what the WAL alone still knows, so that all older segments can go: the head, tombstones, metadata and
 * exemplars. Requests go on meanwhile; what they log between two snapshots, replay keeps (see replay.ts).
 */
export async function writeCheckpoint(options: CheckpointOptions): Promise<void> {
  const { appender, wal } = options
  appender.forgetLogged()
  const segment = await wal.cut()
  // What was logged before the cut must be in the head before the head is copied.
  await appender.settled()
  const record = new RecordWriter()
  const defined: number[] = []
  const flush = async (): Promise<void> => {
    if (record.length > 0) await wal.append(record.view())
    record.reset()
    // Otherwise the next request would define them all once more.
    for (const series of defined) appender.markLogged(series)
    defined.length = 0
  }
  record.metadata([...options.metadata.values()])
  for (const deletion of options.tombstones().deletions) record.deletion(toLogged(deletion))
  const { head } = appender
  const columns = new SampleColumns()
  for (let series = 0; series < head.series.count; series++) {
    if (!head.isLive(series)) continue
    columns.count = 0
    columns.histograms = undefined
    head.copySeries(series, columns)
    record.series(series, head.series)
    record.snapshot(series, columns, columns.count)
    const late = head.late.copy(series, -Infinity, Infinity)
    if (late !== undefined) record.lateSnapshot(series, late)
    if (record.length < RECORD_BYTES) continue
    await flush()
    await options.pause()
  }
  const kept = [...options.exemplars.entries()].flatMap(({ seriesLabels, labels, value, timeMs }) => {
    const series = head.series.find(seriesLabels)
    return series >= 0 && head.isLive(series) ? [{ series, labels, value, timeMs }] : []
  })
  if (kept.length > 0) record.exemplars(kept)
  await flush()
  await wal.sync()
  await wal.removeBefore(segment)
}
