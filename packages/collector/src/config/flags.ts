import { resolve } from 'node:path'
import { parseListenAddress } from '@quartet/runtime'
import type { FlagDefinition, SystemOptions } from '@quartet/runtime'
import { STABILITY_LEVELS } from './stability.ts'
import type { StabilityLevel } from './stability.ts'

/** Flags of `alloy run`. Upstream takes the configuration as an argument; here it is a flag too. */
export const FLAGS: readonly FlagDefinition[] = [
  {
    name: 'config.file',
    kind: 'string',
    default: '${stack}/alloy/config/config.alloy',
    help: 'Path of the configuration file, or of a directory of *.alloy files.',
  },
  {
    name: 'server.http.listen-addr',
    kind: 'string',
    default: '${listen}:12345',
    help: 'Address to listen for HTTP traffic on (user interface, API, metrics).',
  },
  {
    name: 'storage.path',
    kind: 'string',
    default: '${data}/alloy',
    help: 'Base directory where components can store data.',
  },
  {
    name: 'stability.level',
    kind: 'string',
    default: 'generally-available',
    help: 'Minimum stability level of features to enable: experimental, public-preview or generally-available.',
  },
]

export interface Settings {
  readonly configPath: string
  readonly host: string
  readonly port: number
  readonly storagePath: string
  readonly stability: StabilityLevel
}

/** @throws Error that names the flag */
export function readFlags(
  options: Pick<SystemOptions, 'flags' | 'dataDirectory' | 'stackDirectory'> & { listenHost?: string },
): Settings {
  const listenHost = options.listenHost ?? '127.0.0.1'
  const text = (name: string): string => {
    const value = options.flags[name] ?? FLAGS.find((flag) => flag.name === name)?.default ?? ''
    return String(value)
      .replaceAll('${data}', options.dataDirectory)
      .replaceAll('${stack}', options.stackDirectory)
      .replaceAll('${listen}', listenHost)
  }
  const stability = STABILITY_LEVELS.find((level) => level === text('stability.level'))
  if (!stability)
    throw new Error(`--stability.level: "${text('stability.level')}" is none of ${STABILITY_LEVELS.join(', ')}`)
  let address: { host: string; port: number }
  try {
    address = parseListenAddress(text('server.http.listen-addr'), listenHost)
  } catch (error) {
    throw new Error(`--server.http.listen-addr: ${(error as Error).message}`, { cause: error })
  }
  return { ...address, stability, configPath: resolve(text('config.file')), storagePath: resolve(text('storage.path')) }
}
