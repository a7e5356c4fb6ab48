import { ConfigError } from '@quartet/runtime'
import type { CheckOptions, Finding } from '@quartet/runtime'
import { readSettings } from './config/flags.ts'
import { parseOptions } from './config/parse-options.ts'
import { loadPrometheusConfig } from './config/prometheus-config.ts'
import { loadRules } from './rules/promql-rules.ts'

const PROBLEM = /^(.+?:\d+:\d+): (error|warning): (.*)$/s

/** What is wrong with the flags, prometheus.yml and its rule files, and what in it has no effect. Starts nothing. */
export async function checkMetrics(options: CheckOptions): Promise<readonly Finding[]> {
  try {
    const settings = readSettings(options.flags)
    const config = await loadPrometheusConfig(settings.configFile)
    const rules = await loadRules(config, parseOptions(settings))
    return [...config.findings, ...rules.findings]
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map(findingOf)
  }
}

function findingOf(problem: string): Finding {
  const match = PROBLEM.exec(problem)
  if (match === null) return { severity: 'error', at: undefined, message: problem.replace(/^error: /, '') }
  return { severity: match[2] === 'warning' ? 'warning' : 'error', at: match[1], message: match[3] }
}
