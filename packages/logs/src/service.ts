import { createHttpServer, createSelfMetrics, HttpError, Lifecycle, routeLabel } from '@quartet/runtime'
import type { RunningSystem, SelfMetrics, SystemOptions } from '@quartet/runtime'
import { directorySnapshots, nodeFileSystem } from '@quartet/storage'
import type { IncomingMessage } from 'node:http'
import { join, resolve } from 'node:path'
import { addPushApi } from './api/push.ts'
import { addQueryApi } from './api/query-api.ts'
import { addRulerApi } from './api/ruler-api.ts'
import { addTailApi } from './api/tail.ts'
import { loadLokiConfig } from './config/loki-config.ts'
import type { LokiConfig } from './config/loki-config.ts'
import { Distributor } from './ingest/distributor.ts'
import { Queries } from './query/queries.ts'
import { Ruler } from './rules/ruler.ts'
import { LogStore } from './storage/log-store.ts'

const MAINTENANCE_MS = 10_000
/** Upstream has no limit by size; a full disk must not be how one finds out. */
const RETENTION_BYTES = 20 * 2 ** 30

/** Builds config → store → distributor → API, and stops them in the opposite order. */
export async function startLogs(options: SystemOptions): Promise<RunningSystem> {
  const { clock, flags, logger } = options
  const path = String(flags['config.file'])
  const expandEnv = flags['config.expand-env'] === true
  const { config, findings } = await loadLokiConfig({ path, expandEnv })
  for (const { at, message } of findings) logger.debug({ at }, message)
  const { limits } = config
  const metrics = createSelfMetrics({ clock })
  const rooms = new Lifecycle()
  const store = await rooms.start(
    () =>
      LogStore.open({
        fileSystem: nodeFileSystem,
        directory: join(options.dataDirectory, 'loki'),
        clock,
        logger,
        retentionMs: limits.retentionMs,
        maxDiskBytes: RETENTION_BYTES,
      }),
    (opened) => opened.close(),
  )
  addStoreMetrics(metrics, store)
  const timer = clock.every(MAINTENANCE_MS, () => {
    store
      .maintain()
      .catch((error: unknown) => logger.error({ err: error }, 'log storage maintenance failed; will try again'))
  })
  rooms.onStop(() => timer.cancel())
  const durations = metrics.histogram(
    'loki_request_duration_seconds',
    'Time (in seconds) spent serving HTTP requests.',
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100],
    ['method', 'route', 'status_code', 'ws'],
  )
  const server = createHttpServer({
    name: 'loki',
    host: String(flags['server.http-listen-address'] || config.httpListenAddress || options.listenHost),
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
  const authorize = (request: IncomingMessage): void => {
    if (config.authEnabled && !request.headers['x-scope-orgid']) throw new HttpError(401, 'no org id')
  }
  const distributor = new Distributor({ store, limits, clock, metrics })
  addPushApi(server, { distributor, nowNs: () => clock.nowNs(), logger, authorize })
  addQueryApi(server, {
    store,
    limits,
    clock,
    logger,
    configText: () => configText(config),
    authorize,
  })
  const ruler = await startRuler(rooms, { options, config, store, metrics })
  if (ruler !== undefined && config.ruler.enableApi) {
    addRulerApi(server, { ruler, limits, hasTenants: config.authEnabled })
  }
  const closeTails = await addTailApi(server, { store, limits, clock, logger, authorize })
  const { url } = await rooms.start(
    () => server.listen(),
    async () => {
      closeTails()
      await server.close()
    },
  )
  return {
    endpoints: [{ name: 'Loki', url }],
    notices: ruler?.problem === undefined ? [] : [`Rules of Loki are not in force: ${ruler.problem.message}`],
    snapshots: directorySnapshots({ fileSystem: nodeFileSystem, directory: resolve(options.dataDirectory, 'loki') }),
    async reload() {
      // Ports and limits are fixed while it runs, as in upstream; a broken file is still refused. Rule files are read again.
      await loadLokiConfig({ path, expandEnv })
      await ruler?.sync()
    },
    stop: () => rooms.stop(),
  }
}

/** No rules are evaluated where the configuration does not say where they are. */
async function startRuler(
  rooms: Lifecycle,
  parts: { options: SystemOptions; config: LokiConfig; store: LogStore; metrics: SelfMetrics },
): Promise<Ruler | undefined> {
  const { options, config, store, metrics } = parts
  const { clock, logger } = options
  const { directory } = config.ruler
  if (directory === undefined) return undefined
  const start = (): Promise<Ruler> =>
    Ruler.start(
      {
        config: config.ruler,
        limits: config.limits,
        hasTenants: config.authEnabled,
        queries: new Queries(store, config.limits, clock),
        clock,
        logger,
        metrics,
        fileSystem: nodeFileSystem,
        directory: join(options.dataDirectory, 'loki', 'ruler-queue'),
      },
      directory,
    )
  return rooms.start(start, (ruler) => ruler.stop())
}

const SECRETS = new Set(['password', 'bearerToken', 'authorization', 'headers'])

/** What is in force, without what nobody but the ruler may know. */
function configText(config: LokiConfig): string {
  return JSON.stringify(config, (key, value: unknown) => (SECRETS.has(key) && value ? '<secret>' : value), 2)
}

function addStoreMetrics(metrics: SelfMetrics, store: LogStore): void {
  metrics
    .gauge('loki_build_info', 'A metric with a constant 1 value labeled by version.', ['version', 'goversion'])
    .set({ version: '3.6.3', goversion: process.version }, 1)
  metrics.gauge(
    'loki_ingester_memory_streams',
    'The total number of streams in memory per tenant.',
    ['tenant'],
    (gauge) => gauge.set({ tenant: 'fake' }, store.headStreams),
  )
  metrics.gauge('loki_ingester_memory_chunks', 'The total number of chunks in memory.', [], (gauge) =>
    gauge.set(store.headStreams),
  )
  metrics.gauge('quartet_logs_streams', 'Streams known to the store.', [], (gauge) => gauge.set(store.streams.size))
  metrics.gauge('quartet_logs_head_bytes', 'Bytes that the head holds in memory.', [], (gauge) =>
    gauge.set(store.headBytes),
  )
  metrics.gauge('quartet_logs_wal_bytes', 'Bytes in the write-ahead log.', [], (gauge) => gauge.set(store.walBytes))
  metrics.gauge('quartet_logs_block_bytes', 'Bytes in blocks.', [], (gauge) => gauge.set(store.blockBytes))
}
