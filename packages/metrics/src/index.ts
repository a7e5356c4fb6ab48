import type { SystemDefinition } from '@quartet/runtime'
import { METRICS_FLAGS } from './config/flags.ts'
import type * as tool from './tool.ts'

/** Stands in for Prometheus. */
export const system: SystemDefinition = {
  name: 'metrics',
  aliases: ['prometheus'],
  upstream: 'Prometheus 3.8.1',
  flags: METRICS_FLAGS,
  heapLimitMb: 2048,
  async start(options) {
    const { startMetrics } = await import('./service.ts')
    return startMetrics(options)
  },
  async check(options) {
    const { checkMetrics } = await import('./check.ts')
    return checkMetrics(options)
  },
}

/** What `quartet import`, `quartet export` and `quartet promtool` do; loaded when it is wanted. */
export function loadTool(): Promise<typeof tool> {
  return import('./tool.ts')
}
