import type { SelfMetrics, ServedRequest } from '@quartet/runtime'
import type { QueryGate } from './query/query-gate.ts'
import type { DatabaseStats, WriteReport } from './storage/database.ts'
import { UPSTREAM_VERSION } from './api/status-routes.ts'

const SECONDS = [0.1, 0.2, 0.4, 1, 3, 8, 20, 60, 120]

/** The counters that handlers touch. */
export interface ServiceMetrics {
  readonly observeRequest: (served: ServedRequest) => void
  readonly observeQuery: (seconds: number) => void
  readonly observeWrite: (report: WriteReport) => void
  readonly observeRefusal: (endpoint: string, status: number) => void
  readonly setReload: (isSuccessful: boolean, timeMs: number) => void
}

/** What dashboards of Prometheus expect it to say about itself, under upstream's names. */
export function addServiceMetrics(
  metrics: SelfMetrics,
  sources: { readonly stats: () => DatabaseStats; readonly gate: QueryGate },
): ServiceMetrics {
  const { stats, gate } = sources
  metrics
    .gauge('prometheus_build_info', 'Version of what this system stands in for.', ['version', 'revision', 'goversion'])
    .set({ version: UPSTREAM_VERSION, revision: 'quartet', goversion: `node${process.versions.node}` }, 1)
  const gauge = (name: string, help: string, read: (stats: DatabaseStats) => number): void => {
    metrics.gauge(name, help, [], (one) => one.set(read(stats())))
  }
  gauge('prometheus_tsdb_head_series', 'Total number of series in the head block.', (s) => s.headSeries)
  gauge('prometheus_tsdb_head_chunks', 'Total number of chunks in the head block.', (s) => s.headChunks)
  gauge('prometheus_tsdb_head_min_time_seconds', 'Minimum time bound of the head block.', (s) =>
    finiteOrZero(s.headMinMs / 1000),
  )
  gauge('prometheus_tsdb_head_max_time_seconds', 'Maximum timestamp of the head block.', (s) =>
    finiteOrZero(s.headMaxMs / 1000),
  )
  gauge('prometheus_tsdb_blocks_loaded', 'Number of currently loaded data blocks', (s) => s.blocks)
  gauge('prometheus_tsdb_storage_blocks_bytes', 'The number of bytes used by all blocks.', (s) => s.blockBytes)
  gauge('prometheus_tsdb_wal_storage_size_bytes', 'Size of the write log directory.', (s) => s.walBytes)
  gauge('prometheus_tsdb_exemplar_exemplars_in_storage', 'Number of exemplars in storage.', (s) => s.exemplars)
  gauge('quartet_tsdb_head_bytes', 'Memory of the head block.', (s) => s.headBytes)
  const total = (name: string, help: string, read: (stats: DatabaseStats) => number): void => {
    metrics.counterOf(name, help, () => read(stats()))
  }
  total('prometheus_tsdb_head_samples_appended_total', 'Total number of appended samples.', (s) => s.samplesAppended)
  total(
    'prometheus_tsdb_head_series_created_total',
    'Total number of series created in the head.',
    (s) => s.seriesCreated,
  )
  total(
    'prometheus_tsdb_head_series_removed_total',
    'Total number of series removed in the head.',
    (s) => s.seriesRemoved,
  )
  total('prometheus_tsdb_compactions_total', 'Total number of compactions that were executed.', (s) => s.compactions)
  total(
    'prometheus_tsdb_compactions_failed_total',
    'Total number of compactions that failed.',
    (s) => s.compactionsFailed,
  )
  total(
    'prometheus_tsdb_out_of_order_samples_total',
    'Total number of out of order samples refused.',
    (s) => s.outOfOrderSamples,
  )
  total(
    'prometheus_tsdb_out_of_bound_samples_total',
    'Total number of out of bound samples ingestion failed attempts with out of order support disabled.',
    (s) => s.outOfBoundSamples,
  )
  total(
    'prometheus_tsdb_too_old_samples_total',
    'Total number of out of order samples ingestion failed attempts with out of support enabled, but sample outside of time window.',
    (s) => s.tooOldSamples,
  )
  total(
    'prometheus_tsdb_head_out_of_order_samples_appended_total',
    'Total number of appended out of order samples.',
    (s) => s.lateSamples,
  )
  total('prometheus_tsdb_wal_corruptions_total', 'Total number of WAL corruptions.', (s) => s.walCorruptions)
  metrics.gauge('prometheus_engine_queries', 'The current number of queries being executed or waiting.', [], (one) =>
    one.set(gate.running + gate.waiting),
  )
  metrics.gauge('prometheus_engine_queries_concurrent_max', 'The max number of concurrent queries.').set(gate.limit)
  const queries = metrics.histogram('prometheus_engine_query_duration_seconds', 'Query timings.', SECONDS)
  const requests = metrics.counter('prometheus_http_requests_total', 'Counter of HTTP requests.', ['handler', 'code'])
  const durations = metrics.histogram(
    'prometheus_http_request_duration_seconds',
    'Histogram of latencies for HTTP requests.',
    SECONDS,
    ['handler'],
  )
  const refused = metrics.counter('quartet_ingest_refused_requests_total', 'Write requests that were refused.', [
    'endpoint',
    'status',
  ])
  const dropped = metrics.counter('quartet_ingest_dropped_total', 'Parts of accepted requests that were not stored.', [
    'reason',
  ])
  const reloaded = metrics.gauge(
    'prometheus_config_last_reload_successful',
    'Whether the last configuration reload attempt was successful.',
  )
  const reloadTime = metrics.gauge(
    'prometheus_config_last_reload_success_timestamp_seconds',
    'Timestamp of the last successful configuration reload.',
  )
  return {
    observeRequest: ({ route, status, seconds }) => {
      const handler = route ?? 'unknown'
      requests.inc({ handler, code: String(status) })
      durations.observe({ handler }, seconds)
    },
    observeQuery: (seconds) => queries.observe(seconds),
    observeWrite: (report) => {
      if (report.limited > 0) dropped.inc({ reason: 'series_limit' }, report.limited)
      if (report.invalid > 0) dropped.inc({ reason: 'invalid_labels' }, report.invalid)
    },
    observeRefusal: (endpoint, status) => refused.inc({ endpoint, status: String(status) }),
    setReload: (isSuccessful, timeMs) => {
      reloaded.set(Number(isSuccessful))
      if (isSuccessful) reloadTime.set(timeMs / 1000)
    },
  }
}

function finiteOrZero(value: number): number {
  return Number.isFinite(value) ? value : 0
}
