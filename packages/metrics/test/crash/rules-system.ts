import { join } from 'node:path'
import { silentLogger, systemClock } from '@quartet/runtime'
import type { RunningSystem } from '@quartet/runtime'
import { system } from '../../src/index.ts'

/** The metrics system over the configuration and the data of a directory. */
export function startRules(directory: string): Promise<RunningSystem> {
  return system.start({
    flags: {
      'config.file': join(directory, 'prometheus.yml'),
      'web.listen-address': ['127.0.0.1:0'],
      'storage.tsdb.path': join(directory, 'prometheus'),
    },
    dataDirectory: directory,
    stackDirectory: directory,
    listenHost: '127.0.0.1',
    clock: systemClock,
    logger: silentLogger,
  })
}
