import type { SystemDefinition } from '@quartet/runtime'

/**
 * What the supervisor must know of a system before loading it: the main thread reads this table instead of the packages, since
 * every module it loads is memory that the system's own thread pays again. `system-table.test.ts` keeps it in step with them.
 */
export interface SystemEntry {
  readonly name: string
  /** Upstream's name: prefix of its flags in `up`, service name under compose. */
  readonly service: string
  /** Other names that `serve` takes. */
  readonly aliases?: readonly string[]
  /** What to import; its `system` export is the definition. */
  readonly module: string
  /** Of its own thread; `undefined` shares the thread of the light systems. */
  readonly heapLimitMb: number | undefined
  /** Systems stop in ascending order: senders before those who receive. */
  readonly stopRank: number
}

export const SYSTEMS: readonly SystemEntry[] = [
  { name: 'metrics', service: 'prometheus', module: '@quartet/metrics', heapLimitMb: 2048, stopRank: 3 },
  { name: 'logs', service: 'loki', module: '@quartet/logs', heapLimitMb: 1024, stopRank: 3 },
  { name: 'traces', service: 'tempo', module: '@quartet/traces', heapLimitMb: 1024, stopRank: 3 },
  { name: 'collector', service: 'alloy', module: '@quartet/collector', heapLimitMb: 512, stopRank: 1 },
  { name: 'alerts', service: 'alertmanager', module: '@quartet/alerts', heapLimitMb: undefined, stopRank: 4 },
  { name: 'pushgateway', service: 'pushgateway', module: '@quartet/pushgateway', heapLimitMb: undefined, stopRank: 3 },
  {
    name: 'host',
    service: 'host',
    aliases: ['node-exporter', 'cadvisor'],
    module: '@quartet/host',
    heapLimitMb: undefined,
    stopRank: 3,
  },
  { name: 'web', service: 'grafana', module: '@quartet/web', heapLimitMb: 512, stopRank: 2 },
]

/** By `name`, `service` or another name of it. */
export function findSystem(systems: readonly SystemEntry[], text: string): SystemEntry | undefined {
  return systems.find((entry) => entry.name === text || entry.service === text || entry.aliases?.includes(text))
}

/** @throws Error when the module is not there or exports no system */
export async function loadSystem(entry: Pick<SystemEntry, 'name' | 'module'>): Promise<SystemDefinition> {
  const exports = (await import(entry.module)) as { system?: SystemDefinition }
  if (!exports.system) throw new Error(`${entry.module} exports no system`)
  return exports.system
}
