import { ConfigError } from '@quartet/runtime'
import type { CheckOptions, Finding, SystemDefinition } from '@quartet/runtime'
import { FLAGS, readSettings } from './config/settings.ts'

export const system: SystemDefinition = {
  name: 'host',
  aliases: ['node-exporter', 'cadvisor'],
  upstream: 'node_exporter 1.10.2 and cAdvisor 0.55.1',
  heapLimitMb: undefined,
  flags: FLAGS,
  async start(options) {
    const { startHost } = await import('./service.ts')
    return startHost(options)
  },
  check,
}

async function check({ flags }: CheckOptions): Promise<readonly Finding[]> {
  try {
    readSettings({ flags, listenHost: '127.0.0.1' })
    return []
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return error.problems.map((message) => ({ severity: 'error', at: undefined, message }))
  }
}
