import { quoteGo } from '@quartet/query'
import type { ScrapeConfig, ScrapeProtocol } from '@quartet/scrape'
import { resolve } from 'node:path'
import { z } from 'zod'
import { discoveryFields, UNBUILT_DISCOVERIES } from './discovery/registry.ts'
import { bytes, checked, duration, limit, optionalText, section } from './fields.ts'
import type { GlobalSection } from './global-section.ts'
import { checkHttp, httpClient, httpFields, unsupportedHttpKeys } from './http-config.ts'
import { metricNamesProblem, metricNameSchemes } from './metric-names.ts'
import { compileRule, effectiveRule, relabelProblem, relabelRules } from './relabel-section.ts'
import { DEFAULT_PROTOCOLS, protocolProblem, protocolsProblem } from './scrape-protocols.ts'
import { targetsProblem } from './static-section.ts'

const fields = {
  job_name: z.string().default(''),
  honor_labels: z.boolean().default(false),
  honor_timestamps: z.boolean().default(true),
  track_timestamps_staleness: z.boolean().default(false),
  params: z.record(z.string(), z.array(z.string())).default({}),
  scrape_interval: duration.default(0),
  scrape_timeout: duration.default(0),
  scrape_protocols: z.array(z.string()).optional(),
  fallback_scrape_protocol: z.string().default(''),
  scrape_native_histograms: z.boolean().optional(),
  always_scrape_classic_histograms: z.boolean().optional(),
  convert_classic_histograms_to_nhcb: z.boolean().optional(),
  extra_scrape_metrics: z.boolean().optional(),
  scrape_failure_log_file: optionalText,
  metrics_path: z.string().default('/metrics'),
  scheme: z.enum(['http', 'https']).default('http'),
  enable_compression: z.boolean().default(true),
  body_size_limit: bytes.default(0),
  sample_limit: limit.default(0),
  target_limit: limit.default(0),
  label_limit: limit.default(0),
  label_name_length_limit: limit.default(0),
  label_value_length_limit: limit.default(0),
  native_histogram_bucket_limit: limit.default(0),
  native_histogram_min_bucket_factor: z.number().default(0),
  keep_dropped_targets: limit.default(0),
  metric_name_validation_scheme: z.string().default(''),
  metric_name_escaping_scheme: z.string().default(''),
  ...httpFields,
  relabel_configs: relabelRules('empty or null target relabeling rule in scrape config'),
  metric_relabel_configs: relabelRules('empty or null metric relabeling rule in scrape config'),
  ...discoveryFields,
}

/** One entry of `scrape_configs`. */
export const scrapeSection = checked(
  section('config.plain', fields, 'empty or null scrape config section'),
  ({ job_name: job }) => (job === '' ? 'job_name is empty' : undefined),
  checkHttp,
  (job) => targetsProblem(job.static_configs, job.relabel_configs),
  ({ job_name: job, scrape_protocols: protocols }) => {
    const problem = protocolsProblem(protocols)
    return problem === undefined ? undefined : `${problem} for scrape config with job name ${quoteGo(job)}`
  },
  ({ job_name: job, fallback_scrape_protocol: protocol }) => {
    const problem = protocol === '' ? undefined : protocolProblem(protocol)
    if (problem === undefined) return undefined
    return `invalid fallback_scrape_protocol for scrape config with job name ${quoteGo(job)}: ${problem}`
  },
)

export type ScrapeSection = z.infer<typeof scrapeSection>

/** What a job contradicts in `global`. */
export function scrapeProblems(job: ScrapeSection, global: GlobalSection): string[] {
  const problems: string[] = []
  if (job.scrape_timeout > (job.scrape_interval || global.scrape_interval)) {
    const name = quoteGo(job.job_name)
    problems.push(`scrape timeout greater than scrape interval for scrape config with job name ${name}`)
  }
  const names = metricNamesProblem(job, global)
  if (names !== undefined) problems.push(names)
  if (metricNameSchemes(job, global).validation === 'legacy') {
    for (const rule of [...job.relabel_configs, ...job.metric_relabel_configs]) {
      const problem = relabelProblem(rule, true)
      if (problem !== undefined) problems.push(problem)
    }
  }
  return problems
}

/** The job with everything filled in that `global` or another key decides. */
export function effectiveScrape(job: ScrapeSection, global: GlobalSection): ScrapeSection {
  const scrapeInterval = job.scrape_interval || global.scrape_interval
  const schemes = metricNameSchemes(job, global)
  return {
    ...job,
    scrape_interval: scrapeInterval,
    scrape_timeout: job.scrape_timeout || Math.min(global.scrape_timeout, scrapeInterval),
    scrape_protocols: job.scrape_protocols ?? global.scrape_protocols ?? defaultProtocols(job, global),
    scrape_native_histograms: job.scrape_native_histograms ?? global.scrape_native_histograms,
    always_scrape_classic_histograms: job.always_scrape_classic_histograms ?? global.always_scrape_classic_histograms,
    convert_classic_histograms_to_nhcb:
      job.convert_classic_histograms_to_nhcb ?? global.convert_classic_histograms_to_nhcb,
    extra_scrape_metrics: job.extra_scrape_metrics ?? global.extra_scrape_metrics,
    scrape_failure_log_file: job.scrape_failure_log_file ?? global.scrape_failure_log_file,
    body_size_limit: job.body_size_limit || global.body_size_limit,
    sample_limit: job.sample_limit || global.sample_limit,
    target_limit: job.target_limit || global.target_limit,
    label_limit: job.label_limit || global.label_limit,
    label_name_length_limit: job.label_name_length_limit || global.label_name_length_limit,
    label_value_length_limit: job.label_value_length_limit || global.label_value_length_limit,
    keep_dropped_targets: job.keep_dropped_targets || global.keep_dropped_targets,
    metric_name_validation_scheme: schemes.validation,
    metric_name_escaping_scheme: schemes.escaping,
    relabel_configs: job.relabel_configs.map(effectiveRule),
    metric_relabel_configs: job.metric_relabel_configs.map(effectiveRule),
  }
}

function defaultProtocols(job: ScrapeSection, global: GlobalSection): string[] {
  const isNative = job.scrape_native_histograms ?? global.scrape_native_histograms
  return isNative ? ['PrometheusProto', ...DEFAULT_PROTOCOLS] : [...DEFAULT_PROTOCOLS]
}

/** Keys of a scrape configuration as it was written that have no effect yet. */
export function unsupportedScrapeKeys(job: ScrapeSection): string[] {
  const keys = (
    [
      'scrape_failure_log_file',
      'keep_dropped_targets',
      'metric_name_validation_scheme',
      'metric_name_escaping_scheme',
    ] as const
  ).filter((key) => job[key] !== undefined && job[key] !== 0 && job[key] !== '')
  return [...UNBUILT_DISCOVERIES.filter((key) => job[key].length > 0), ...unsupportedHttpKeys(job), ...keys]
}

/** @param job an effective one @param directory against which relative file names are resolved */
export async function toScrapeConfig(job: ScrapeSection, directory: string): Promise<ScrapeConfig> {
  const isLegacy = job.metric_name_validation_scheme === 'legacy'
  return {
    jobName: job.job_name,
    scrapeIntervalMs: job.scrape_interval,
    scrapeTimeoutMs: job.scrape_timeout,
    metricsPath: job.metrics_path,
    scheme: job.scheme,
    params: job.params,
    honorLabels: job.honor_labels,
    honorTimestamps: job.honor_timestamps,
    trackTimestampsStaleness: job.track_timestamps_staleness,
    enableCompression: job.enable_compression,
    scrapeProtocols: PROTOCOLS.filter((protocol) => job.scrape_protocols?.includes(protocol)).sort(
      (a, b) => job.scrape_protocols!.indexOf(a) - job.scrape_protocols!.indexOf(b),
    ),
    fallbackProtocol: PROTOCOLS.find((protocol) => protocol === job.fallback_scrape_protocol),
    nativeHistograms: job.scrape_native_histograms ?? false,
    alwaysClassicHistograms: job.always_scrape_classic_histograms ?? false,
    convertClassicHistograms: job.convert_classic_histograms_to_nhcb ?? false,
    nativeBucketLimit: job.native_histogram_bucket_limit,
    nativeMinBucketFactor: job.native_histogram_min_bucket_factor,
    extraMetrics: job.extra_scrape_metrics ?? false,
    staticConfigs: job.static_configs,
    fileSdConfigs: job.file_sd_configs.map((files) => ({
      files: files.files.map((file) => resolve(directory, file)),
      refreshIntervalMs: files.refresh_interval,
    })),
    relabelRules: job.relabel_configs.map((rule) => compileRule(rule, isLegacy)),
    metricRelabelRules: job.metric_relabel_configs.map((rule) => compileRule(rule, isLegacy)),
    sampleLimit: job.sample_limit,
    labelLimit: job.label_limit,
    labelNameLengthLimit: job.label_name_length_limit,
    labelValueLengthLimit: job.label_value_length_limit,
    targetLimit: job.target_limit,
    bodySizeLimitBytes: job.body_size_limit,
    http: await httpClient(job, directory),
  }
}

const PROTOCOLS: readonly ScrapeProtocol[] = [
  'PrometheusProto',
  'PrometheusText0.0.4',
  'PrometheusText1.0.0',
  'OpenMetricsText0.0.1',
  'OpenMetricsText1.0.0',
]
