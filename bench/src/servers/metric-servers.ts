import { prometheus } from './prometheus.ts'
import { quartetMetrics } from './quartet.ts'
import { isInstalled } from './server.ts'
import type { ServerKind } from './server.ts'
import { victoriaMetrics } from './victoria-metrics.ts'

const ALL: readonly ServerKind[] = [quartetMetrics, prometheus, victoriaMetrics]

/** The stores to compare, Quartet first. */
export function metricServers(names: readonly string[]): readonly ServerKind[] {
  for (const name of names) {
    if (!ALL.some((kind) => kind.name === name))
      throw new Error(`no server ${name}; there are ${ALL.map((kind) => kind.name).join(', ')}`)
  }
  return ALL.filter((kind) => {
    if (!names.includes(kind.name)) return false
    if (isInstalled(kind)) return true
    console.log(`${kind.name} is not installed (apt-get install ${kind.program}), left out`)
    return false
  })
}
