import { quoteGo } from '@quartet/query'
import { z } from 'zod'
import { alertingSection, effectiveAlerting } from './alerting-section.ts'
import { listOf, section } from './fields.ts'
import { patternProblem } from './file-patterns.ts'
import { effectiveGlobal, globalSection } from './global-section.ts'
import { effectiveOtlp, otlpSection, strategyProblem } from './otlp-section.ts'
import { relabelProblem } from './relabel-section.ts'
import type { RelabelSection } from './relabel-section.ts'
import { duplicateName, effectiveRemoteWrite, remoteReadSection, remoteWriteSection } from './remote-section.ts'
import { effectiveScrape, scrapeSection } from './scrape-section.ts'
import { storageSection } from './storage-section.ts'
import { tracingSection } from './tracing-section.ts'

/** A whole prometheus.yml; keys in the order in which upstream writes them. */
export const prometheusSchema = section('config.plain', {
  global: globalSection.prefault({}),
  runtime: section('config.RuntimeConfig', { gogc: z.number().int().default(75) }).prefault({}),
  alerting: alertingSection.optional(),
  rule_files: z.array(z.string()).default([]),
  scrape_config_files: z.array(z.string()).default([]),
  scrape_configs: listOf(scrapeSection).default([]),
  storage: storageSection.optional(),
  tracing: tracingSection.optional(),
  remote_write: listOf(remoteWriteSection).default([]),
  remote_read: listOf(remoteReadSection).default([]),
  otlp: otlpSection.prefault({}),
}).superRefine((config, context) => {
  const refuse = (path: (string | number)[], message: string | undefined): void => {
    if (message !== undefined) context.addIssue({ code: 'custom', path, message })
  }
  for (const [index, pattern] of config.rule_files.entries()) {
    refuse(['rule_files', index], patternProblem(pattern, 'rule'))
  }
  for (const [index, pattern] of config.scrape_config_files.entries()) {
    refuse(['scrape_config_files', index], patternProblem(pattern, 'scrape config'))
  }
  const jobs = new Set<string>()
  for (const [index, { job_name: job }] of config.scrape_configs.entries()) {
    if (jobs.has(job)) {
      refuse(['scrape_configs', index, 'job_name'], `found multiple scrape configs with job name ${quoteGo(job)}`)
    }
    jobs.add(job)
  }
  const write = duplicateName(config.remote_write, 'write')
  if (write !== undefined) refuse(['remote_write', write.index], write.message)
  const read = duplicateName(config.remote_read, 'read')
  if (read !== undefined) refuse(['remote_read', read.index], read.message)
  const isLegacy = config.global.metric_name_validation_scheme === 'legacy'
  refuse(['otlp'], strategyProblem(config.otlp, isLegacy))
  if (!isLegacy) return
  for (const [path, rules] of globalRules(config)) {
    for (const [index, rule] of rules.entries()) refuse([...path, index], relabelProblem(rule, true))
  }
})

type Alerting = z.infer<typeof alertingSection>
type RemoteWrite = z.infer<typeof remoteWriteSection>

/** The rules outside of jobs, whose names follow the scheme of `global`. */
function* globalRules(config: {
  readonly alerting?: Alerting | undefined
  readonly remote_write: readonly RemoteWrite[]
}): Generator<readonly [path: (string | number)[], rules: readonly RelabelSection[]]> {
  for (const [index, write] of config.remote_write.entries()) {
    yield [['remote_write', index, 'write_relabel_configs'], write.write_relabel_configs]
  }
  if (config.alerting === undefined) return
  yield [['alerting', 'alert_relabel_configs'], config.alerting.alert_relabel_configs]
  for (const [index, target] of config.alerting.alertmanagers.entries()) {
    yield [['alerting', 'alertmanagers', index, 'relabel_configs'], target.relabel_configs]
    yield [['alerting', 'alertmanagers', index, 'alert_relabel_configs'], target.alert_relabel_configs]
  }
}

export type PrometheusSections = z.infer<typeof prometheusSchema>

/** Everything with what is in effect where the file says nothing. */
export function effectiveSections(config: PrometheusSections): PrometheusSections {
  const global = effectiveGlobal(config.global)
  return {
    ...config,
    global,
    alerting: config.alerting && effectiveAlerting(config.alerting),
    scrape_configs: config.scrape_configs.map((job) => effectiveScrape(job, global)),
    remote_write: config.remote_write.map(effectiveRemoteWrite),
    otlp: effectiveOtlp(config.otlp),
  }
}
