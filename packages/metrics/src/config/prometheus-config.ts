import { ConfigError, loadYaml } from '@quartet/runtime'
import type { Finding } from '@quartet/runtime'
import type { ScrapeConfig } from '@quartet/scrape'
import { dirname, resolve } from 'node:path'
import { toAlertingConfig } from './alerting-section.ts'
import type { AlertingConfig } from './alerting-section.ts'
import { effectiveText } from './effective-text.ts'
import type { OtlpSection } from './otlp-section.ts'
import { expandExternalLabel } from './external-labels.ts'
import { effectiveSections, prometheusSchema } from './prometheus-schema.ts'
import { loadScrapeConfigFiles } from './scrape-config-files.ts'
import { scrapeProblems, toScrapeConfig, unsupportedScrapeKeys } from './scrape-section.ts'
import { noEffect, unsupportedKeys } from './unsupported.ts'

/** A checked prometheus.yml. */
export interface PrometheusConfig {
  /** The configuration in effect as YAML, without secrets. */
  text(): Promise<string>
  readonly evaluationIntervalMs: number
  /** How far back rules look, unless their group says otherwise. */
  readonly ruleQueryOffsetMs: number
  /** Patterns of files, absolute. */
  readonly ruleFiles: readonly string[]
  readonly alerting: AlertingConfig
  /** `metric_name_validation_scheme: legacy` */
  readonly hasLegacyNames: boolean
  readonly externalLabels: Readonly<Record<string, string>>
  /** Those of the file and of `scrape_config_files`. */
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
  const { value, at } = await loadYaml({ path, schema: prometheusSchema })
  const directory = dirname(path)
  const effective = effectiveSections(value)
  const { global, storage } = effective
  const problems = value.scrape_configs.flatMap((job, index) =>
    scrapeProblems(job, global).map((message) => `${at(['scrape_configs', index])}: error: ${message}`),
  )
  if (problems.length > 0) throw new ConfigError(problems)
  const fileJobs = await loadScrapeConfigFiles({
    patterns: value.scrape_config_files,
    directory,
    global,
    taken: value.scrape_configs.map((job) => job.job_name),
  })
  const labels = Object.entries(global.external_labels).map(([name, text]) => [name, expandExternalLabel(text)])
  const externalLabels: Record<string, string> = Object.fromEntries(labels)
  const isLegacy = global.metric_name_validation_scheme === 'legacy'
  const shown = { ...effective, global: { ...global, external_labels: externalLabels } }
  return {
    text: () => effectiveText(shown),
    evaluationIntervalMs: global.evaluation_interval,
    ruleQueryOffsetMs: global.rule_query_offset,
    ruleFiles: value.rule_files.map((pattern) => resolve(directory, pattern)),
    alerting: await toAlertingConfig(effective.alerting, { directory, isLegacy }),
    hasLegacyNames: isLegacy,
    externalLabels,
    scrapeConfigs: await Promise.all([
      ...effective.scrape_configs.map((job) => toScrapeConfig(job, directory)),
      ...fileJobs.map(({ job, directory: own }) => toScrapeConfig(job, own)),
    ]),
    otlp: effective.otlp,
    outOfOrderWindowMs: storage?.tsdb?.out_of_order_time_window ?? 0,
    maxExemplars: storage?.exemplars?.max_exemplars ?? 100_000,
    retentionMs: storage?.tsdb?.retention?.time,
    retentionBytes: storage?.tsdb?.retention?.size,
    findings: [
      ...unsupportedKeys(value, at),
      ...fileJobs.flatMap((file) => unsupportedScrapeKeys(file.written).map((key) => noEffect(file.at(key), key))),
    ],
  }
}
