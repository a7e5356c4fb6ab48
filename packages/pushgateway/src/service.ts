import { parseFamilies } from '@quartet/model'
import type { FamilyType } from '@quartet/model'
import { createHttpServer, createSelfMetrics, HttpError, Lifecycle, loadWebConfig, sendBody } from '@quartet/runtime'
import type { HttpServer, RunningSystem, SelfMetrics, SystemOptions, WebConfig } from '@quartet/runtime'
import { directorySnapshots, nodeFileSystem } from '@quartet/storage'
import { resolve } from 'node:path'
import { expose } from './api/exposition.ts'
import { addPage } from './api/page.ts'
import { addPushApi } from './api/push-api.ts'
import { addV1 } from './api/v1.ts'
import { FLAGS, readSettings } from './config/settings.ts'
import type { Settings } from './config/settings.ts'
import { HttpMetrics } from './api/http-metrics.ts'
import { MetricStore } from './storage/metric-store.ts'

const VERSION = '1.11.2'

/** Builds config → store → API, and stops them in the opposite order. */
export async function startPushgateway(options: SystemOptions): Promise<RunningSystem> {
  const settings = readSettings(options)
  const load = async (): Promise<WebConfig | undefined> =>
    settings.webConfigFile === '' ? undefined : loadWebConfig(settings.webConfigFile)
  let web = await load()
  const rooms = new Lifecycle()
  const metrics = createSelfMetrics({ clock: options.clock })
  const own = new OwnTypes(metrics)
  const store = await rooms.start(
    () => openStore(options, settings, own),
    (opened) => opened.close(),
  )
  addStoreMetrics(metrics, store)
  const http = new HttpMetrics(metrics)
  await own.learn()
  const server = createServer({ options, settings, store, metrics, http, ...(web && { web: () => web! }) })
  addQuit(server, settings, () => rooms.stop())
  const { url } = await rooms.start(
    () => server.listen(),
    () => server.close(),
  )
  return {
    endpoints: [{ name: 'Pushgateway', url: url + settings.routePrefix }],
    notices: [],
    ...(settings.directory !== undefined && {
      snapshots: directorySnapshots({ fileSystem: nodeFileSystem, directory: resolve(settings.directory) }),
    }),
    async reload() {
      // Everything else is a flag here, as in upstream.
      web = await load()
    },
    stop: () => rooms.stop(),
  }
}

/** Types of what the Pushgateway exposes about itself, so that no push contradicts them. */
class OwnTypes {
  readonly #metrics: SelfMetrics
  #types = new Map<string, FamilyType>()

  constructor(metrics: SelfMetrics) {
    this.#metrics = metrics
  }

  async learn(): Promise<void> {
    // Also metrics that have no value yet, whose type lines the parser leaves out.
    const { text } = await this.#metrics.render()
    for (const [, name = '', type = ''] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
      this.#types.set(name, type.toUpperCase() as FamilyType)
    }
    for (const family of parseFamilies(Buffer.from(text)).values()) this.#types.set(family.name, family.type)
  }

  of(name: string): FamilyType | undefined {
    return this.#types.get(name)
  }
}

function openStore({ clock, logger }: SystemOptions, settings: Settings, own: OwnTypes): Promise<MetricStore> {
  return MetricStore.open({
    fileSystem: nodeFileSystem,
    directory: settings.directory,
    nowNs: () => clock.nowNs(),
    every: (ms, action) => clock.every(ms, action),
    checkConsistency: settings.checkConsistency,
    ownType: (name) => own.of(name),
    onProblem: ({ cause, kind, message }) => logger.warn({ kind, err: cause }, message),
  })
}

function createServer(parts: {
  options: SystemOptions
  settings: Settings
  store: MetricStore
  metrics: SelfMetrics
  http: HttpMetrics
  web?: () => WebConfig
}): HttpServer {
  const { http, metrics, options, settings, store, web } = parts
  const { clock, flags, logger } = options
  const { checkConsistency, host, linkPrefix, names, port, routePrefix: prefix } = settings
  // The server asks its metrics for what /metrics answers: pushed metrics belong to that.
  const render = metrics.render.bind(metrics)
  const server = createHttpServer({
    name: 'pushgateway',
    host,
    port,
    portFlag: 'web.listen-address',
    logger,
    metrics,
    health: {
      healthyPath: `${prefix}/-/healthy`,
      readyPath: `${prefix}/-/ready`,
      healthyText: 'OK',
      readyText: 'OK',
      ready: () => true,
    },
    ...(web && { web }),
    observe: (served) => http.count(served, prefix),
    serveMetrics: false,
  })
  for (const method of ['GET', 'HEAD'] as const) {
    server.raw(method, prefix + settings.telemetryPath, async (request, response) => {
      const { accept } = request.headers
      const { text } = await render()
      const answer = expose({ pushed: store.families(), own: text, accept, isUnchecked: !checkConsistency })
      await sendBody(request, response, answer)
    })
  }
  addPushApi(server, {
    store,
    prefix,
    names,
    checkConsistency,
    monotonicMs: () => clock.monotonicMs(),
    observe: (push) => http.observePush(push),
  })
  const startMs = clock.nowMs()
  const buildInformation = { version: VERSION, revision: '', branch: '', goVersion: process.version }
  const shownFlags = Object.fromEntries(FLAGS.map(({ name }) => [name, String(flags[name] ?? '')]))
  const common = { store, prefix, flags: shownFlags, startMs, buildInformation }
  addV1(server, { ...common, enableAdminApi: settings.enableAdminApi })
  addPage(server, { ...common, linkPrefix })
  return server
}

function addQuit(server: HttpServer, { enableLifecycle, routePrefix }: Settings, stop: () => Promise<void>): void {
  server.api.route({
    method: ['PUT', 'POST'],
    url: `${routePrefix}/-/quit`,
    handler: (_request, reply) => {
      if (!enableLifecycle) throw new HttpError(403, 'Lifecycle API is not enabled.')
      // Stopping waits for running requests, of which this is one.
      reply.raw.once('close', () => void stop())
      return reply.send('Requesting termination... Goodbye!')
    },
  })
  server.api.get(`${routePrefix}/-/quit`, (_request, reply) =>
    reply.code(405).send('Only POST or PUT requests allowed.'),
  )
}

function addStoreMetrics(metrics: SelfMetrics, store: MetricStore): void {
  metrics
    .gauge(
      'pushgateway_build_info',
      "A metric with a constant '1' value labeled by version, revision, branch, and goversion from which pushgateway was built.",
      ['version', 'revision', 'branch', 'goversion'],
    )
    .set({ version: VERSION, revision: '', branch: '', goversion: process.version }, 1)
  metrics.gauge('quartet_pushgateway_groups', 'Groups that are stored.', [], (gauge) => gauge.set(store.groupCount))
  metrics.gauge('quartet_pushgateway_metrics', 'Metrics that are stored.', [], (gauge) => gauge.set(store.metricCount))
  metrics.gauge('quartet_pushgateway_wal_bytes', 'Bytes in the write-ahead log.', [], (gauge) =>
    gauge.set(store.walBytes),
  )
}
