import { ConfigError, loadYaml } from '@quartet/runtime'
import type { Finding, LoadedYaml } from '@quartet/runtime'
import { z } from 'zod'
import { goDuration as duration, unused } from './duration.ts'
import {
  GENERATOR_OVERRIDES,
  LEGACY_GENERATOR_OVERRIDES,
  METRICS_GENERATOR,
  nestedOverrides,
  resolveGenerator,
} from './generator-config.ts'
import type { GeneratorConfig, ResolvedGenerator } from './generator-config.ts'

const size = z.number().int().nonnegative()
const port = z.number().int().min(0).max(65535)

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
      'log_request_exclude_headers_list http_path_prefix cluster_validation trace_request_headers ' +
      'trace_request_exclude_headers_list',
  ),
})

const OTLP_CORS = z.strictObject({
  allowed_origins: z.array(z.string()).optional(),
  allowed_headers: z.array(z.string()).optional(),
  max_age: z.number().optional(),
})

const OTLP_GRPC = z.strictObject({
  endpoint: z.string().optional(),
  max_recv_msg_size_mib: z.number().positive().optional(),
  ...unused(
    'transport tls max_concurrent_streams read_buffer_size write_buffer_size keepalive auth include_metadata dialer middlewares',
  ),
})

const OTLP_HTTP = z.strictObject({
  endpoint: z.string().optional(),
  max_request_body_size: z.number().positive().optional(),
  cors: OTLP_CORS.nullish(),
  traces_url_path: z.string().optional(),
  ...unused(
    'tls auth include_metadata response_headers compression_algorithms read_timeout read_header_timeout write_timeout ' +
      'idle_timeout metrics_url_path logs_url_path middlewares keep_alives_enabled',
  ),
})

const OTLP = z.strictObject({
  protocols: z.strictObject({ grpc: OTLP_GRPC.nullish(), http: OTLP_HTTP.nullish() }).nullish(),
})

const DISTRIBUTOR = z.strictObject({
  receivers: z.strictObject({ otlp: OTLP.nullish(), ...unused('jaeger zipkin opencensus kafka') }).nullish(),
  ...unused(
    'ring override_ring_key forwarders log_received_traces log_received_spans log_discarded_spans metric_received_spans ' +
      'extend_writes retry_after_on_resource_exhausted usage kafka_config kafka_write_path_enabled ' +
      'ingester_write_path_enabled max_span_attr_byte max_attribute_bytes artificial_delay',
  ),
})

const INGESTER = z.strictObject({
  max_block_duration: duration.optional(),
  max_block_bytes: size.optional(),
  ...unused(
    'lifecycler concurrent_flushes flush_check_period flush_op_timeout trace_idle_period trace_live_period ' +
      'complete_block_timeout complete_block_concurrency override_ring_key flush_all_on_shutdown flush_object_storage ' +
      'partition_ring',
  ),
})

const COMPACTOR = z.strictObject({
  disabled: z.unknown().optional(),
  ring: z.unknown().optional(),
  override_ring_key: z.unknown().optional(),
  compaction: z
    .strictObject({
      block_retention: duration.optional(),
      ...unused(
        'v2_in_buffer_bytes v2_out_buffer_bytes v2_prefetch_traces_count max_compaction_objects max_block_bytes ' +
          'compaction_window compaction_cycle compacted_block_retention retention_concurrency max_time_per_tenant',
      ),
    })
    .nullish(),
})

const STORAGE = z.strictObject({
  trace: z
    .strictObject({
      backend: z.enum(['local', 's3', 'gcs', 'azure']).optional(),
      ...unused(
        'local gcs s3 azure cache cache_min_compaction_level cache_max_block_age memcached redis background_cache search ' +
          'blocklist_poll blocklist_poll_concurrency blocklist_poll_fallback blocklist_poll_tenant_concurrency ' +
          'blocklist_poll_tenant_index_builders blocklist_poll_jitter_ms blocklist_poll_stale_tenant_index ' +
          'blocklist_poll_tolerate_consecutive_errors blocklist_poll_tolerate_tenant_failures ' +
          'empty_tenant_deletion_enabled empty_tenant_deletion_age pool block wal parquet_footer bloom',
      ),
    })
    .nullish(),
})

const GLOBAL_LIMITS = z.strictObject({ max_bytes_per_trace: size.optional() })

const OVERRIDES = z.strictObject({
  defaults: z
    .strictObject({
      global: GLOBAL_LIMITS.nullish(),
      metrics_generator: GENERATOR_OVERRIDES.nullish(),
      ...unused('ingestion read compaction forwarders storage cost_attribution'),
    })
    .nullish(),
  max_bytes_per_trace: size.optional(),
  ...LEGACY_GENERATOR_OVERRIDES,
  ...unused(
    'per_tenant_override_config per_tenant_override_period user_configurable_overrides ingestion_rate_strategy ' +
      'ingestion_rate_limit_bytes ingestion_burst_size_bytes ingestion_tenant_shard_size ingestion_artificial_delay ' +
      'ingestion_max_attribute_bytes max_traces_per_user max_global_traces_per_user forwarders block_retention ' +
      'max_bytes_per_tag_values_query ' +
      'max_blocks_per_tag_values_query max_search_duration max_metrics_duration unsafe_query_hints dedicated_columns',
  ),
})

const SEARCH = z.strictObject({
  default_result_limit: z.number().int().positive().optional(),
  max_result_limit: size.optional(),
  max_duration: duration.optional(),
  max_spans_per_span_set: size.optional(),
  ...unused(
    'concurrent_jobs target_bytes_per_job metadata_slo duration_slo throughput_bytes_slo query_backend_after ' +
      'query_ingesters_until ingester_shards default_spans_per_span_set most_recent_shards',
  ),
})

const QUERY_FRONTEND = z.strictObject({
  search: SEARCH.nullish(),
  ...unused(
    'max_outstanding_per_tenant max_batch_size log_query_request_headers max_retries trace_by_id metrics mcp_server ' +
      'multi_tenant_queries_enabled response_consumers weights api_timeout url_deny_list max_query_expression_size_bytes ' +
      'rf1_after query_end_cutoff allowed_headers',
  ),
})

const SCHEMA = z.strictObject({
  server: SERVER.nullish(),
  distributor: DISTRIBUTOR.nullish(),
  ingester: INGESTER.nullish(),
  compactor: COMPACTOR.nullish(),
  storage: STORAGE.nullish(),
  overrides: OVERRIDES.nullish(),
  query_frontend: QUERY_FRONTEND.nullish(),
  metrics_generator: METRICS_GENERATOR.nullish(),
  target: z.string().optional(),
  multitenancy_enabled: z.boolean().optional(),
  ...unused(
    'shutdown_delay stream_over_http_enabled http_api_prefix use_otel_tracer enable_go_runtime_metrics autocomplete_filtering_enabled ' +
      'internal_server ingester_client metrics_generator_client querier ingest block_builder ' +
      'backend_scheduler backend_scheduler_client backend_worker live_store_client live_store memberlist usage_report ' +
      'cache cache_provider partition_ring partition_ring_live_store memory_limit memcached',
  ),
})

type TempoYaml = z.infer<typeof SCHEMA>

/** tempo.yaml as far as it has an effect here, with defaults; frozen. */
export interface TempoConfig {
  readonly httpListenAddress: string | undefined
  readonly httpListenPort: number
  readonly otlpGrpc: { readonly endpoint: string; readonly maxMessageBytes: number } | undefined
  readonly otlpHttp:
    | {
        readonly endpoint: string
        readonly path: string
        readonly maxBodyBytes: number
        readonly corsOrigins: readonly string[]
        readonly corsHeaders: readonly string[]
        readonly corsMaxAgeSeconds: number
      }
    | undefined
  readonly maxBlockDurationMs: number
  readonly maxBlockBytes: number
  readonly blockRetentionMs: number
  /** 0: no limit. */
  readonly maxBytesPerTrace: number
  readonly defaultResultLimit: number
  readonly maxResultLimit: number
  readonly maxSpansPerSpanSet: number
  /** Undefined when no processor makes metrics. */
  readonly generator: GeneratorConfig | undefined
}

const MIB = 1 << 20
/** Upstream's blocks hold 500 MB; here a head this large is cut, so that memory stays bounded. */
const MAX_HEAD_BYTES = 96 * MIB

export interface LoadedTempoConfig {
  readonly config: TempoConfig
  readonly findings: readonly Finding[]
}

/** @throws ConfigError with every problem as `file:line:col: error: …` */
export async function loadTempoConfig(options: {
  path: string
  text?: string
  expandEnv?: boolean
}): Promise<LoadedTempoConfig> {
  const loaded = await loadYaml({ ...options, schema: SCHEMA })
  const generator = generatorOf(loaded.value)
  const found = generatorFindings(loaded, generator)
  const errors = found.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) throw new ConfigError(errors.map(({ at, message }) => `${at}: error: ${message}`))
  return { config: resolve(loaded.value, generator.config), findings: [...findUnused(loaded), ...found] }
}

/** The nested overrides when there are any, else the flat ones. */
function generatorOf({ metrics_generator: generator, overrides }: TempoYaml): ResolvedGenerator {
  const flat = (overrides ?? {}) as Readonly<Record<string, unknown>>
  return resolveGenerator(generator ?? {}, overrides?.defaults?.metrics_generator ?? nestedOverrides(flat))
}

function generatorFindings(loaded: LoadedYaml<TempoYaml>, { problems }: ResolvedGenerator): Finding[] {
  const isNested = loaded.value.overrides?.defaults?.metrics_generator !== undefined
  return problems.map(({ section, path, severity, message }) => {
    let at = ['metrics_generator', ...path]
    if (section === 'overrides') {
      at = isNested ? ['overrides', 'defaults', ...at] : ['overrides', at.join('_')]
    }
    return { severity, at: loaded.at(at), message }
  })
}

function resolve(yaml: TempoYaml, generator: GeneratorConfig | undefined): TempoConfig {
  // Without a word about receivers both OTLP protocols listen; naming some switches the others off, as in the collector.
  const receivers = yaml.distributor?.receivers
  const protocols = receivers ? receivers.otlp?.protocols : { grpc: {}, http: {} }
  const global = yaml.overrides?.defaults?.global
  const search = yaml.query_frontend?.search
  return Object.freeze({
    httpListenAddress: yaml.server?.http_listen_address,
    httpListenPort: yaml.server?.http_listen_port ?? 3200,
    otlpGrpc: protocols && 'grpc' in protocols ? grpcSettings(protocols.grpc ?? {}) : undefined,
    otlpHttp: protocols && 'http' in protocols ? httpSettings(protocols.http ?? {}) : undefined,
    maxBlockDurationMs: yaml.ingester?.max_block_duration ?? 30 * 60_000,
    maxBlockBytes: Math.min(MAX_HEAD_BYTES, yaml.ingester?.max_block_bytes || MAX_HEAD_BYTES),
    blockRetentionMs: yaml.compactor?.compaction?.block_retention ?? 14 * 24 * 3_600_000,
    maxBytesPerTrace: global?.max_bytes_per_trace ?? yaml.overrides?.max_bytes_per_trace ?? 5_000_000,
    defaultResultLimit: search?.default_result_limit ?? 20,
    maxResultLimit: search?.max_result_limit ?? 262_144,
    maxSpansPerSpanSet: search?.max_spans_per_span_set ?? 100,
    generator,
  })
}

function grpcSettings(yaml: z.infer<typeof OTLP_GRPC>): NonNullable<TempoConfig['otlpGrpc']> {
  return { endpoint: yaml.endpoint ?? ':4319', maxMessageBytes: (yaml.max_recv_msg_size_mib ?? 4) * MIB }
}

function httpSettings(yaml: z.infer<typeof OTLP_HTTP>): NonNullable<TempoConfig['otlpHttp']> {
  return {
    endpoint: yaml.endpoint ?? ':4320',
    path: yaml.traces_url_path ?? '/v1/traces',
    maxBodyBytes: yaml.max_request_body_size ?? 20 * MIB,
    corsOrigins: yaml.cors?.allowed_origins ?? [],
    corsHeaders: yaml.cors?.allowed_headers ?? [],
    corsMaxAgeSeconds: yaml.cors?.max_age ?? 0,
  }
}

/** Settings that are read but change nothing, so that `check` can say so. */
const WITHOUT_EFFECT: readonly (readonly string[])[] = [
  ['distributor', 'receivers', 'jaeger'],
  ['distributor', 'receivers', 'zipkin'],
  ['distributor', 'receivers', 'opencensus'],
  ['distributor', 'receivers', 'kafka'],
  ['distributor', 'forwarders'],
  ['metrics_generator', 'ring'],
  ['metrics_generator', 'traces_storage'],
  ['metrics_generator', 'processor', 'local_blocks'],
  ['memberlist'],
  ['cache'],
  ['usage_report'],
  ['querier'],
  ['query_frontend', 'mcp_server'],
  ['overrides', 'per_tenant_override_config'],
  ['overrides', 'defaults', 'ingestion'],
  ['storage', 'trace', 'wal'],
  ['storage', 'trace', 'local'],
  ['storage', 'trace', 'cache'],
  ['storage', 'trace', 'block'],
  ['target'],
  ['multitenancy_enabled'],
  ['stream_over_http_enabled'],
]

function findUnused(loaded: LoadedYaml<TempoYaml>): Finding[] {
  const findings: Finding[] = []
  for (const path of WITHOUT_EFFECT) {
    if (valueAt(loaded.value, path) === undefined) continue
    findings.push({ severity: 'info', at: loaded.at([...path]), message: `"${path.join('.')}" has no effect here` })
  }
  const backend = loaded.value.storage?.trace?.backend ?? 'local'
  if (backend !== 'local') {
    const at = loaded.at(['storage', 'trace', 'backend'])
    findings.push({
      severity: 'warning',
      at,
      message: `backend ${backend} is not supported: blocks stay on the local disk`,
    })
  }
  return findings
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  let value = root
  for (const step of path) value = (value as Record<string, unknown> | null | undefined)?.[step]
  return value
}
