import type { Finding } from '@quartet/runtime'
import { UNBUILT_DISCOVERIES } from './discovery/registry.ts'
import { unsupportedHttpKeys } from './http-config.ts'
import type { PrometheusSections } from './prometheus-schema.ts'
import { unsupportedScrapeKeys } from './scrape-section.ts'

/** What is accepted and checked but has no effect yet, each with its place. @param config as it was written */
export function unsupportedKeys(config: PrometheusSections, at: (path: (string | number)[]) => string): Finding[] {
  const findings: Finding[] = []
  const note = (path: (string | number)[]): void => {
    findings.push(noEffect(at(path), String(path.at(-1))))
  }
  for (const key of ['remote_write', 'remote_read'] as const) {
    if (config[key].length > 0) note([key])
  }
  for (const [index, target] of (config.alerting?.alertmanagers ?? []).entries()) {
    const place = ['alerting', 'alertmanagers', index]
    for (const key of UNBUILT_DISCOVERIES) if (target[key].length > 0) note([...place, key])
    for (const key of unsupportedHttpKeys(target)) note([...place, key])
    if (target.sigv4 !== undefined) note([...place, 'sigv4'])
  }
  if (config.tracing !== undefined) note(['tracing'])
  const { global } = config
  for (const key of ['query_log_file', 'scrape_failure_log_file'] as const) {
    if (global[key] !== undefined) note(['global', key])
  }
  if (global.keep_dropped_targets !== 0) note(['global', 'keep_dropped_targets'])
  if (global.metric_name_validation_scheme === 'legacy') note(['global', 'metric_name_validation_scheme'])
  if (global.metric_name_escaping_scheme !== undefined) note(['global', 'metric_name_escaping_scheme'])
  const tsdb = config.storage?.tsdb
  if (tsdb?.stale_series_compaction_threshold !== undefined) {
    note(['storage', 'tsdb', 'stale_series_compaction_threshold'])
  }
  if (tsdb?.retention?.percentage !== undefined) note(['storage', 'tsdb', 'retention', 'percentage'])
  if (config.runtime.gogc !== DEFAULT_GOGC) note(['runtime', 'gogc'])
  for (const [index, job] of config.scrape_configs.entries()) {
    for (const key of unsupportedScrapeKeys(job)) note(['scrape_configs', index, key])
  }
  return findings.sort((left, right) => comparePlaces(left.at ?? '', right.at ?? ''))
}

/** In the order of the file: by line, then by column. */
function comparePlaces(left: string, right: string): number {
  const [line, column] = numbersOf(left)
  const [otherLine, otherColumn] = numbersOf(right)
  return line - otherLine || column - otherColumn
}

function numbersOf(place: string): [line: number, column: number] {
  const [line, column] = place.split(':').slice(-2)
  return [Number(line), Number(column)]
}

const DEFAULT_GOGC = 75

export function noEffect(at: string, key: string): Finding {
  return { severity: 'warning', at, message: `"${key}" is not supported yet and has no effect` }
}
