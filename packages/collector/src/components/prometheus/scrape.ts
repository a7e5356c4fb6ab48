import { DEFAULT_SCRAPE_CONFIG, DEFAULT_SCRAPE_PROTOCOLS, ScrapeManager } from '@quartet/scrape'
import type { ScrapeConfig } from '@quartet/scrape'
import { body, optional, optionalBlock, required, type, withDefault } from '../../graph/index.ts'
import type { ComponentContext, ComponentDefinition, Decoded } from '../../graph/index.ts'
import { clusteringSchema } from '../clustering.ts'
import { clientMembers, loadCredentials } from '../client-settings.ts'
import { loadTls } from '../tls-settings.ts'
import { appendables, FanOutSink } from './appendable.ts'

const schema = body(
  {
    targets: required(type.targets),
    forward_to: required(appendables),
    job_name: withDefault(type.text, ''),
    scrape_interval: withDefault(type.duration, 60_000),
    scrape_timeout: withDefault(type.duration, 10_000),
    metrics_path: withDefault(type.text, '/metrics'),
    scheme: withDefault(type.oneOf('http', 'https'), 'http'),
    params: withDefault(type.map(type.list(type.text)), {}),
    honor_labels: withDefault(type.bool, false),
    honor_timestamps: withDefault(type.bool, true),
    track_timestamps_staleness: withDefault(type.bool, false),
    enable_compression: withDefault(type.bool, true),
    sample_limit: withDefault(type.count, 0),
    target_limit: withDefault(type.count, 0),
    label_limit: withDefault(type.count, 0),
    label_name_length_limit: withDefault(type.count, 0),
    label_value_length_limit: withDefault(type.count, 0),
    body_size_limit: withDefault(type.byteSize, 0),
    scrape_protocols: withDefault(type.list(type.oneOf('PrometheusProto', ...DEFAULT_SCRAPE_PROTOCOLS)), []),
    scrape_fallback_protocol: optional(type.oneOf('PrometheusProto', ...DEFAULT_SCRAPE_PROTOCOLS)),
    scrape_classic_histograms: withDefault(type.bool, false),
    scrape_native_histograms: withDefault(type.bool, false),
    extra_metrics: withDefault(type.bool, false),
    clustering: optionalBlock(() => clusteringSchema),
    ...clientMembers,
  },
  ({ scrape_timeout, scrape_interval, scrape_protocols }) => {
    if (new Set(scrape_protocols).size < scrape_protocols.length) return 'duplicated protocol in scrape_protocols'
    if (scrape_timeout > scrape_interval) return 'scrape_timeout greater than scrape_interval'
    return undefined
  },
)

type Settings = Decoded<typeof schema>

/** Scrapes Prometheus metrics. Without `job_name` the job is the component's id, as upstream has it. */
export const prometheusScrape: ComponentDefinition<Settings> = {
  name: 'prometheus.scrape',
  schema,
  build(context, first) {
    let settings = first
    let manager: ScrapeManager | undefined
    const start = async (): Promise<void> => {
      manager = createManager(context, settings)
      await manager.apply([await scrapeConfig(context.id, settings)])
    }
    return {
      exports: new Map(),
      start,
      async update(next) {
        const keepsSink =
          next.forward_to.length === settings.forward_to.length &&
          next.forward_to.every((sink, index) => sink === settings.forward_to[index])
        settings = next
        if (keepsSink && manager) return manager.apply([await scrapeConfig(context.id, settings)])
        await manager?.stop()
        await start()
      },
      async stop() {
        await manager?.stop()
        manager = undefined
      },
      debugInfo: () =>
        new Map([['targets', (manager?.active() ?? []).map((target) => new Map([['url', target.target.url]]))]]),
    }
  },
}

function createManager(context: ComponentContext, settings: Settings): ScrapeManager {
  const { clock, logger, metrics } = context
  const { forward_to } = settings
  const sink = forward_to.length === 1 ? forward_to[0] : new FanOutSink(forward_to)
  return new ScrapeManager({ sink, clock, logger, metrics })
}

async function scrapeConfig(id: string, settings: Settings): Promise<ScrapeConfig> {
  const { basicAuth, authorization } = await loadCredentials(settings)
  const { scrape_protocols: protocols, scrape_native_histograms: isNative } = settings
  const usual = isNative ? (['PrometheusProto', ...DEFAULT_SCRAPE_PROTOCOLS] as const) : DEFAULT_SCRAPE_PROTOCOLS
  return {
    ...DEFAULT_SCRAPE_CONFIG,
    jobName: settings.job_name || id,
    scrapeIntervalMs: settings.scrape_interval,
    scrapeTimeoutMs: settings.scrape_timeout,
    metricsPath: settings.metrics_path,
    scheme: settings.scheme,
    params: settings.params,
    honorLabels: settings.honor_labels,
    honorTimestamps: settings.honor_timestamps,
    trackTimestampsStaleness: settings.track_timestamps_staleness,
    enableCompression: settings.enable_compression,
    scrapeProtocols: protocols.length > 0 ? protocols : usual,
    nativeHistograms: isNative,
    alwaysClassicHistograms: settings.scrape_classic_histograms,
    fallbackProtocol: settings.scrape_fallback_protocol,
    extraMetrics: settings.extra_metrics,
    staticConfigs: settings.targets.map(({ __address__: address, ...labels }) => ({
      targets: address === undefined ? [] : [address],
      labels,
    })),
    sampleLimit: settings.sample_limit,
    targetLimit: settings.target_limit,
    labelLimit: settings.label_limit,
    labelNameLengthLimit: settings.label_name_length_limit,
    labelValueLengthLimit: settings.label_value_length_limit,
    bodySizeLimitBytes: settings.body_size_limit,
    http: {
      basicAuth,
      authorization,
      followRedirects: settings.follow_redirects,
      tlsMaterial: await loadTls(settings.tls_config),
    },
  }
}
