import { labelsFromRecord } from '@quartet/model'
import { DEFAULT_ENDPOINT, RemoteWriteSink } from '@quartet/scrape'
import type { RemoteWriteEndpointConfig } from '@quartet/scrape'
import {
  blocks,
  body,
  defaultBlock,
  optional,
  optionalBlock,
  required,
  type,
  unsupported,
  withDefault,
  withoutEffect,
} from '../../graph/index.ts'
import type { ComponentContext, ComponentDefinition, Decoded } from '../../graph/index.ts'
import { clientMembers, loadCredentials } from '../client-settings.ts'
import { ruleSchema, toRule } from '../relabel-rule.ts'
import { loadTls } from '../tls-settings.ts'
import { DeferredSink, receiverExport } from './appendable.ts'

const QUEUE_ON_DISK = 'samples wait in a queue on disk of at most 1 GiB for each endpoint'
const ONE_SENDER = 'each endpoint has one sender, which keeps the samples in order'

const queueSchema = body({
  capacity: withoutEffect(withDefault(type.count, 10_000), QUEUE_ON_DISK),
  min_shards: withoutEffect(withDefault(type.count, 1), ONE_SENDER, 1),
  max_shards: withoutEffect(withDefault(type.count, 50), ONE_SENDER, 1),
  max_samples_per_send: withDefault(type.count, 2000),
  batch_send_deadline: withoutEffect(withDefault(type.duration, 5000), 'samples are sent as soon as they are queued'),
  min_backoff: withDefault(type.duration, 30),
  max_backoff: withDefault(type.duration, 5000),
  retry_on_http_429: withDefault(type.bool, true),
  sample_age_limit: withoutEffect(withDefault(type.duration, 0), 'samples are sent however old they are', 0),
})

const metadataSchema = body({
  send: withDefault(type.bool, true),
  send_interval: withDefault(type.duration, 60_000),
  max_samples_per_send: withDefault(type.count, 2000),
})

const endpointSchema = body(
  {
    url: required(type.text),
    name: withDefault(type.text, ''),
    remote_timeout: withDefault(type.duration, 30_000),
    headers: withDefault(type.map(type.text), {}),
    send_exemplars: withDefault(type.bool, true),
    send_native_histograms: withDefault(type.bool, false),
    protobuf_message: withDefault(type.oneOf('prometheus.WriteRequest'), 'prometheus.WriteRequest'),
    queue_config: defaultBlock(() => queueSchema),
    metadata_config: defaultBlock(() => metadataSchema),
    write_relabel_config: blocks(() => ruleSchema),
    ...clientMembers,
    sigv4: unsupported,
    azuread: unsupported,
  },
  ({ url }) => (URL.canParse(url) ? undefined : `url ${JSON.stringify(url)} is not a URL`),
)

const walSchema = body({
  truncate_frequency: optional(type.duration),
  min_keepalive_time: optional(type.duration),
  max_keepalive_time: optional(type.duration),
})

const schema = body({
  external_labels: withDefault(type.map(type.text), {}),
  endpoint: blocks(() => endpointSchema),
  wal: withoutEffect(
    optionalBlock(() => walSchema),
    QUEUE_ON_DISK,
  ),
})

type Settings = Decoded<typeof schema>

/** Sends samples to Prometheus-compatible stores; each endpoint has a queue on disk. */
export const prometheusRemoteWrite: ComponentDefinition<Settings> = {
  name: 'prometheus.remote_write',
  schema,
  build(context, first) {
    const place = new DeferredSink()
    let sink: RemoteWriteSink | undefined
    const start = async (settings: Settings): Promise<void> => {
      sink = await open(context, settings)
      place.connect(sink)
    }
    const stop = async (): Promise<void> => {
      place.connect(undefined)
      await sink?.stop()
      sink = undefined
    }
    return {
      exports: receiverExport(place),
      start: () => start(first),
      async update(settings) {
        await stop()
        await start(settings)
      },
      stop,
    }
  },
}

async function open(context: ComponentContext, settings: Settings): Promise<RemoteWriteSink> {
  const { fileSystem, clock, logger, metrics } = context
  const endpoints: RemoteWriteEndpointConfig[] = []
  for (const [index, endpoint] of settings.endpoint.entries()) {
    const { queue_config: queue, metadata_config: metadata } = endpoint
    const { basicAuth, authorization } = await loadCredentials(endpoint)
    endpoints.push({
      ...DEFAULT_ENDPOINT,
      name: endpoint.name || `endpoint-${index + 1}`,
      url: endpoint.url,
      headers: { ...endpoint.headers, ...(authorization ? { authorization } : {}) },
      basicAuth,
      tls: await loadTls(endpoint.tls_config),
      followRedirects: endpoint.follow_redirects,
      timeoutMs: endpoint.remote_timeout,
      sendExemplars: endpoint.send_exemplars,
      sendNativeHistograms: endpoint.send_native_histograms,
      metadataIntervalMs: metadata.send ? metadata.send_interval : undefined,
      maxMetadataPerSend: metadata.max_samples_per_send,
      writeRelabelRules: endpoint.write_relabel_config.map(toRule),
      maxSamplesPerSend: queue.max_samples_per_send,
      minBackoffMs: queue.min_backoff,
      maxBackoffMs: queue.max_backoff,
      retryOnHttp429: queue.retry_on_http_429,
    })
  }
  const externalLabels = labelsFromRecord(settings.external_labels)
  return RemoteWriteSink.open({
    fileSystem,
    clock,
    logger,
    metrics,
    endpoints,
    externalLabels,
    directory: `${context.dataDirectory}/wal`,
  })
}
