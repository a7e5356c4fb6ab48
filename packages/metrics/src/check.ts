import { ConfigError } from '@quartet/runtime'
import type { CheckOptions, Finding } from '@quartet/runtime'
import { readSettings } from './config/flags.ts'
import { loadPrometheusConfig } from './config/prometheus-config.ts'

const PROBLEM = /^(.+?:\d+:\d+): (error|warning): (.*)$/s

/** What is wrong with the flags and prometheus.yml, and what in it has no effect. Starts nothing. */
export async function checkMetrics(options: CheckOptions): Promise<readonly Finding[]> {
  try {
    const settings = readSettings(options.flags)
    return (await loadPrometheusConfig(settings.configFile)).findings
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
