import { remoteWriteSchema } from '@quartet/scrape'
import type { RemoteWriteConfig } from '@quartet/scrape'
import { z } from 'zod'
import { goDuration, unused } from './duration.ts'
import { FILTER_POLICY } from './filter-policy.ts'
import type { FilterPolicy } from './filter-policy.ts'

/** `metrics_generator` together with its overrides, with upstream's defaults. */
export interface GeneratorConfig {
  readonly collectionIntervalMs: number
  readonly staleMs: number
  readonly externalLabels: Readonly<Record<string, string>>
  /** 0: no limit. */
  readonly maxActiveSeries: number
  readonly maxLabelNameBytes: number
  readonly maxLabelValueBytes: number
  readonly traceIdLabel: string
  /** Spans that ended longer ago, or that far in the future, are left out. */
  readonly slackMs: number
  readonly disableCollection: boolean
  readonly remoteWrite: readonly RemoteWriteConfig[]
  readonly spanMetrics: SpanMetricsConfig | undefined
  readonly serviceGraphs: ServiceGraphsConfig | undefined
  readonly hostInfo: HostInfoConfig | undefined
}

export interface SpanMetricsConfig {
  readonly buckets: readonly number[]
  readonly intrinsics: Readonly<Record<Intrinsic, boolean>>
  readonly dimensions: readonly string[]
  readonly mappings: readonly DimensionMapping[]
  readonly enableTargetInfo: boolean
  readonly enableInstanceLabel: boolean
  readonly targetInfoExcluded: readonly string[]
  readonly multiplierKey: string
  readonly policies: readonly FilterPolicy[]
  readonly count: boolean
  readonly latency: boolean
  readonly size: boolean
}

export interface DimensionMapping {
  readonly name: string
  readonly sources: readonly string[]
  readonly join: string
}

export interface ServiceGraphsConfig {
  readonly waitMs: number
  readonly maxItems: number
  readonly buckets: readonly number[]
  readonly dimensions: readonly string[]
  readonly peerAttributes: readonly string[]
  readonly databaseNameAttributes: readonly string[]
  readonly clientServerPrefix: boolean
  readonly messagingHistogram: boolean
  readonly virtualNodeLabel: boolean
  readonly multiplierKey: string
  readonly policies: readonly FilterPolicy[]
}

export interface HostInfoConfig {
  readonly identifiers: readonly string[]
  readonly metricName: string
}

export const INTRINSICS = ['service', 'span_name', 'span_kind', 'status_code', 'status_message'] as const
export type Intrinsic = (typeof INTRINSICS)[number]

const PROCESSORS = [
  'service-graphs',
  'span-metrics',
  'span-metrics-latency',
  'span-metrics-count',
  'span-metrics-size',
  'local-blocks',
  'host-info',
] as const

const buckets = z
  .array(z.number())
  .refine((list) => list.every((bound, index) => index === 0 || bound > list[index - 1]), 'buckets must ascend')
const texts = z.array(z.string())
const count = z.number().int().nonnegative()
const histograms = z.enum(['classic', 'native', 'both'])
/** Before 2.7 the switch was a boolean. */
const histogramOverride = z.union([histograms, z.boolean().transform((on) => (on ? 'both' : 'classic'))])

const MAPPING = z.strictObject({ name: z.string(), source_labels: texts, join: z.string().default('/') })

const INTRINSIC_DIMENSIONS = z.strictObject({
  service: z.boolean().optional(),
  span_name: z.boolean().optional(),
  span_kind: z.boolean().optional(),
  status_code: z.boolean().optional(),
  status_message: z.boolean().optional(),
})

const SERVICE_GRAPHS = {
  histogram_buckets: buckets.optional(),
  dimensions: texts.optional(),
  peer_attributes: texts.optional(),
  enable_client_server_prefix: z.boolean().optional(),
  enable_messaging_system_latency_histogram: z.boolean().optional(),
  enable_virtual_node_label: z.boolean().optional(),
  span_multiplier_key: z.string().optional(),
  filter_policies: z.array(FILTER_POLICY).optional(),
}

const SPAN_METRICS = {
  histogram_buckets: buckets.optional(),
  dimensions: texts.optional(),
  intrinsic_dimensions: INTRINSIC_DIMENSIONS.nullish(),
  filter_policies: z.array(FILTER_POLICY).optional(),
  dimension_mappings: z.array(MAPPING).optional(),
  enable_target_info: z.boolean().optional(),
  enable_instance_label: z.boolean().optional(),
  target_info_excluded_dimensions: texts.optional(),
  span_multiplier_key: z.string().optional(),
}

/** The section `metrics_generator`. */
export const METRICS_GENERATOR = z.strictObject({
  processor: z
    .strictObject({
      service_graphs: z
        .strictObject({
          ...SERVICE_GRAPHS,
          wait: goDuration.optional(),
          max_items: count.optional(),
          workers: count.optional(),
          database_name_attributes: texts.optional(),
          histogram_override: histogramOverride.optional(),
        })
        .nullish(),
      span_metrics: z
        .strictObject({
          ...SPAN_METRICS,
          histogram_override: histogramOverride.optional(),
          subprocessors: z.record(z.string(), z.boolean()).optional(),
        })
        .nullish(),
      host_info: z.strictObject({ host_identifiers: texts.optional(), metric_name: z.string().optional() }).nullish(),
      local_blocks: z.unknown().optional(),
    })
    .nullish(),
  registry: z
    .strictObject({
      collection_interval: goDuration.optional(),
      stale_duration: goDuration.optional(),
      external_labels: z.record(z.string(), z.string()).nullish(),
      inject_tenant_id_as: z.string().optional(),
      max_label_name_length: count.optional(),
      max_label_value_length: count.optional(),
    })
    .nullish(),
  storage: z
    .strictObject({
      path: z.string().optional(),
      remote_write: z.array(remoteWriteSchema).nullish(),
      ...unused('wal remote_write_flush_deadline remote_write_add_org_id_header'),
    })
    .nullish(),
  metrics_ingestion_time_range_slack: goDuration.optional(),
  ...unused(
    'ring traces_storage traces_query_storage query_timeout override_ring_key codec disable_local_blocks disable_grpc ' +
      'assigned_partitions ingest_concurrency instance_id',
  ),
})

/** `overrides.defaults.metrics_generator`. */
export const GENERATOR_OVERRIDES = z.strictObject({
  processors: z.array(z.enum(PROCESSORS)).nullish(),
  max_active_series: count.optional(),
  collection_interval: goDuration.optional(),
  disable_collection: z.boolean().optional(),
  generate_native_histograms: histogramOverride.optional(),
  trace_id_label_name: z.string().optional(),
  ingestion_time_range_slack: goDuration.optional(),
  remote_write_headers: z.record(z.string(), z.string()).nullish(),
  processor: z
    .strictObject({
      service_graphs: z.strictObject(SERVICE_GRAPHS).nullish(),
      span_metrics: z.strictObject(SPAN_METRICS).nullish(),
      host_info: z.strictObject({ host_identifiers: texts.optional(), metric_name: z.string().optional() }).nullish(),
      local_blocks: z.unknown().optional(),
    })
    .nullish(),
  ...unused(
    'ring_size forwarder native_histogram_bucket_factor native_histogram_max_bucket_number ' +
      'native_histogram_min_reset_duration',
  ),
})

const LEGACY = 'metrics_generator_'

/** The same settings in the flat form of before 2.3. */
export const LEGACY_GENERATOR_OVERRIDES = {
  [`${LEGACY}processors`]: GENERATOR_OVERRIDES.shape.processors,
  [`${LEGACY}max_active_series`]: count.optional(),
  [`${LEGACY}collection_interval`]: goDuration.optional(),
  [`${LEGACY}disable_collection`]: z.boolean().optional(),
  [`${LEGACY}generate_native_histograms`]: histogramOverride.optional(),
  [`${LEGACY}trace_id_label_name`]: z.string().optional(),
  [`${LEGACY}ingestion_time_range_slack`]: goDuration.optional(),
  [`${LEGACY}remote_write_headers`]: z.record(z.string(), z.string()).nullish(),
  ...prefixed(`${LEGACY}processor_service_graphs_`, SERVICE_GRAPHS),
  ...prefixed(`${LEGACY}processor_span_metrics_`, SPAN_METRICS),
  [`${LEGACY}processor_host_info_host_identifiers`]: texts.optional(),
  [`${LEGACY}processor_host_info_metric_name`]: z.string().optional(),
  ...unused(
    'ring_size forwarder_queue_size forwarder_workers processor_local_blocks_max_live_traces ' +
      'processor_local_blocks_max_block_duration processor_local_blocks_max_block_bytes ' +
      'processor_local_blocks_flush_check_period processor_local_blocks_trace_idle_period ' +
      'processor_local_blocks_complete_block_timeout native_histogram_bucket_factor ' +
      'native_histogram_max_bucket_number native_histogram_min_reset_duration'
        .split(' ')
        .map((name) => LEGACY + name)
        .join(' '),
  ),
}

type GeneratorYaml = z.infer<typeof METRICS_GENERATOR>
type OverridesYaml = z.infer<typeof GENERATOR_OVERRIDES>

function prefixed<T extends z.ZodType>(prefix: string, shape: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(shape).map(([key, schema]) => [prefix + key, schema]))
}

/** Brings flat overrides into the nested form. */
export function nestedOverrides(flat: Readonly<Record<string, unknown>>): OverridesYaml {
  const at = (prefix: string): Record<string, unknown> =>
    Object.fromEntries(
      Object.entries(flat).flatMap(([key, value]) =>
        key.startsWith(LEGACY + prefix) && value !== undefined ? [[key.slice((LEGACY + prefix).length), value]] : [],
      ),
    )
  const known = new Set(Object.keys(GENERATOR_OVERRIDES.shape))
  const plain = Object.fromEntries(Object.entries(at('')).filter(([key]) => known.has(key)))
  const processor = {
    service_graphs: at('processor_service_graphs_'),
    span_metrics: at('processor_span_metrics_'),
    host_info: at('processor_host_info_'),
  }
  // The values went through the schemas of LEGACY_GENERATOR_OVERRIDES already.
  return { ...plain, processor } as OverridesYaml
}

/** What is wrong, at which key below `metrics_generator` or `overrides.defaults.metrics_generator`. */
export interface GeneratorProblem {
  readonly section: 'generator' | 'overrides'
  readonly path: readonly string[]
  readonly severity: 'error' | 'warning' | 'info'
  readonly message: string
}

export interface ResolvedGenerator {
  /** Undefined when no processor is enabled, or nothing says where the metrics go. */
  readonly config: GeneratorConfig | undefined
  readonly problems: readonly GeneratorProblem[]
}

/** Overrides win over the section. Source of the defaults: Tempo 2.9, configuration reference. */
export function resolveGenerator(yaml: GeneratorYaml, overrides: OverridesYaml): ResolvedGenerator {
  const problems = [...histogramProblems(yaml, overrides)]
  const enabled = new Set(overrides.processors ?? [])
  enabled.delete('local-blocks')
  if (enabled.size === 0) return { config: undefined, problems }
  const remoteWrite = yaml.storage?.remote_write ?? []
  const warn = (message: string): void =>
    void problems.push({ section: 'overrides', path: ['processors'], severity: 'warning', message })
  if (!yaml.storage?.path) {
    warn('processors are enabled, but metrics-generator is not configured: metrics_generator.storage.path is missing')
    return { config: undefined, problems }
  }
  if (remoteWrite.length === 0) {
    warn('processors are enabled, but there is no metrics_generator.storage.remote_write to send their metrics to')
    return { config: undefined, problems }
  }
  const { registry } = yaml
  const headers = overrides.remote_write_headers ?? {}
  const config: GeneratorConfig = {
    collectionIntervalMs: overrides.collection_interval || (registry?.collection_interval ?? 15_000),
    staleMs: registry?.stale_duration ?? 15 * 60_000,
    externalLabels: {
      ...registry?.external_labels,
      ...(registry?.inject_tenant_id_as ? { [registry.inject_tenant_id_as]: 'single-tenant' } : {}),
    },
    maxActiveSeries: overrides.max_active_series ?? 0,
    maxLabelNameBytes: registry?.max_label_name_length ?? 1024,
    maxLabelValueBytes: registry?.max_label_value_length ?? 2048,
    traceIdLabel: overrides.trace_id_label_name || 'traceID',
    slackMs: overrides.ingestion_time_range_slack || (yaml.metrics_ingestion_time_range_slack ?? 30_000),
    disableCollection: overrides.disable_collection ?? false,
    remoteWrite: remoteWrite.map((entry) => ({ ...entry, headers: { ...entry.headers, ...headers } })),
    spanMetrics: spanMetrics(yaml, overrides, enabled),
    serviceGraphs: enabled.has('service-graphs') ? serviceGraphs(yaml, overrides) : undefined,
    hostInfo: enabled.has('host-info') ? hostInfo(yaml, overrides) : undefined,
  }
  return { config: Object.freeze(config), problems: [...problems, ...dimensionProblems(config)] }
}

function spanMetrics(
  yaml: GeneratorYaml,
  overrides: OverridesYaml,
  enabled: ReadonlySet<string>,
): SpanMetricsConfig | undefined {
  const all = enabled.has('span-metrics')
  const [count, latency, size] = ['count', 'latency', 'size'].map((part) => all || enabled.has(`span-metrics-${part}`))
  if (!count && !latency && !size) return undefined
  const [base, over] = [yaml.processor?.span_metrics, overrides.processor?.span_metrics]
  const intrinsics = { ...base?.intrinsic_dimensions, ...over?.intrinsic_dimensions }
  return {
    buckets: over?.histogram_buckets ?? base?.histogram_buckets ?? exponential(0.002, 14),
    intrinsics: {
      service: intrinsics.service ?? true,
      span_name: intrinsics.span_name ?? true,
      span_kind: intrinsics.span_kind ?? true,
      status_code: intrinsics.status_code ?? true,
      status_message: intrinsics.status_message ?? false,
    },
    dimensions: over?.dimensions ?? base?.dimensions ?? [],
    mappings: (over?.dimension_mappings ?? base?.dimension_mappings ?? []).map(({ name, source_labels, join }) => ({
      name,
      sources: source_labels,
      join,
    })),
    enableTargetInfo: over?.enable_target_info ?? base?.enable_target_info ?? false,
    enableInstanceLabel: over?.enable_instance_label ?? base?.enable_instance_label ?? true,
    targetInfoExcluded: over?.target_info_excluded_dimensions ?? base?.target_info_excluded_dimensions ?? [],
    multiplierKey: over?.span_multiplier_key ?? base?.span_multiplier_key ?? '',
    policies: over?.filter_policies ?? base?.filter_policies ?? [],
    count,
    latency,
    size,
  }
}

function serviceGraphs(yaml: GeneratorYaml, overrides: OverridesYaml): ServiceGraphsConfig {
  const [base, over] = [yaml.processor?.service_graphs, overrides.processor?.service_graphs]
  return {
    waitMs: base?.wait ?? 10_000,
    maxItems: base?.max_items ?? 10_000,
    buckets: over?.histogram_buckets ?? base?.histogram_buckets ?? exponential(0.1, 8),
    dimensions: over?.dimensions ?? base?.dimensions ?? [],
    peerAttributes: over?.peer_attributes ?? base?.peer_attributes ?? ['peer.service', 'db.name', 'db.system'],
    databaseNameAttributes: base?.database_name_attributes ?? ['db.namespace', 'db.name', 'db.system'],
    clientServerPrefix: over?.enable_client_server_prefix ?? base?.enable_client_server_prefix ?? false,
    messagingHistogram:
      over?.enable_messaging_system_latency_histogram ?? base?.enable_messaging_system_latency_histogram ?? false,
    virtualNodeLabel: over?.enable_virtual_node_label ?? base?.enable_virtual_node_label ?? false,
    multiplierKey: over?.span_multiplier_key ?? base?.span_multiplier_key ?? '',
    policies: over?.filter_policies ?? base?.filter_policies ?? [],
  }
}

function hostInfo(yaml: GeneratorYaml, overrides: OverridesYaml): HostInfoConfig {
  const [base, over] = [yaml.processor?.host_info, overrides.processor?.host_info]
  return {
    identifiers: over?.host_identifiers ?? base?.host_identifiers ?? ['k8s.node.name', 'host.id'],
    metricName: over?.metric_name || base?.metric_name || 'traces_host_info',
  }
}

/** Doubling bounds, as Go's prometheus.ExponentialBuckets multiplies them one after the other. */
function exponential(start: number, length: number): number[] {
  const bounds = [start]
  while (bounds.length < length) bounds.push(bounds.at(-1)! * 2)
  return bounds
}

const NATIVE = 'native histograms cannot be written yet'

function histogramProblems(yaml: GeneratorYaml, overrides: OverridesYaml): GeneratorProblem[] {
  const processors = ['span_metrics', 'service_graphs'] as const
  const places = [
    { section: 'overrides', path: ['generate_native_histograms'], mode: overrides.generate_native_histograms },
    ...processors.map((name) => ({
      section: 'generator' as const,
      path: ['processor', name, 'histogram_override'],
      mode: yaml.processor?.[name]?.histogram_override,
    })),
  ] as const
  return places.flatMap(({ section, path, mode }): GeneratorProblem[] => {
    if (mode === 'native') return [{ section, path, severity: 'error', message: `${NATIVE}; use classic` }]
    if (mode === 'both') return [{ section, path, severity: 'warning', message: `${NATIVE}: classic ones are` }]
    return []
  })
}

/** Two dimensions that would end up as one label, which upstream refuses. */
function dimensionProblems({ spanMetrics: spans }: GeneratorConfig): GeneratorProblem[] {
  if (spans === undefined) return []
  const taken = new Set<string>()
  return [...spans.dimensions, ...spans.mappings.map(({ name }) => name)].flatMap((name): GeneratorProblem[] => {
    const label = dimensionLabel(name)
    if (!taken.has(label)) {
      taken.add(label)
      return []
    }
    const message = `the dimension "${name}" gives the label "${label}", which another dimension has`
    return [{ section: 'generator', path: ['processor', 'span_metrics'], severity: 'error', message }]
  })
}

const RESERVED = new Set<string>([...INTRINSICS, 'job', 'instance'])

/** The label of a dimension: as Prometheus sanitises names, set apart from the labels that the processor adds itself. */
export function dimensionLabel(name: string): string {
  const label = sanitizeLabelName(name)
  return RESERVED.has(label) ? `__${label}` : label
}

/** Every character that is not a word character becomes an underscore. */
export function sanitizeLabelName(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9_]/gu, '_')
}
