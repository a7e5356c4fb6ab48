import { ConfigError } from '@quartet/runtime'
import type { CheckOptions, Finding, SystemDefinition } from '@quartet/runtime'
import { FLAGS, readSettings } from './config/settings.ts'

/** Modules are loaded when the system starts, so that the command line stays quick without it. */
export const system: SystemDefinition = {
  name: 'pushgateway',
  aliases: [],
  upstream: 'Pushgateway 1.11.2',
  heapLimitMb: undefined,
  flags: FLAGS,
  async start(options) {
    const { startPushgateway } = await import('./service.ts')
    return startPushgateway(options)
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
