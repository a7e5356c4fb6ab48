import type { SystemDefinition } from '@quartet/runtime'
import { FLAGS } from './config/flags.ts'

/** The collector: Alloy configuration in, OTLP, metrics and logs on to the stores. */
export const system: SystemDefinition = {
  name: 'collector',
  aliases: ['alloy'],
  upstream: 'Grafana Alloy 1.12.1',
  flags: FLAGS,
  heapLimitMb: 512,
  start: async (options) => (await import('./service.ts')).startCollector(options),
  check: async (options) => (await import('./service.ts')).checkCollector(options),
}
