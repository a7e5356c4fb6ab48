import { formatDuration } from '@quartet/query'
import { createRelabelRule } from '@quartet/scrape'
import type { RelabelRule, ScrapeConfig, ScrapeProtocol } from '@quartet/scrape'
import { resolve } from 'node:path'
import { z } from 'zod'
import { accepted, bytes, duration, stringMap } from './fields.ts'
import { checkHttp, httpClient, httpFields, UNSUPPORTED_HTTP_KEYS } from './http-config.ts'
import type { GlobalSection } from './prometheus-config.ts'

/** One relabelling rule, checked and compiled. */
export const relabelRule = z
  .strictObject({
    source_labels: z.array(z.string()).optional(),
    separator: z.string().optional(),
    regex: z.union([z.string(), z.number()]).transform(String).optional(),
    modulus: z.number().int().nonnegative().optional(),
    target_label: z.string().optional(),
    replacement: z.union([z.string(), z.number()]).transform(String).optional(),
    action: z.string().optional(),
  })
  .transform((rule, context): RelabelRule => {
    try {
      return createRelabelRule({
        sourceLabels: rule.source_labels,
        separator: rule.separator,
        regex: rule.regex,
        modulus: rule.modulus,
        targetLabel: rule.target_label,
        replacement: rule.replacement,
        action: rule.action,
      })
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) })
      return z.NEVER
    }
  })

/** Discovery that prometheus.yml may ask for and that is not built yet. */
const OTHER_DISCOVERIES = [
  'dns_sd_configs',
  'docker_sd_configs',
  'dockerswarm_sd_configs',
  'http_sd_configs',
  'kubernetes_sd_configs',
  'consul_sd_configs',
  'ec2_sd_configs',
  'aws_sd_configs',
  'azure_sd_configs',
  'digitalocean_sd_configs',
  'ecs_sd_configs',
  'eureka_sd_configs',
  'gce_sd_configs',
  'hetzner_sd_configs',
  'ionos_sd_configs',
  'kuma_sd_configs',
  'lightsail_sd_configs',
  'linode_sd_configs',
  'marathon_sd_configs',
  'nerve_sd_configs',
  'nomad_sd_configs',
  'openstack_sd_configs',
  'ovhcloud_sd_configs',
  'puppetdb_sd_configs',
  'scaleway_sd_configs',
  'serverset_sd_configs',
  'stackit_sd_configs',
  'triton_sd_configs',
  'uyuni_sd_configs',
  'vultr_sd_configs',
] as const

const PROTOCOLS: readonly ScrapeProtocol[] = [
  'PrometheusText0.0.4',
  'PrometheusText1.0.0',
  'OpenMetricsText0.0.1',
  'OpenMetricsText1.0.0',
]

const discoveryFields = Object.fromEntries(OTHER_DISCOVERIES.map((name) => [name, accepted])) as Record<
  (typeof OTHER_DISCOVERIES)[number],
  typeof accepted
>

export const scrapeSection = z
  .strictObject({
    job_name: z.string().default(''),
    scrape_interval: duration.optional(),
    scrape_timeout: duration.optional(),
    metrics_path: z.string().default('/metrics'),
    scheme: z.enum(['http', 'https']).default('http'),
    params: z.record(z.string(), z.array(z.string())).default({}),
    honor_labels: z.boolean().default(false),
    honor_timestamps: z.boolean().default(true),
    track_timestamps_staleness: z.boolean().default(false),
    enable_compression: z.boolean().default(true),
    fallback_scrape_protocol: z.enum([...PROTOCOLS, 'PrometheusProto']).optional(),
    scrape_protocols: accepted,
    scrape_native_histograms: accepted,
    always_scrape_classic_histograms: accepted,
    convert_classic_histograms_to_nhcb: accepted,
    native_histogram_bucket_limit: accepted,
    native_histogram_min_bucket_factor: accepted,
    metric_name_validation_scheme: accepted,
    metric_name_escaping_scheme: accepted,
    keep_dropped_targets: accepted,
    scrape_failure_log_file: accepted,
    sample_limit: z.number().int().nonnegative().optional(),
    label_limit: z.number().int().nonnegative().optional(),
    label_name_length_limit: z.number().int().nonnegative().optional(),
    label_value_length_limit: z.number().int().nonnegative().optional(),
    target_limit: z.number().int().nonnegative().optional(),
    body_size_limit: bytes.optional(),
    static_configs: z
      .array(z.strictObject({ targets: z.array(z.string()).default([]), labels: stringMap.default({}) }))
      .default([]),
    file_sd_configs: z
      .array(z.strictObject({ files: z.array(z.string()).default([]), refresh_interval: duration.default(300_000) }))
      .default([]),
    relabel_configs: z.array(relabelRule).default([]),
    metric_relabel_configs: z.array(relabelRule).default([]),
    ...discoveryFields,
    ...httpFields,
  })
  .superRefine((section, context) => {
    const problem = section.job_name === '' ? 'job_name is empty' : checkHttp(section)
    if (problem !== undefined) context.addIssue({ code: 'custom', message: problem })
  })

export type ScrapeSection = z.infer<typeof scrapeSection>

/** Keys of a scrape configuration that have no effect yet. */
export function unsupportedScrapeKeys(section: ScrapeSection): string[] {
  const keys = [
    ...OTHER_DISCOVERIES,
    ...UNSUPPORTED_HTTP_KEYS,
    'scrape_native_histograms',
    'always_scrape_classic_histograms',
    'convert_classic_histograms_to_nhcb',
    'native_histogram_bucket_limit',
    'native_histogram_min_bucket_factor',
    'scrape_protocols',
    'scrape_failure_log_file',
    'keep_dropped_targets',
    'metric_name_validation_scheme',
    'metric_name_escaping_scheme',
  ] as const
  return keys.filter((key) => section[key] !== undefined)
}

/** @throws Error with upstream's text when interval and timeout contradict each other */
export async function toScrapeConfig(
  section: ScrapeSection,
  global: GlobalSection,
  directory: string,
): Promise<ScrapeConfig> {
  const scrapeIntervalMs = section.scrape_interval ?? global.scrape_interval
  const timeoutMs = section.scrape_timeout ?? Math.min(global.scrape_timeout, scrapeIntervalMs)
  if (timeoutMs > scrapeIntervalMs) {
    const job = JSON.stringify(section.job_name)
    const values = `${formatDuration(timeoutMs)} > ${formatDuration(scrapeIntervalMs)}`
    throw new Error(`scrape timeout greater than scrape interval for scrape config with job name ${job} (${values})`)
  }
  const protocol = section.fallback_scrape_protocol
  return {
    jobName: section.job_name,
    scrapeIntervalMs,
    scrapeTimeoutMs: timeoutMs,
    metricsPath: section.metrics_path,
    scheme: section.scheme,
    params: section.params,
    honorLabels: section.honor_labels,
    honorTimestamps: section.honor_timestamps,
    trackTimestampsStaleness: section.track_timestamps_staleness,
    enableCompression: section.enable_compression,
    fallbackProtocol: protocol === 'PrometheusProto' ? undefined : protocol,
    staticConfigs: section.static_configs,
    fileSdConfigs: section.file_sd_configs.map((files) => ({
      files: files.files.map((file) => resolve(directory, file)),
      refreshIntervalMs: files.refresh_interval,
    })),
    relabelRules: section.relabel_configs,
    metricRelabelRules: section.metric_relabel_configs,
    sampleLimit: section.sample_limit ?? global.sample_limit,
    labelLimit: section.label_limit ?? global.label_limit,
    labelNameLengthLimit: section.label_name_length_limit ?? global.label_name_length_limit,
    labelValueLengthLimit: section.label_value_length_limit ?? global.label_value_length_limit,
    targetLimit: section.target_limit ?? global.target_limit,
    bodySizeLimitBytes: section.body_size_limit ?? global.body_size_limit,
    http: await httpClient(section, directory),
  }
}
