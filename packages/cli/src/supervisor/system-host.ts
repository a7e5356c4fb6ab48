import type { Clock, RunningSystem } from '@quartet/runtime'
import { createLogger } from '@quartet/runtime'
import { readSystemFlags } from '../system-flags.ts'
import { loadSystem } from '../system-table.ts'
import type { SystemStart } from './messages.ts'

/** Loads a system's package, reads its flags and starts it, in whichever thread this runs. */
export async function hostSystem(start: SystemStart, clock: Clock): Promise<RunningSystem> {
  const definition = await loadSystem(start)
  const flags = readSystemFlags(definition.flags, start.args, {
    data: start.dataDirectory,
    stack: start.stackDirectory,
    listen: start.listenHost,
  })
  return definition.start({
    flags,
    dataDirectory: start.dataDirectory,
    stackDirectory: start.stackDirectory,
    listenHost: start.listenHost,
    clock,
    logger: createLogger({ level: start.logLevel, fields: { system: start.name } }),
  })
}
