import type { Clock, RunningSystem } from '@quartet/runtime'
import { createLogger } from '@quartet/runtime'
import { readSystemFlags } from '../system-flags.ts'
import { loadSystem } from '../system-table.ts'
import type { SystemStart } from './messages.ts'

export type HostedSystem = RunningSystem & { readonly upstream: string }

/** Loads a system's package, reads its flags and starts it, in whichever thread this runs. */
export async function hostSystem(start: SystemStart, clock: Clock): Promise<HostedSystem> {
  const definition = await loadSystem(start)
  const flags = readSystemFlags(definition.flags, start.args, {
    data: start.dataDirectory,
    stack: start.stackDirectory,
    listen: start.listenHost,
  })
  const logger = createLogger({ level: start.logLevel, fields: { system: start.name } })
  const system = await definition.start({
    flags,
    dataDirectory: start.dataDirectory,
    stackDirectory: start.stackDirectory,
    listenHost: start.listenHost,
    clock,
    logger,
  })
  system.snapshots
    ?.removeLeftovers()
    .catch((error: unknown) => logger.warn({ err: error }, 'old snapshots could not be removed'))
  // Not spread: a system may be a class.
  return Object.assign(system, { upstream: definition.upstream })
}
