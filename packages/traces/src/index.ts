import { ConfigError } from '@quartet/runtime'
import type { CheckOptions, Finding, SystemDefinition } from '@quartet/runtime'

/** Modules are loaded when the system starts, so that the command line stays quick without it. */
export const system: SystemDefinition = {
  name: 'traces',
  aliases: ['tempo'],
  upstream: 'Tempo 2.9.0',
  heapLimitMb: 1024,
  flags: [
    {
      name: 'config.file',
      kind: 'string',
      default: '${stack}/tempo/config/tempo.yaml',
      help: 'Configuration file to load.',
    },
    { name: 'config.expand-env', kind: 'boolean', help: 'Replace ${NAME} in the configuration by the environment.' },
    {
      name: 'target',
      kind: 'string',
      default: 'all',
      help: 'Upstream module to run; only all and single-binary exist here.',
    },
    { name: 'server.http-listen-address', kind: 'string', help: 'Host of the query API.' },
    {
      name: 'server.http-listen-port',
      kind: 'string',
      help: 'Port of the query API (3200 unless the file says otherwise).',
    },
  ],
  async start(options) {
    const { startTraces } = await import('./service.ts')
    return startTraces(options)
  },
  check,
}

async function check({ flags }: CheckOptions): Promise<readonly Finding[]> {
  const { loadTempoConfig } = await import('./config/tempo-config.ts')
  try {
    const path = String(flags['config.file'])
    return (await loadTempoConfig({ path, expandEnv: flags['config.expand-env'] === true })).findings
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map((problem) => {
      const [, at, message] = /^(.*?:\d+:\d+): error: ([^]*)$/.exec(problem) ?? [undefined, undefined, problem]
      return { severity: 'error', at, message }
    })
  }
}
