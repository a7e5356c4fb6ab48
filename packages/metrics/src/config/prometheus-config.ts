import { ConfigError, loadYaml } from '@quartet/runtime'
import type { Finding } from '@quartet/runtime'
import type { ScrapeConfig } from '@quartet/scrape'
import { dirname } from 'node:path'
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
  const shown = { ...effective, global: { ...global, external_labels: externalLabels } }
  return {
    text: () => effectiveText(shown),
    evaluationIntervalMs: global.evaluation_interval,
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
