import { ConfigError, expandEnvironment, loadYaml } from '@quartet/runtime'
import type { Finding } from '@quartet/runtime'
import type { ScrapeConfig } from '@quartet/scrape'
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { z } from 'zod'
import { accepted, bytes, duration, stringMap } from './fields.ts'
import { scrapeSection, toScrapeConfig, unsupportedScrapeKeys } from './scrape-section.ts'

const limit = z.number().int().nonnegative().default(0)

const globalSection = z.strictObject({
  scrape_interval: duration.default(60_000),
  scrape_timeout: duration.optional(),
  evaluation_interval: duration.default(60_000),
  rule_query_offset: accepted,
  external_labels: stringMap.default({}),
  query_log_file: accepted,
  scrape_failure_log_file: accepted,
  scrape_protocols: accepted,
  scrape_native_histograms: accepted,
  always_scrape_classic_histograms: accepted,
  convert_classic_histograms_to_nhcb: accepted,
  metric_name_validation_scheme: z.enum(['legacy', 'utf8', '']).optional(),
  metric_name_escaping_scheme: accepted,
  keep_dropped_targets: accepted,
  sample_limit: limit,
  label_limit: limit,
  label_name_length_limit: limit,
  label_value_length_limit: limit,
  target_limit: limit,
  body_size_limit: bytes.default(0),
})

const otlpSection = z.strictObject({
  promote_resource_attributes: z.array(z.string()).default([]),
  promote_all_resource_attributes: z.boolean().default(false),
  ignore_resource_attributes: z.array(z.string()).default([]),
  translation_strategy: z
    .enum([
      'UnderscoreEscapingWithSuffixes',
      'UnderscoreEscapingWithoutSuffixes',
      'NoUTF8EscapingWithSuffixes',
      'NoTranslation',
    ])
    .default('UnderscoreEscapingWithSuffixes'),
  keep_identifying_resource_attributes: z.boolean().default(false),
  convert_histograms_to_nhcb: z.boolean().default(false),
  promote_scope_metadata: z.boolean().default(false),
  label_name_underscore_sanitization: z.boolean().default(true),
  label_name_preserve_multiple_underscores: z.boolean().default(true),
})

const schema = z
  .strictObject({
    global: globalSection.prefault({}),
    runtime: z.strictObject({ gogc: z.number().int().optional() }).optional(),
    rule_files: z.array(z.string()).default([]),
    scrape_config_files: z.array(z.string()).default([]),
    scrape_configs: z.array(scrapeSection).default([]),
    alerting: accepted,
    remote_write: z.array(z.unknown()).default([]),
    remote_read: z.array(z.unknown()).default([]),
    storage: z
      .strictObject({
        tsdb: z
          .strictObject({
            out_of_order_time_window: duration.default(0),
            stale_series_compaction_threshold: accepted,
            retention: z
              .strictObject({ time: duration.optional(), size: bytes.optional(), percentage: accepted })
              .optional(),
          })
          .optional(),
        exemplars: z.strictObject({ max_exemplars: z.number().int().default(100_000) }).optional(),
      })
      .optional(),
    otlp: otlpSection.prefault({}),
    tracing: accepted,
  })
  .superRefine((config, context) => {
    const { otlp } = config
    if (otlp.promote_all_resource_attributes && otlp.promote_resource_attributes.length > 0) {
      const message =
        "'promote_all_resource_attributes' and 'promote_resource_attributes' cannot be configured simultaneously"
      context.addIssue({ code: 'custom', path: ['otlp', 'promote_resource_attributes'], message })
    }
    if (!otlp.promote_all_resource_attributes && otlp.ignore_resource_attributes.length > 0) {
      const message =
        "'ignore_resource_attributes' cannot be configured unless 'promote_all_resource_attributes' is true"
      context.addIssue({ code: 'custom', path: ['otlp', 'ignore_resource_attributes'], message })
    }
    const seen = new Set<string>()
    for (const [index, { job_name: job }] of config.scrape_configs.entries()) {
      if (seen.has(job)) {
        const message = `found multiple scrape configs with job name ${JSON.stringify(job)}`
        context.addIssue({ code: 'custom', path: ['scrape_configs', index, 'job_name'], message })
      }
      seen.add(job)
    }
  })

type Section = z.infer<typeof schema>
export type GlobalSection = Section['global'] & { scrape_timeout: number }
export type OtlpSection = Section['otlp']

/** A checked prometheus.yml. */
export interface PrometheusConfig {
  /** The file as it is, secrets masked. */
  readonly text: string
  readonly evaluationIntervalMs: number
  readonly externalLabels: Readonly<Record<string, string>>
  readonly scrapeConfigs: readonly ScrapeConfig[]
  readonly otlp: OtlpSection
  readonly outOfOrderWindowMs: number
  readonly maxExemplars: number
  /** From the file; the flags' values apply where undefined. */
  readonly retentionMs: number | undefined
  readonly retentionBytes: number | undefined
  /** What is accepted but has no effect yet. */
  readonly findings: readonly Finding[]
}

/** @throws ConfigError with every problem as `file:line:col` */
export async function loadPrometheusConfig(path: string): Promise<PrometheusConfig> {
  const { value, at } = await loadYaml({ path, schema })
  const directory = dirname(path)
  const scrapeInterval = value.global.scrape_interval
  const global: GlobalSection = {
    ...value.global,
    scrape_timeout: value.global.scrape_timeout ?? Math.min(10_000, scrapeInterval),
  }
  const problems: string[] = []
  const problemAt = (place: string, error: unknown): void => {
    problems.push(`${place}: error: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (global.scrape_timeout > global.scrape_interval) {
    problemAt(at(['global', 'scrape_timeout']), 'global scrape timeout greater than scrape interval')
  }
  const scrapeConfigs: ScrapeConfig[] = []
  for (const [index, section] of value.scrape_configs.entries()) {
    try {
      scrapeConfigs.push(await toScrapeConfig(section, global, directory))
    } catch (error) {
      problemAt(at(['scrape_configs', index]), error)
    }
  }
  if (problems.length > 0) throw new ConfigError(problems)
  const externalLabels = Object.entries(value.global.external_labels).map(([name, text]) => [
    name,
    expandEnvironment(text),
  ])
  return {
    text: maskSecrets(await readFile(path, 'utf8')),
    evaluationIntervalMs: value.global.evaluation_interval,
    externalLabels: Object.fromEntries(externalLabels),
    scrapeConfigs,
    otlp: value.otlp,
    outOfOrderWindowMs: value.storage?.tsdb?.out_of_order_time_window ?? 0,
    maxExemplars: value.storage?.exemplars?.max_exemplars ?? 100_000,
    retentionMs: value.storage?.tsdb?.retention?.time,
    retentionBytes: value.storage?.tsdb?.retention?.size,
    findings: unsupported(value, at),
  }
}

type At = (path: (string | number)[]) => string

function unsupported(config: Section, at: At): Finding[] {
  const findings: Finding[] = []
  const note = (path: (string | number)[], name: string): void => {
    findings.push({ severity: 'warning', at: at(path), message: `"${name}" is not supported yet and has no effect` })
  }
  for (const key of ['rule_files', 'scrape_config_files', 'remote_write', 'remote_read'] as const) {
    if (config[key].length > 0) note([key], key)
  }
  if (config.alerting !== undefined) note(['alerting'], 'alerting')
  if (config.tracing !== undefined) note(['tracing'], 'tracing')
  for (const key of ['query_log_file', 'rule_query_offset', 'scrape_protocols', 'scrape_native_histograms'] as const) {
    if (config.global[key] !== undefined) note(['global', key], key)
  }
  if ((config.storage?.tsdb?.out_of_order_time_window ?? 0) > 0) {
    note(['storage', 'tsdb', 'out_of_order_time_window'], 'out_of_order_time_window')
  }
  if (config.runtime?.gogc !== undefined) note(['runtime', 'gogc'], 'gogc')
  for (const [index, section] of config.scrape_configs.entries()) {
    for (const key of unsupportedScrapeKeys(section)) note(['scrape_configs', index, key], key)
  }
  return findings
}

const SECRET_LINE =
  /^(\s*(?:-\s+)?(?:password|credentials|bearer_token|client_secret|secret_key|service_key|routing_key):\s*)\S.*$/gm

function maskSecrets(text: string): string {
  return text.replace(SECRET_LINE, '$1<secret>')
}
