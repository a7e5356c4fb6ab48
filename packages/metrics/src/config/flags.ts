import { DurationError, parseDuration } from '@quartet/query'
import { ConfigError } from '@quartet/runtime'
import type { FlagDefinition, SystemOptions } from '@quartet/runtime'
import { parseBytes } from './fields.ts'

const text = (name: string, help: string, fallback?: string): FlagDefinition => {
  return fallback === undefined ? { name, kind: 'string', help } : { name, kind: 'string', help, default: fallback }
}
const toggle = (name: string, help: string, fallback = 'false'): FlagDefinition => ({
  name,
  kind: 'boolean',
  help,
  default: fallback,
})

/** Flags that say how Quartet's default stack differs from upstream's defaults carry the word "default" in their help. */
export const METRICS_FLAGS: readonly FlagDefinition[] = [
  text('config.file', 'Prometheus configuration file path.', '${stack}/prometheus/config/prometheus.yml'),
  {
    name: 'web.listen-address',
    kind: 'string',
    repeatable: true,
    default: '${listen}:9090',
    help: 'Address to listen on for UI, API, and telemetry.',
  },
  text('web.external-url', 'The URL under which Prometheus is externally reachable.', ''),
  text('web.route-prefix', 'Prefix for the internal routes of web endpoints. Not supported yet.', ''),
  text('web.cors.origin', 'Regex for CORS origin. It is fully anchored.', '.*'),
  text(
    'web.page-title',
    'Document title of Prometheus instance.',
    'Prometheus Time Series Collection and Processing Server',
  ),
  text('web.read-timeout', 'Maximum duration before timing out read of the request.', '5m'),
  text('web.max-connections', 'Maximum number of simultaneous connections. Accepted, has no effect yet.', '512'),
  text('web.config.file', 'Path to a TLS and authentication configuration file.', ''),
  toggle('web.enable-lifecycle', 'Enable shutdown and reload via HTTP request.'),
  toggle('web.enable-admin-api', 'Enable API endpoints for admin control actions.'),
  toggle('web.enable-remote-write-receiver', 'Accept remote write requests; on by default in Quartet.', 'true'),
  {
    name: 'web.remote-write-receiver.accepted-protobuf-messages',
    kind: 'string',
    repeatable: true,
    default: 'prometheus.WriteRequest,io.prometheus.write.v2.Request',
    help: 'List of the remote write protobuf messages to accept when receiving the remote writes.',
  },
  toggle('web.enable-otlp-receiver', 'Accept OTLP writes; on by default in Quartet.', 'true'),
  text('storage.tsdb.path', 'Base path for metrics storage.', '${data}/prometheus'),
  text('storage.tsdb.retention.time', 'How long to retain samples in storage.', '15d'),
  text('storage.tsdb.retention.size', 'Maximum number of bytes that can be stored for blocks. 0 is unlimited.', '0'),
  toggle('storage.tsdb.wal-compression', 'Compress the WAL. Accepted, has no effect.', 'true'),
  toggle('storage.tsdb.no-lockfile', 'Do not create a lockfile. Accepted, has no effect.'),
  text('storage.tsdb.min-block-duration', 'Accepted, has no effect.', '2h'),
  text('storage.tsdb.max-block-duration', 'Accepted, has no effect.', ''),
  text('storage.tsdb.max-head-series', 'Quartet only: series above which new ones are refused. 0 is unlimited.', '0'),
  text(
    'storage.remote.read-sample-limit',
    'Maximum overall number of samples to return via the remote read interface, in a single query. 0 means no limit. This limit is ignored for streamed response types.',
    '50000000',
  ),
  text('storage.remote.read-concurrent-limit', 'Maximum number of concurrent remote read calls.', '10'),
  text(
    'storage.remote.read-max-bytes-in-frame',
    'Maximum number of bytes in a single frame for streaming remote read response types before marshalling.',
    '1048576',
  ),
  text('storage.remote.flush-deadline', 'Accepted, has no effect yet.', '1m'),
  text('query.lookback-delta', 'The maximum lookback duration for retrieving metrics during evaluations.', '5m'),
  text('query.timeout', 'Maximum time a query may take before being aborted.', '2m'),
  text('query.max-concurrency', 'Maximum number of queries executed concurrently.', '20'),
  text('query.max-samples', 'Maximum number of samples a single query can load into memory.', '50000000'),
  text(
    'rules.alert.for-outage-tolerance',
    'Max time to tolerate prometheus outage for restoring "for" state of alert.',
    '1h',
  ),
  text(
    'rules.alert.for-grace-period',
    'Minimum duration between alert and restored "for" state. This is maintained only for alerts with configured "for" time greater than grace period.',
    '10m',
  ),
  text('rules.alert.resend-delay', 'Minimum amount of time to wait before resending an alert to Alertmanager.', '1m'),
  text('rules.max-concurrent-evals', 'Accepted, has no effect: the rules of a group run one after the other.', '4'),
  text(
    'alertmanager.notification-queue-capacity',
    'The capacity of the queue for pending Alertmanager notifications.',
    '10000',
  ),
  toggle(
    'alertmanager.drain-notification-queue-on-shutdown',
    'Send any outstanding Alertmanager notifications when shutting down. If false, any outstanding Alertmanager notifications will be dropped when shutting down.',
    'true',
  ),
  { name: 'enable-feature', kind: 'string', repeatable: true, help: 'Comma separated feature names to enable.' },
  text('log.level', 'Accepted, has no effect: Quartet logs at one level.', 'info'),
  text('log.format', 'Accepted, has no effect: Quartet logs JSON.', 'json'),
  toggle('auto-gomaxprocs', 'Accepted, has no effect.', 'true'),
  toggle('auto-gomemlimit', 'Accepted, has no effect.', 'true'),
]

/** Messages of remote write 1.0 and 2.0. */
export const REMOTE_WRITE_MESSAGES = ['prometheus.WriteRequest', 'io.prometheus.write.v2.Request'] as const
export type RemoteWriteMessage = (typeof REMOTE_WRITE_MESSAGES)[number]

/** The flags, checked. */
export interface MetricsSettings {
  readonly configFile: string
  readonly listenAddresses: readonly string[]
  readonly externalUrl: string
  /** Empty: plain HTTP for everybody. */
  readonly webConfigFile: string
  readonly corsOrigin: string
  readonly pageTitle: string
  readonly readTimeoutMs: number
  readonly enableLifecycle: boolean
  readonly enableAdminApi: boolean
  readonly enableRemoteWrite: boolean
  readonly enableOtlp: boolean
  readonly remoteWriteMessages: readonly RemoteWriteMessage[]
  readonly storagePath: string
  readonly retentionText: string
  readonly retentionMs: number
  readonly retentionBytes: number
  readonly maxHeadSeries: number
  readonly remoteRead: { readonly sampleLimit: number; readonly concurrency: number; readonly maxFrameBytes: number }
  readonly lookbackMs: number
  readonly queryTimeoutMs: number
  readonly queryConcurrency: number
  readonly queryMaxSamples: number
  readonly outageToleranceMs: number
  readonly forGracePeriodMs: number
  readonly resendDelayMs: number
  readonly notificationCapacity: number
  readonly drainNotifications: boolean
  readonly features: ReadonlySet<string>
}

/** @throws ConfigError with every flag that has a bad value */
export function readSettings(flags: SystemOptions['flags']): MetricsSettings {
  const problems: string[] = []
  const one = (name: string): string => {
    const value = flags[name]
    return typeof value === 'string' ? value : String(METRICS_FLAGS.find((flag) => flag.name === name)?.default ?? '')
  }
  const many = (name: string): readonly string[] => {
    const value = flags[name]
    return typeof value === 'string' ? [value] : Array.isArray(value) ? value : []
  }
  const isOn = (name: string): boolean => {
    const value = flags[name]
    return value === undefined
      ? METRICS_FLAGS.some((flag) => flag.name === name && flag.default === 'true')
      : value === true
  }
  const duration = (name: string): number => {
    try {
      return parseDuration(one(name))
    } catch (error) {
      if (!(error instanceof DurationError)) throw error
      problems.push(`--${name}: ${error.message}`)
      return 0
    }
  }
  const number = (name: string): number => {
    const value = Number(one(name))
    if (Number.isSafeInteger(value) && value >= 0) return value
    problems.push(`--${name}: ${JSON.stringify(one(name))} is not a whole number`)
    return 0
  }
  const size = (name: string): number => {
    const value = parseBytes(one(name))
    if (value !== undefined) return value
    problems.push(`--${name}: ${JSON.stringify(one(name))} is not a size such as 512MB`)
    return 0
  }
  const messages = (name: string): readonly RemoteWriteMessage[] => {
    const given = flags[name] === undefined ? [one(name)] : many(name)
    return given
      .flatMap((names) => names.split(','))
      .flatMap((message) => {
        const known = REMOTE_WRITE_MESSAGES.find((one) => one === message)
        if (known === undefined)
          problems.push(
            `--${name}: unknown type for remote write protobuf message ${message}, supported: ${REMOTE_WRITE_MESSAGES.join(', ')}`,
          )
        return known === undefined ? [] : [known]
      })
  }
  const settings: MetricsSettings = {
    configFile: one('config.file'),
    listenAddresses: many('web.listen-address'),
    webConfigFile: one('web.config.file'),
    externalUrl: one('web.external-url'),
    corsOrigin: one('web.cors.origin'),
    pageTitle: one('web.page-title'),
    readTimeoutMs: duration('web.read-timeout'),
    enableLifecycle: isOn('web.enable-lifecycle'),
    enableAdminApi: isOn('web.enable-admin-api'),
    enableRemoteWrite: isOn('web.enable-remote-write-receiver'),
    enableOtlp: isOn('web.enable-otlp-receiver'),
    remoteWriteMessages: messages('web.remote-write-receiver.accepted-protobuf-messages'),
    storagePath: one('storage.tsdb.path'),
    retentionText: one('storage.tsdb.retention.time'),
    retentionMs: duration('storage.tsdb.retention.time'),
    retentionBytes: size('storage.tsdb.retention.size'),
    maxHeadSeries: number('storage.tsdb.max-head-series'),
    remoteRead: {
      sampleLimit: number('storage.remote.read-sample-limit'),
      concurrency: number('storage.remote.read-concurrent-limit'),
      maxFrameBytes: number('storage.remote.read-max-bytes-in-frame'),
    },
    lookbackMs: duration('query.lookback-delta'),
    queryTimeoutMs: duration('query.timeout'),
    queryConcurrency: number('query.max-concurrency'),
    queryMaxSamples: number('query.max-samples'),
    outageToleranceMs: duration('rules.alert.for-outage-tolerance'),
    forGracePeriodMs: duration('rules.alert.for-grace-period'),
    resendDelayMs: duration('rules.alert.resend-delay'),
    notificationCapacity: number('alertmanager.notification-queue-capacity'),
    drainNotifications: isOn('alertmanager.drain-notification-queue-on-shutdown'),
    features: new Set(many('enable-feature').flatMap((names) => names.split(','))),
  }
  const { features } = settings
  if (features.has('otlp-deltatocumulative') && features.has('otlp-native-delta-ingestion'))
    problems.push('cannot enable otlp-deltatocumulative and otlp-native-delta-ingestion features at the same time')
  if (problems.length > 0) throw new ConfigError(problems.map((problem) => `error: ${problem}`))
  return settings
}
