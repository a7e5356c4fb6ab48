import { createHttpServer, createSelfMetrics, Lifecycle, parseListenAddress, routeLabel } from '@quartet/runtime'
import type { HttpServer, RunningSystem, SelfMetrics, SystemOptions } from '@quartet/runtime'
import { directorySnapshots, nodeFileSystem } from '@quartet/storage'
import { join, resolve } from 'node:path'
import { addOtlpHttp } from './api/otlp-http.ts'
import { startOtlpGrpc } from './api/otlp-grpc.ts'
import { addTempoApi } from './api/tempo-api.ts'
import { loadTempoConfig } from './config/tempo-config.ts'
import type { GeneratorConfig } from './config/generator-config.ts'
import type { TempoConfig } from './config/tempo-config.ts'
import type { SpanFeed } from './generator/span-feed.ts'
import { SpanReceiver } from './ingest/receiver.ts'
import { SpanStore } from './storage/store.ts'

const MAINTENANCE_MS = 10_000
/** Upstream has no limit by size; a full disk must not be how one finds out. 0 switches it off. */
const RETENTION_BYTES = 10 * 2 ** 30

/** Builds config → generator → store → receivers → API, and stops them in the opposite order. */
export async function startTraces(options: SystemOptions): Promise<RunningSystem> {
  const { clock, flags, logger } = options
  const path = String(flags['config.file'])
  const { config, findings } = await loadTempoConfig({ path, expandEnv: flags['config.expand-env'] === true })
  for (const { at, message } of findings) logger.debug({ at }, message)
  const metrics = createSelfMetrics({ clock })
  const rooms = new Lifecycle()
  const feed = config.generator && (await openGenerator(rooms, options, config.generator, metrics))
  const store = await rooms.start(
    () => openStore(options, config, feed),
    (opened) => opened.close(),
  )
  const { replayed } = store
  logger.info({ records: replayed.records, bytes: replayed.bytes, lostBytes: replayed.lostBytes }, 'replayed the WAL')
  addStoreMetrics(metrics, store)
  const timer = clock.every(MAINTENANCE_MS, () => {
    store
      .maintain()
      .catch((error: unknown) => logger.error({ err: error }, 'storage maintenance failed; will try again'))
  })
  rooms.onStop(() => timer.cancel())
  const receiver = new SpanReceiver(store, metrics)
  const endpoints = [...(await startReceivers(rooms, receiver, options, config, metrics))]
  const api = await startApi(rooms, store, options, config, metrics)
  return {
    endpoints: [{ name: 'Tempo API', url: api }, ...endpoints],
    notices: [],
    snapshots: directorySnapshots({ fileSystem: nodeFileSystem, directory: resolve(options.dataDirectory, 'tempo') }),
    async reload() {
      // Ports and limits are fixed while it runs, as in upstream; a broken file is still refused.
      await loadTempoConfig({ path, expandEnv: flags['config.expand-env'] === true })
    },
    stop: () => rooms.stop(),
  }
}

/** Its modules are loaded only when a processor is enabled. */
async function openGenerator(
  rooms: Lifecycle,
  options: SystemOptions,
  config: GeneratorConfig,
  metrics: SelfMetrics,
): Promise<SpanFeed> {
  const { startGenerator } = await import('./generator/start-generator.ts')
  const directory = join(options.dataDirectory, 'tempo', 'generator')
  return startGenerator(rooms, options, { config, directory, metrics })
}

function openStore(
  { clock, dataDirectory, logger }: SystemOptions,
  config: TempoConfig,
  feed: SpanFeed | undefined,
): Promise<SpanStore> {
  return SpanStore.open({
    fileSystem: nodeFileSystem,
    directory: join(dataDirectory, 'tempo'),
    nowMs: () => clock.nowMs(),
    every: (ms, action) => clock.every(ms, action),
    maxHeadBytes: config.maxBlockBytes,
    maxHeadAgeMs: config.maxBlockDurationMs,
    retentionMs: config.blockRetentionMs,
    retentionBytes: RETENTION_BYTES,
    maxTraceBytes: config.maxBytesPerTrace,
    onProblem: ({ cause, kind, message }) => logger.warn({ kind, err: cause }, message),
    onStored: feed && ((columns, release) => feed.add(columns, release)),
  })
}

async function startReceivers(
  rooms: Lifecycle,
  receiver: SpanReceiver,
  { listenHost, logger }: SystemOptions,
  config: TempoConfig,
  metrics: SelfMetrics,
): Promise<{ name: string; url: string }[]> {
  const endpoints: { name: string; url: string }[] = []
  const { otlpGrpc, otlpHttp } = config
  if (otlpGrpc !== undefined) {
    const { host, port } = parseListenAddress(otlpGrpc.endpoint, listenHost)
    const grpc = await rooms.start(
      () => startOtlpGrpc({ host, port, maxMessageBytes: otlpGrpc.maxMessageBytes, logger, receiver }),
      (server) => server.close(),
    )
    endpoints.push({ name: 'Tempo OTLP gRPC', url: `http://${host}:${grpc.port}` })
  }
  if (otlpHttp !== undefined) {
    const { host, port } = parseListenAddress(otlpHttp.endpoint, listenHost)
    const portFlag = 'distributor.receivers.otlp.protocols.http.endpoint'
    const server = createHttpServer({ name: 'tempo OTLP', host, port, portFlag, logger, metrics })
    addOtlpHttp(server, receiver, otlpHttp)
    endpoints.push({ name: 'Tempo OTLP HTTP', url: await listen(rooms, server) })
  }
  return endpoints
}

async function startApi(
  rooms: Lifecycle,
  store: SpanStore,
  { clock, flags, listenHost, logger }: SystemOptions,
  config: TempoConfig,
  metrics: SelfMetrics,
): Promise<string> {
  const durations = metrics.histogram(
    'tempo_request_duration_seconds',
    'Time (in seconds) spent serving HTTP requests.',
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100],
    ['method', 'route', 'status_code', 'ws'],
  )
  const server = createHttpServer({
    name: 'tempo',
    host: String(flags['server.http-listen-address'] || config.httpListenAddress || listenHost),
    port: flags['server.http-listen-port'] ? Number(flags['server.http-listen-port']) : config.httpListenPort,
    portFlag: 'server.http-listen-port',
    logger,
    metrics,
    health: {
      healthyPath: '/-/healthy',
      readyPath: '/ready',
      healthyText: 'OK\n',
      readyText: 'ready\n',
      ready: () => true,
    },
    observe: ({ method, route, seconds, status }) =>
      durations.observe({ method, route: routeLabel(route), status_code: String(status), ws: 'false' }, seconds),
  })
  addTempoApi(server, {
    read: (run) => store.read(run),
    blocks: () => ({ count: store.blockCount, sizeBytes: store.blockBytes }),
    nowMs: () => clock.nowMs(),
    defaultResultLimit: config.defaultResultLimit,
    maxResultLimit: config.maxResultLimit,
    maxSpansPerSpanSet: config.maxSpansPerSpanSet,
    configText: () => JSON.stringify(config, undefined, 2),
    logger,
  })
  server.api.route({
    method: ['GET', 'POST'],
    url: '/flush',
    handler: async (_request, reply) => {
      await store.cut()
      return reply.code(204).send()
    },
  })
  return listen(rooms, server)
}

async function listen(rooms: Lifecycle, server: HttpServer): Promise<string> {
  const { url } = await rooms.start(
    () => server.listen(),
    () => server.close(),
  )
  return url
}

function addStoreMetrics(metrics: SelfMetrics, store: SpanStore): void {
  metrics
    .gauge('tempo_build_info', 'A metric with a constant 1 value labeled by version.', ['version', 'goversion'])
    .set({ version: '2.9.0', goversion: process.version }, 1)
  metrics.gauge('tempo_ingester_live_traces', 'The current number of lives traces per tenant.', ['tenant'], (gauge) =>
    gauge.set({ tenant: 'single-tenant' }, store.headTraceCount),
  )
  metrics.gauge('tempodb_blocklist_length', 'Total number of blocks per tenant.', ['tenant'], (gauge) =>
    gauge.set({ tenant: 'single-tenant' }, store.blockCount),
  )
  metrics.gauge('quartet_traces_head_bytes', 'Bytes that the head holds in memory.', [], (gauge) =>
    gauge.set(store.headBytes),
  )
  metrics.gauge('quartet_traces_wal_bytes', 'Bytes in the write-ahead log.', [], (gauge) => gauge.set(store.walBytes))
  metrics.gauge('quartet_traces_block_bytes', 'Bytes in blocks.', [], (gauge) => gauge.set(store.blockBytes))
}
