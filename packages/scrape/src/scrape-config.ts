import type { TlsMaterial } from '@quartet/runtime'

import type { RelabelRule } from './relabel/relabel.ts'

/**
 * One checked entry of `scrape_configs`, with every default filled in: what the manager needs, independent of whether it
 * came from a prometheus.yml or from an Alloy component. Source: prometheus.io/docs, configuration, scrape_config.
 */
export interface ScrapeConfig {
  readonly jobName: string
  readonly scrapeIntervalMs: number
  readonly scrapeTimeoutMs: number
  readonly metricsPath: string
  readonly scheme: 'http' | 'https'
  readonly params: Readonly<Record<string, readonly string[]>>
  readonly honorLabels: boolean
  readonly honorTimestamps: boolean
  readonly trackTimestampsStaleness: boolean
  readonly enableCompression: boolean
  /** What a target is asked for, best first; {@link DEFAULT_SCRAPE_PROTOCOLS} when absent. */
  readonly scrapeProtocols?: readonly ScrapeProtocol[]
  /** Take native histograms as they are; else only their classic buckets. */
  readonly nativeHistograms?: boolean
  /** Take the classic buckets of native histograms, and of converted ones, as well. */
  readonly alwaysClassicHistograms?: boolean
  /** Make native histograms with custom buckets of classic ones. */
  readonly convertClassicHistograms?: boolean
  /** Buckets of a native histogram; coarser ones are made of those with more. 0 is no limit. */
  readonly nativeBucketLimit?: number
  /** Buckets grow by this factor at least; coarser ones are made of those that do not. 0 is no limit. */
  readonly nativeMinBucketFactor?: number
  /** Store a zero where a series says that it began. */
  readonly createdZeros?: boolean
  /** Also report `scrape_timeout_seconds`, `scrape_sample_limit` and `scrape_body_size_bytes`. */
  readonly extraMetrics?: boolean
  readonly fallbackProtocol: ScrapeProtocol | undefined
  readonly staticConfigs: readonly TargetGroup[]
  readonly fileSdConfigs: readonly FileSdConfig[]
  readonly relabelRules: readonly RelabelRule[]
  readonly metricRelabelRules: readonly RelabelRule[]
  /** 0 is no limit, for all limits. */
  readonly sampleLimit: number
  readonly labelLimit: number
  readonly labelNameLengthLimit: number
  readonly labelValueLengthLimit: number
  readonly targetLimit: number
  readonly bodySizeLimitBytes: number
  readonly http: HttpClientConfig
}

export type ScrapeProtocol =
  | 'PrometheusProto'
  | 'PrometheusText0.0.4'
  | 'PrometheusText1.0.0'
  | 'OpenMetricsText0.0.1'
  | 'OpenMetricsText1.0.0'

/** Targets that share labels, as `static_configs` and target files hold them. */
export interface TargetGroup {
  /** `host:port`, which become `__address__`. */
  readonly targets: readonly string[]
  readonly labels: Readonly<Record<string, string>>
}

export interface FileSdConfig {
  /** Absolute paths; the last part may hold one `*`. */
  readonly files: readonly string[]
  readonly refreshIntervalMs: number
}

export interface HttpClientConfig {
  readonly basicAuth?: { readonly username: string; readonly password: string } | undefined
  /** Value of the Authorization header, complete: `Bearer …`. */
  readonly authorization?: string | undefined
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly followRedirects: boolean
  /** TLS with its files read already; otherwise {@link tls} names them. */
  readonly tlsMaterial?: TlsMaterial | undefined
  readonly tls?:
    | {
        /** PEM texts, instead of the files. */
        readonly ca?: string | undefined
        readonly cert?: string | undefined
        readonly key?: string | undefined
        readonly caFile?: string | undefined
        readonly certFile?: string | undefined
        readonly keyFile?: string | undefined
        readonly serverName?: string | undefined
        readonly insecureSkipVerify?: boolean | undefined
      }
    | undefined
}

/** Upstream's default order. The protobuf format is asked for only when native histograms are wanted. */
export const DEFAULT_SCRAPE_PROTOCOLS: readonly ScrapeProtocol[] = [
  'OpenMetricsText1.0.0',
  'OpenMetricsText0.0.1',
  'PrometheusText1.0.0',
  'PrometheusText0.0.4',
]

/** Upstream's defaults for everything but the job name and the targets. */
export const DEFAULT_SCRAPE_CONFIG: Omit<ScrapeConfig, 'jobName'> = {
  scrapeIntervalMs: 60_000,
  scrapeTimeoutMs: 10_000,
  metricsPath: '/metrics',
  scheme: 'http',
  params: {},
  honorLabels: false,
  honorTimestamps: true,
  trackTimestampsStaleness: false,
  enableCompression: true,
  fallbackProtocol: undefined,
  staticConfigs: [],
  fileSdConfigs: [],
  relabelRules: [],
  metricRelabelRules: [],
  sampleLimit: 0,
  labelLimit: 0,
  labelNameLengthLimit: 0,
  labelValueLengthLimit: 0,
  targetLimit: 0,
  bodySizeLimitBytes: 0,
  http: { followRedirects: true },
}
