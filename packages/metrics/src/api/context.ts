import type { Clock, Logger } from '@quartet/runtime'
import type { Notifier, RuleManager } from '@quartet/rules'
import type { ScrapeManager } from '@quartet/scrape'
import type { MetricsSettings } from '../config/flags.ts'
import type { PrometheusConfig } from '../config/prometheus-config.ts'
import type { QueryEngine } from '../query/engine.ts'
import type { QueryGate } from '../query/query-gate.ts'
import type { SeriesSource } from '../query/source.ts'
import type { CardinalityReport, DatabaseStats, MetricsDatabase } from '../storage/database.ts'
import type { QueryThreads } from './threads/query-threads.ts'

/** What the API reads. Functions where a reload may change the answer. */
export interface ApiContext {
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: MetricsSettings
  /** All flags as text, for `/api/v1/status/flags`. */
  readonly flags: Readonly<Record<string, string>>
  readonly source: SeriesSource
  readonly gate: QueryGate
  readonly engine: () => QueryEngine
  /** For what is too heavy to be evaluated beside ingestion. */
  readonly threads: Pick<QueryThreads, 'run'>
  readonly exemplars: MetricsDatabase['exemplars']
  readonly stats: () => DatabaseStats
  readonly blocks: MetricsDatabase['blocks']
  readonly cardinality: (limit: number) => CardinalityReport
  readonly admin: Pick<MetricsDatabase, 'deleteSeries' | 'cleanTombstones' | 'snapshot'>
  readonly scrapes: Pick<ScrapeManager, 'active' | 'dropped' | 'jobNames'>
  readonly rules: Pick<RuleManager, 'groups' | 'activeAlerts'>
  readonly notifier: Pick<Notifier, 'urls' | 'droppedUrls'>
  readonly config: () => PrometheusConfig
  readonly startedMs: number
  readonly observeQuery: (seconds: number) => void
  /** `failedMs`: when the last one failed, if it did. */
  readonly lastReload: () => { readonly isSuccessful: boolean; readonly timeMs: number; readonly failedMs?: number }
}
