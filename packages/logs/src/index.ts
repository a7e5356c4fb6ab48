import { ConfigError } from '@quartet/runtime'
import type { CheckOptions, Finding, SystemDefinition } from '@quartet/runtime'

/** Modules are loaded when the system starts, so that the command line stays quick without it. */
export const system: SystemDefinition = {
  name: 'logs',
  aliases: ['loki'],
  upstream: 'Loki 3.6.3',
  heapLimitMb: 1024,
  flags: [
    {
      name: 'config.file',
      kind: 'string',
      default: '${stack}/loki/config/loki.yaml',
      help: 'Configuration file to load.',
    },
    { name: 'config.expand-env', kind: 'boolean', help: 'Replace ${NAME} in the configuration by the environment.' },
    { name: 'target', kind: 'string', default: 'all', help: 'Upstream module to run; everything runs in one here.' },
    { name: 'server.http-listen-address', kind: 'string', help: 'Host of the API.' },
    { name: 'server.http-listen-port', kind: 'string', help: 'Port of the API (3100 unless the file says otherwise).' },
  ],
  async start(options) {
    const { startLogs } = await import('./service.ts')
    return startLogs(options)
  },
  check,
}

async function check({ flags }: CheckOptions): Promise<readonly Finding[]> {
  const { loadLokiConfig } = await import('./config/loki-config.ts')
  try {
    const path = String(flags['config.file'])
    const { config, findings } = await loadLokiConfig({ path, expandEnv: flags['config.expand-env'] === true })
    const { findRuleProblems } = await import('./rules/rule-findings.ts')
    return [...findings, ...(await findRuleProblems(config))]
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map((problem) => findingOf(problem))
  }
}

function findingOf(problem: string): Finding {
  const [, at, message] = /^(.*?:\d+:\d+): error: ([^]*)$/.exec(problem) ?? [undefined, undefined, problem]
  return { severity: 'error', at, message }
}
