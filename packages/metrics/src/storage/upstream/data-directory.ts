import { silentLogger, systemClock } from '@quartet/runtime'
import type { Clock } from '@quartet/runtime'
import type { Matcher } from '@quartet/query'
import { nodeFileSystem } from '@quartet/storage'
import type { FileSystem } from '@quartet/storage'
import { MetricsDatabase } from '../database.ts'
import { exportPrometheus } from './export.ts'
import type { ExportProgress, TimeRange } from './export.ts'
import { importPrometheus } from './import.ts'
import type { ImportProgress, ImportReport } from './import.ts'
import type { WalDamage } from './wal-segments.ts'

export interface TransferOptions {
  /** Our `data/prometheus`, which no running system uses. */
  readonly directory: string
  readonly fileSystem?: FileSystem
  readonly clock?: Clock
}

/** Takes over the data directory of a Prometheus, see {@link importPrometheus}. */
export async function importInto(
  options: TransferOptions & {
    readonly from: string
    readonly onProgress?: (progress: ImportProgress) => void
    readonly onDamage: (damage: WalDamage) => void
  },
): Promise<ImportReport> {
  const { fileSystem = nodeFileSystem, clock = systemClock, directory } = options
  const headMinMs = await withDatabase(options, async (database) => database.stats().headMinMs)
  return importPrometheus({ ...options, fileSystem, directory, headMinMs, nowMs: () => clock.nowMs() })
}

/** Writes all that is stored, or a part of it, as blocks of a Prometheus, see {@link exportPrometheus}. */
export function exportFrom(
  options: TransferOptions & {
    readonly to: string
    readonly range: TimeRange
    readonly matchers: readonly Matcher[]
    readonly onProgress?: (progress: ExportProgress) => void
    readonly signal: AbortSignal
  },
): Promise<{ blocks: number; samples: number }> {
  const { fileSystem = nodeFileSystem, clock = systemClock } = options
  return withDatabase(options, (database) => {
    const { headMinMs, headMaxMs } = database.stats()
    return exportPrometheus({
      ...options,
      fileSystem,
      source: database.source,
      blocks: database.blocks(),
      head: headMinMs > headMaxMs ? undefined : { minMs: headMinMs, maxMs: headMaxMs },
      nowMs: () => clock.nowMs(),
    })
  })
}

/** Nothing expires while a database is open for this only. */
async function withDatabase<T>(options: TransferOptions, use: (database: MetricsDatabase) => Promise<T>): Promise<T> {
  const { fileSystem = nodeFileSystem, clock = systemClock, directory } = options
  const database = await MetricsDatabase.open({ fileSystem, clock, directory, logger: silentLogger, retentionMs: 0 })
  try {
    return await use(database)
  } finally {
    await database.close()
  }
}
