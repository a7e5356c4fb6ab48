import { loadYaml } from '@quartet/runtime'
import type { Finding, LoadedYaml } from '@quartet/runtime'
import { z } from 'zod'
import { duration, unused } from './fields.ts'
import { DEFAULT_LIMITS } from './limits.ts'
import type { Limits } from './limits.ts'
import { COMMON, resolveRuler, RULER } from './ruler-config.ts'
import type { RulerConfig } from './ruler-config.ts'
import { parseBytes } from './units.ts'

const bytes = z.union([z.string(), z.number()]).transform((given, context) => {
  const value = typeof given === 'number' ? given : parseBytes(given)
  if (value !== undefined) return value
  context.addIssue({ code: 'custom', message: `not a valid size: ${JSON.stringify(given)}` })
  return z.NEVER
})
const port = z.number().int().min(0).max(65535)
const count = z.number().int().nonnegative()

const SERVER = z.strictObject({
  http_listen_address: z.string().optional(),
  http_listen_port: port.optional(),
  ...unused(
    'http_listen_network http_listen_conn_limit grpc_listen_network grpc_listen_address grpc_listen_port grpc_listen_conn_limit ' +
      'proxy_protocol_enabled tls_cipher_suites tls_min_version http_tls_config grpc_tls_config register_instrumentation ' +
      'report_grpc_codes_in_instrumentation_label_enabled graceful_shutdown_timeout http_server_read_timeout ' +
      'http_server_read_header_timeout http_server_write_timeout http_server_idle_timeout ' +
      'http_log_closed_connections_without_response_enabled grpc_server_max_recv_msg_size grpc_server_max_send_msg_size ' +
      'grpc_server_max_concurrent_streams grpc_server_max_connection_idle grpc_server_max_connection_age ' +
      'grpc_server_max_connection_age_grace grpc_server_keepalive_time grpc_server_keepalive_timeout ' +
      'grpc_server_min_time_between_pings grpc_server_ping_without_stream_allowed grpc_server_num_workers ' +
      'grpc_server_stats_tracking_enabled grpc_server_recv_buffer_pools_enabled log_format log_level log_source_ips_enabled ' +
      'log_source_ips_full log_source_ips_header log_source_ips_regex log_request_headers log_request_at_info_level_enabled ' +
      'log_request_exclude_headers_list http_path_prefix cluster_validation trace_request_headers',
  ),
})

const LIMITS = z.strictObject({
  reject_old_samples: z.boolean().optional(),
  reject_old_samples_max_age: duration.optional(),
  creation_grace_period: duration.optional(),
  max_line_size: bytes.optional(),
  max_line_size_truncate: z.boolean().optional(),
  max_label_names_per_series: count.optional(),
  max_label_name_length: count.optional(),
  max_label_value_length: count.optional(),
  max_global_streams_per_user: count.optional(),
  ingestion_rate_mb: z.number().positive().optional(),
  ingestion_burst_size_mb: z.number().positive().optional(),
  allow_structured_metadata: z.boolean().optional(),
  max_structured_metadata_size: bytes.optional(),
  max_structured_metadata_entries_count: count.optional(),
  discover_service_name: z.array(z.string()).optional(),
  discover_log_levels: z.boolean().optional(),
  log_level_fields: z.array(z.string()).optional(),
  max_entries_limit_per_query: count.optional(),
  max_query_series: count.optional(),
  max_query_length: duration.optional(),
  query_timeout: duration.optional(),
  max_concurrent_tail_requests: count.optional(),
  retention_period: duration.optional(),
  volume_enabled: z.boolean().optional(),
  ruler_evaluation_delay_duration: duration.optional(),
  ruler_max_rules_per_rule_group: count.optional(),
  ruler_max_rule_groups_per_tenant: count.optional(),
  ...unused(
    'ingestion_rate_strategy per_stream_rate_limit per_stream_rate_limit_burst max_streams_per_user max_chunks_per_query ' +
      'max_streams_matchers_per_query unordered_writes increment_duplicate_timestamp simulated_push_latency ' +
      'metric_aggregation_enabled pattern_persistence_enabled max_query_lookback max_query_range max_query_parallelism ' +
      'tsdb_max_query_parallelism tsdb_max_bytes_per_shard tsdb_sharding_strategy tsdb_precompute_chunks cardinality_limit ' +
      'max_cache_freshness_per_query max_stats_cache_freshness max_metadata_cache_freshness max_queriers_per_tenant ' +
      'max_querier_capacity query_ready_index_num_days split_queries_by_interval split_metadata_queries_by_interval ' +
      'split_recent_metadata_queries_by_interval recent_metadata_query_window split_instant_metric_queries_by_interval ' +
      'split_ingester_queries_by_interval min_sharding_lookback max_query_bytes_read max_querier_bytes_read ' +
      'volume_max_series ruler_alertmanager_config ruler_tenant_shard_size ruler_enable_wal_replay ruler_remote_write_disabled ' +
      'ruler_remote_write_config ruler_remote_evaluation_timeout ruler_remote_evaluation_max_response_size deletion_mode ' +
      'retention_stream per_tenant_override_config per_tenant_override_period allow_deletes shard_streams blocked_queries ' +
      'required_labels required_number_labels minimum_labels_number index_gateway_shard_size bloom_gateway_enable_filtering ' +
      'bloom_creation_enabled otlp_config global_otlp_config block_ingestion_until block_ingestion_status_code ' +
      'block_ingestion_policy_until enforced_labels policy_enforced_labels policy_stream_mapping ingestion_partitions_tenant_shard_size ' +
      'enable_multi_variant_queries max_stale_series max_metadata_query_length debug_engine_tasks debug_engine_streams ' +
      'ruler_remote_write_url ruler_remote_write_timeout ruler_remote_write_headers ruler_remote_write_relabel_configs ' +
      'ruler_remote_write_queue_capacity shard_aggregations enforce_metric_name enabled_sharding',
  ),
})

const SCHEMA = z.strictObject({
  auth_enabled: z.boolean().optional(),
  server: SERVER.nullish(),
  limits_config: LIMITS.nullish(),
  ingester: z
    .looseObject({
      max_chunk_age: duration.optional(),
      wal: z.unknown().optional(),
      lifecycler: z.unknown().optional(),
    })
    .nullish(),
  common: COMMON.nullish(),
  ruler: RULER.nullish(),
  ...unused(
    'target ballast_bytes http_prefix metrics_namespace distributor querier query_range query_scheduler query_engine frontend ' +
      'frontend_worker ruler_storage ingester_client index_gateway bloom_build bloom_gateway storage_config ' +
      'chunk_store_config schema_config compactor compactor_client compactor_grpc_client table_manager memberlist ' +
      'kafka_config dataobj dataobj_tee runtime_config operational_config tracing analytics profiling ui pattern_ingester block_builder ' +
      'block_scheduler ingest_limits ingest_limits_frontend ingest_limits_frontend_client ingester_rf1 shutdown_delay memory_ballast',
  ),
})

type File = z.output<typeof SCHEMA>

export interface LokiConfig {
  readonly authEnabled: boolean
  readonly httpListenAddress: string | undefined
  readonly httpListenPort: number
  readonly limits: Limits
  readonly ruler: RulerConfig
}

export interface LoadedLokiConfig {
  readonly config: LokiConfig
  /** Keys without effect and their places. */
  readonly findings: readonly Finding[]
}

/** @throws ConfigError with every problem as `file:line:col` */
export async function loadLokiConfig(options: {
  path: string
  text?: string
  expandEnv?: boolean
}): Promise<LoadedLokiConfig> {
  const loaded = await loadYaml({ ...options, schema: SCHEMA })
  return { config: resolve(loaded.value, options.path), findings: findUnused(loaded) }
}

function resolve(file: File, path: string): LokiConfig {
  const given = file.limits_config ?? {}
  const defaults = DEFAULT_LIMITS
  const maxChunkAgeMs = file.ingester?.max_chunk_age
  const megabytes = (value: number | undefined, fallback: number): number =>
    value === undefined ? fallback : value * 1024 * 1024
  return {
    authEnabled: file.auth_enabled ?? true,
    httpListenAddress: file.server?.http_listen_address,
    httpListenPort: file.server?.http_listen_port ?? 3100,
    ruler: resolveRuler(file.ruler, { path, common: file.common }),
    limits: {
      rejectOldSamples: given.reject_old_samples ?? defaults.rejectOldSamples,
      rejectOldSamplesMaxAgeMs: given.reject_old_samples_max_age ?? defaults.rejectOldSamplesMaxAgeMs,
      creationGracePeriodMs: given.creation_grace_period ?? defaults.creationGracePeriodMs,
      maxLineBytes: given.max_line_size || defaults.maxLineBytes,
      maxLineSizeTruncate: given.max_line_size_truncate ?? defaults.maxLineSizeTruncate,
      maxLabelNamesPerSeries: given.max_label_names_per_series ?? defaults.maxLabelNamesPerSeries,
      maxLabelNameLength: given.max_label_name_length ?? defaults.maxLabelNameLength,
      maxLabelValueLength: given.max_label_value_length ?? defaults.maxLabelValueLength,
      maxGlobalStreams: given.max_global_streams_per_user ?? defaults.maxGlobalStreams,
      ingestionRateBytes: megabytes(given.ingestion_rate_mb, defaults.ingestionRateBytes),
      ingestionBurstBytes: megabytes(given.ingestion_burst_size_mb, defaults.ingestionBurstBytes),
      allowStructuredMetadata: given.allow_structured_metadata ?? defaults.allowStructuredMetadata,
      maxStructuredMetadataBytes: given.max_structured_metadata_size ?? defaults.maxStructuredMetadataBytes,
      maxStructuredMetadataEntries:
        given.max_structured_metadata_entries_count ?? defaults.maxStructuredMetadataEntries,
      discoverServiceName: given.discover_service_name ?? defaults.discoverServiceName,
      discoverLogLevels: given.discover_log_levels ?? defaults.discoverLogLevels,
      logLevelFields: given.log_level_fields ?? defaults.logLevelFields,
      outOfOrderWindowMs: maxChunkAgeMs === undefined ? defaults.outOfOrderWindowMs : maxChunkAgeMs / 2,
      maxEntriesPerQuery: given.max_entries_limit_per_query ?? defaults.maxEntriesPerQuery,
      maxQuerySeries: given.max_query_series ?? defaults.maxQuerySeries,
      maxQueryLengthMs: given.max_query_length ?? defaults.maxQueryLengthMs,
      queryTimeoutMs: given.query_timeout ?? defaults.queryTimeoutMs,
      maxConcurrentTails: given.max_concurrent_tail_requests ?? defaults.maxConcurrentTails,
      retentionMs: given.retention_period ?? defaults.retentionMs,
      rulerEvaluationDelayMs: given.ruler_evaluation_delay_duration ?? defaults.rulerEvaluationDelayMs,
      rulerMaxRulesPerGroup: given.ruler_max_rules_per_rule_group ?? defaults.rulerMaxRulesPerGroup,
      rulerMaxGroups: given.ruler_max_rule_groups_per_tenant ?? defaults.rulerMaxGroups,
      volumeEnabled: given.volume_enabled ?? defaults.volumeEnabled,
    },
  }
}

const EFFECTIVE = new Set(['auth_enabled', 'server', 'limits_config', 'ingester', 'ruler', 'common'])
const EFFECTIVE_NESTED = new Set([
  'server.http_listen_address',
  'server.http_listen_port',
  'ingester.max_chunk_age',
  'common.path_prefix',
  'common.storage',
  ...effectiveKeys('limits_config', LIMITS.shape),
  ...effectiveKeys('ruler', RULER.shape),
])

function effectiveKeys(section: string, shape: Readonly<Record<string, z.ZodType>>): string[] {
  const isUnused = (field: z.ZodType): boolean =>
    field instanceof z.ZodOptional && field.unwrap() instanceof z.ZodUnknown
  return Object.keys(shape)
    .filter((key) => !isUnused(shape[key]))
    .map((key) => `${section}.${key}`)
}

function findUnused(loaded: LoadedYaml<File>): Finding[] {
  const findings: Finding[] = []
  const report = (path: string[]): void => {
    findings.push({ severity: 'info', at: loaded.at(path), message: `"${path.join('.')}" has no effect here` })
  }
  for (const [key, value] of Object.entries(loaded.value)) {
    if (!EFFECTIVE.has(key)) report([key])
    else if (typeof value === 'object' && value !== null) {
      for (const inner of Object.keys(value)) if (!EFFECTIVE_NESTED.has(`${key}.${inner}`)) report([key, inner])
    }
  }
  return findings.sort((a, b) => lineOf(a.at) - lineOf(b.at))
}

function lineOf(at: string | undefined): number {
  return Number(at?.split(':').at(-2) ?? 0)
}
