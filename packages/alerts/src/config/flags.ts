import { DurationError, parseDuration, parseGoDuration } from '@quartet/query'
import { ConfigError } from '@quartet/runtime'
import type { FlagDefinition, SystemOptions } from '@quartet/runtime'

import { relative, resolve } from 'node:path'
import type { MatcherMode } from './matcher/parse-matchers.ts'

const text = (name: string, help: string, fallback?: string): FlagDefinition =>
  fallback === undefined ? { name, kind: 'string', help } : { name, kind: 'string', help, default: fallback }
const many = (name: string, help: string, fallback?: string): FlagDefinition => ({
  ...text(name, help, fallback),
  repeatable: true,
})
const idle = (name: string, fallback: string): FlagDefinition =>
  text(name, 'Accepted, has no effect: there is no clustering yet.', fallback)

/** Upstream's flags. */
export const ALERTS_FLAGS: readonly FlagDefinition[] = [
  text('config.file', 'Alertmanager configuration file name.', '${stack}/alertmanager/config/alertmanager.yml'),
  {
    name: 'config.expand-env',
    kind: 'boolean',
    help: 'Quartet only: fill ${NAME} in texts of the configuration from the environment. On for a file of the stack folder.',
  },
  text('storage.path', 'Base path for data storage.', '${data}/alertmanager'),
  text('data.retention', 'How long to keep data for.', '120h'),
  text(
    'data.maintenance-interval',
    'Interval between garbage collection of the silences and the notification logs.',
    '15m',
  ),
  text('silences.max-silences', 'Maximum number of silences, including expired silences. 0 is no limit.', '0'),
  text('silences.max-silence-size-bytes', 'Maximum silence size in bytes. 0 is no limit.', '0'),
  text('alerts.gc-interval', 'Interval between alert GC.', '30m'),
  text('alerts.max-alerts', 'Quartet only: alerts above which new ones are refused.', '100000'),
  text('dispatch.maintenance-interval', 'Accepted, has no effect: groups are collected every 30s.', '30s'),
  text('dispatch.start-delay', 'Minimum amount of time to wait before dispatching alerts.', '0s'),
  many('web.listen-address', 'Address to expose metrics and web interface on.', '${listen}:9093'),
  text('web.external-url', 'The URL under which Alertmanager is externally reachable.', ''),
  text(
    'web.route-prefix',
    'Prefix for the internal routes of web endpoints; defaults to the path of the external URL.',
    '',
  ),
  text('web.config.file', 'Path to a TLS and authentication configuration file.', ''),
  text('web.get-concurrency', 'Maximum number of GET requests at once; 0 is as many as processors, at least 8.', '0'),
  text('web.timeout', 'Timeout for HTTP requests. 0 is none.', '0'),
  text('enable-feature', 'Comma-separated features: utf8-strict-mode, classic-mode; others are accepted.', ''),
  text('log.level', 'Accepted, has no effect: Quartet logs at one level.', 'info'),
  text('log.format', 'Accepted, has no effect: Quartet logs JSON.', 'logfmt'),
  text('cluster.listen-address', 'Listen address for cluster. Only empty works: there is no clustering yet.', ''),
  idle('cluster.advertise-address', ''),
  many('cluster.peer', 'Initial peers. Not supported yet.'),
  idle('cluster.peer-name', ''),
  idle('cluster.peer-timeout', '15s'),
  idle('cluster.peers-resolve-timeout', '15s'),
  idle('cluster.gossip-interval', '200ms'),
  idle('cluster.pushpull-interval', '1m0s'),
  idle('cluster.tcp-timeout', '10s'),
  idle('cluster.probe-timeout', '500ms'),
  idle('cluster.probe-interval', '1s'),
  idle('cluster.settle-timeout', '1m0s'),
  idle('cluster.reconnect-interval', '10s'),
  idle('cluster.reconnect-timeout', '6h0m0s'),
  idle('cluster.tls-config', ''),
  {
    name: 'cluster.allow-insecure-public-advertise-address-discovery',
    kind: 'boolean',
    help: 'Accepted, has no effect.',
  },
  idle('cluster.label', ''),
  text('auto-gomemlimit.ratio', 'Accepted, has no effect.', '0.9'),
]

/** The flags, checked. */
export interface AlertsSettings {
  readonly configFile: string
  /** Undefined decides by where the file is. */
  readonly expandEnv: boolean | undefined
  readonly webConfigFile: string
  readonly webTimeoutMs: number
  readonly getConcurrency: number
  readonly storagePath: string
  readonly retentionMs: number
  readonly maintenanceMs: number
  readonly alertGcMs: number
  readonly startDelayMs: number
  readonly maxSilences: number
  readonly maxSilenceBytes: number
  readonly maxAlerts: number
  readonly listenAddress: string
  readonly externalUrl: string
  /** `''` or `/path`. */
  readonly routePrefix: string
  readonly mode: MatcherMode
  /** What was asked for and cannot be had. */
  readonly notices: readonly string[]
}

/** @throws ConfigError with every flag that has a bad value */
export function readSettings(flags: SystemOptions['flags']): AlertsSettings {
  const problems: string[] = []
  const one = (name: string): string => {
    const value = flags[name] ?? ALERTS_FLAGS.find((flag) => flag.name === name)?.default ?? ''
    return typeof value === 'object' ? (value[0] ?? '') : String(value)
  }
  const durationOf = (name: string): number => {
    const value = one(name)
    try {
      // Upstream reads Go durations here; days are understood as well.
      return /\d[dwy]/.test(value) ? parseDuration(value) : Number(parseGoDuration(value) / 1_000_000n)
    } catch (error) {
      if (!(error instanceof DurationError)) throw error
      problems.push(`--${name}: ${error.message}`)
      return 0
    }
  }
  const whole = (name: string): number => {
    const value = Number(one(name))
    if (Number.isSafeInteger(value) && value >= 0) return value
    problems.push(`--${name}: ${JSON.stringify(one(name))} is not a whole number`)
    return 0
  }
  const features = one('enable-feature').split(',').filter(Boolean)
  if (features.includes('classic-mode') && features.includes('utf8-strict-mode')) {
    problems.push('--enable-feature: classic-mode and utf8-strict-mode cannot both be enabled')
  }
  const externalUrl = one('web.external-url').replace(/\/+$/, '')
  if (externalUrl !== '' && !/^https?:\/\/[^/]/.test(externalUrl)) {
    problems.push(`--web.external-url: ${JSON.stringify(externalUrl)} is not an http or https URL`)
  }
  const notices: string[] = []
  if (one('cluster.listen-address') !== '')
    notices.push('--cluster.listen-address is ignored: there is no clustering yet')
  if (one('cluster.peer') !== '') notices.push('--cluster.peer is ignored: there is no clustering yet')
  const settings: AlertsSettings = {
    configFile: one('config.file'),
    expandEnv: typeof flags['config.expand-env'] === 'boolean' ? flags['config.expand-env'] : undefined,
    webConfigFile: one('web.config.file'),
    // Upstream counts in seconds when no unit is given, as Go's flag for it is a whole number.
    webTimeoutMs: /^\d+$/.test(one('web.timeout')) ? Number(one('web.timeout')) * 1000 : durationOf('web.timeout'),
    getConcurrency: whole('web.get-concurrency'),
    storagePath: one('storage.path'),
    retentionMs: durationOf('data.retention'),
    maintenanceMs: Math.max(1000, durationOf('data.maintenance-interval')),
    alertGcMs: Math.max(1000, durationOf('alerts.gc-interval')),
    startDelayMs: durationOf('dispatch.start-delay'),
    maxSilences: whole('silences.max-silences'),
    maxSilenceBytes: whole('silences.max-silence-size-bytes'),
    maxAlerts: whole('alerts.max-alerts'),
    listenAddress: one('web.listen-address'),
    externalUrl,
    routePrefix: prefixOf(one('web.route-prefix') || pathOf(externalUrl)),
    mode: features.includes('classic-mode')
      ? 'classic'
      : features.includes('utf8-strict-mode')
        ? 'utf8-strict'
        : 'fallback',
    notices,
  }
  if (problems.length > 0) throw new ConfigError(problems.map((problem) => `error: ${problem}`))
  return settings
}

/** What fills in the configuration: nothing, or the process's environment. */
export function environmentOf(
  { configFile, expandEnv }: Pick<AlertsSettings, 'configFile' | 'expandEnv'>,
  stackDirectory: string,
): Readonly<Record<string, string | undefined>> | undefined {
  const isOfStack = !relative(resolve(stackDirectory), resolve(configFile)).startsWith('..')
  return (expandEnv ?? isOfStack) ? process.env : undefined
}

function pathOf(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname : ''
}

function prefixOf(path: string): string {
  const trimmed = path.replace(/^\/+|\/+$/g, '')
  return trimmed === '' ? '' : `/${trimmed}`
}
