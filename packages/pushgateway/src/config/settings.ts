import { parseGoDuration } from '@quartet/query'
import { ConfigError, parseListenAddress } from '@quartet/runtime'
import type { FlagDefinition, SystemOptions } from '@quartet/runtime'

/** Upstream's flags. */
export const FLAGS: readonly FlagDefinition[] = [
  {
    name: 'web.listen-address',
    kind: 'string',
    default: '${listen}:9091',
    help: 'Address to listen on for the web interface, the API and pushes.',
  },
  { name: 'web.telemetry-path', kind: 'string', default: '/metrics', help: 'Path under which to expose metrics.' },
  {
    name: 'web.external-url',
    kind: 'string',
    default: '',
    help: 'URL under which the Pushgateway is reachable from outside; its path becomes the prefix of links.',
  },
  {
    name: 'web.route-prefix',
    kind: 'string',
    default: '',
    help: 'Prefix of all paths that are served; the path of --web.external-url unless given.',
  },
  {
    name: 'web.config.file',
    kind: 'string',
    default: '',
    help: 'Path to a TLS and authentication configuration file.',
  },
  { name: 'web.enable-lifecycle', kind: 'boolean', help: 'Allow PUT and POST /-/quit to stop the Pushgateway.' },
  { name: 'web.enable-admin-api', kind: 'boolean', help: 'Allow PUT /api/v1/admin/wipe to delete all metrics.' },
  {
    name: 'persistence.file',
    kind: 'string',
    default: '${data}/pushgateway',
    help: 'Directory of the write-ahead log that keeps pushed metrics; empty keeps them in memory only.',
  },
  {
    name: 'persistence.interval',
    kind: 'string',
    default: '5m',
    help: 'Accepted; has no effect, since a push is on disk before it is answered.',
  },
  {
    name: 'push.disable-consistency-check',
    kind: 'boolean',
    help: 'Do not check pushed metrics; pushes are answered with 202. Dangerous.',
  },
  {
    name: 'push.enable-utf8-names',
    kind: 'boolean',
    help: 'Allow any UTF-8 in metric and label names, in paths escaped as U__….',
  },
]

export interface Settings {
  readonly host: string
  readonly port: number
  readonly telemetryPath: string
  /** Prefix of what is served: empty, or `/x` without a slash at the end. */
  readonly routePrefix: string
  /** Prefix of links on the page, as seen from outside. */
  readonly linkPrefix: string
  /** Empty: plain HTTP for everybody. */
  readonly webConfigFile: string
  readonly enableLifecycle: boolean
  readonly enableAdminApi: boolean
  /** `undefined` keeps everything in memory. */
  readonly directory: string | undefined
  readonly checkConsistency: boolean
  readonly names: 'legacy' | 'utf8'
}

/** @throws ConfigError with every flag that cannot be used */
export function readSettings({ flags, listenHost }: Pick<SystemOptions, 'flags' | 'listenHost'>): Settings {
  const problems: string[] = []
  const attempt = <T>(flag: string, fallback: T, read: (text: string) => T): T => {
    try {
      return read(String(flags[flag] ?? ''))
    } catch (error) {
      problems.push(`--${flag}: error: ${error instanceof Error ? error.message : String(error)}`)
      return fallback
    }
  }
  const address = attempt('web.listen-address', { host: listenHost, port: 0 }, (text) =>
    parseListenAddress(text === '' ? ':9091' : text, listenHost),
  )
  attempt('persistence.interval', 0n, (text) => parseGoDuration(text === '' ? '5m' : text))
  const linkPrefix = attempt('web.external-url', '', (text) => (text === '' ? '' : prefixOf(new URL(text).pathname)))
  if (problems.length > 0) throw new ConfigError(problems)
  const routePrefix = String(flags['web.route-prefix'] || '')
  const directory = flags['persistence.file']
  return {
    ...address,
    telemetryPath: prefixOf(String(flags['web.telemetry-path'] || '/metrics')),
    routePrefix: routePrefix === '' ? linkPrefix : prefixOf(routePrefix),
    linkPrefix,
    webConfigFile: String(flags['web.config.file'] ?? ''),
    enableLifecycle: flags['web.enable-lifecycle'] === true,
    enableAdminApi: flags['web.enable-admin-api'] === true,
    directory: typeof directory === 'string' && directory !== '' ? directory : undefined,
    checkConsistency: flags['push.disable-consistency-check'] !== true,
    names: flags['push.enable-utf8-names'] === true ? 'utf8' : 'legacy',
  }
}

function prefixOf(path: string): string {
  return path.replace(/^\/*/, '/').replace(/\/+$/, '')
}
