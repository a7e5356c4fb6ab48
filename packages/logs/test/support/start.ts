import { createLogger, systemClock } from '@quartet/runtime'
import type { RunningSystem } from '@quartet/runtime'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { system } from '../../src/index.ts'

/** A real log store on a free port of 127.0.0.1 with its files in `directory`. */
export async function startLoki(
  directory: string,
  config = 'auth_enabled: false\n',
): Promise<{ url: string; running: RunningSystem }> {
  const path = join(directory, 'loki.yaml')
  await writeFile(path, config)
  const running = await system.start({
    flags: { 'config.file': path, 'server.http-listen-port': '0', 'server.http-listen-address': '127.0.0.1' },
    dataDirectory: directory,
    stackDirectory: directory,
    listenHost: '127.0.0.1',
    clock: systemClock,
    logger: createLogger({ level: 'error' }),
  })
  return { url: running.endpoints[0].url, running }
}

export function nowNs(): bigint {
  return systemClock.nowNs()
}
