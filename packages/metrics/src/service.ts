import {
  ConfigError,
  createHttpServer,
  createSelfMetrics,
  HttpError,
  Lifecycle,
  loadWebConfig,
  parseListenAddress,
} from '@quartet/runtime'
import type {
  Finding,
  HttpServer,
  Logger,
  RawHandler,
  RunningSystem,
  SelfMetrics,
  SystemOptions,
  WebConfig,
} from '@quartet/runtime'
import { DEFAULT_SCRAPE_PROTOCOLS, ScrapeManager } from '@quartet/scrape'
import type { ScrapeConfig } from '@quartet/scrape'
import { directorySnapshots, nodeFileSystem } from '@quartet/storage'
import type { DirectorySnapshots } from '@quartet/storage'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import type { ApiContext } from './api/context.ts'
import { remoteReadHandler } from './api/remote-read.ts'
import { QueryThreads } from './api/threads/query-threads.ts'
import { addApiRoutes } from './api/routes.ts'
import { METRICS_FLAGS, readSettings } from './config/flags.ts'
import type { MetricsSettings } from './config/flags.ts'
import { loadPrometheusConfig } from './config/prometheus-config.ts'
import type { PrometheusConfig } from './config/prometheus-config.ts'
import { DeltaAccumulator, otlpMetricsHandler, remoteWriteHandler } from './ingest/index.ts'
import { parseOptions } from './config/parse-options.ts'
import { QueryEngine } from './query/engine.ts'
import { QueryGate } from './query/query-gate.ts'
import { Alerting } from './rules/alerting.ts'
import type { PreparedAlerting } from './rules/alerting.ts'
import { externalUrlOf } from './rules/external-url.ts'
import { loadRules } from './rules/promql-rules.ts'
import type { LoadedRules } from './rules/promql-rules.ts'
import { addServiceMetrics } from './self-metrics.ts'
import type { ServiceMetrics } from './self-metrics.ts'
import { MetricsDatabase } from './storage/database.ts'
import type { MetricsDatabaseOptions } from './storage/database.ts'

/** Builds the rooms top-down: configuration, database, scrapes, engine, API. Nothing listens before the WAL is replayed. */
export async function startMetrics(options: SystemOptions): Promise<RunningSystem> {
  const settings = readSettings(options.flags)
  const config = await loadPrometheusConfig(settings.configFile)
  const rules = await loadRules(config, parseOptions(settings))
  const rooms = new Lifecycle()
  try {
    const service = await MetricsService.build({ options, settings, config, rules, rooms })
    return service
  } catch (error) {
    await rooms.stop()
    throw error
  }
}

interface Parts {
  readonly options: SystemOptions
  readonly settings: MetricsSettings
  readonly rooms: Lifecycle
  readonly database: MetricsDatabase
  readonly scrapes: ScrapeManager
  readonly gate: QueryGate
  readonly threads: QueryThreads
  readonly selfMetrics: SelfMetrics
  readonly serviceMetrics: ServiceMetrics
}

class MetricsService implements RunningSystem {
  readonly endpoints: { name: string; url: string }[] = []
  readonly notices: string[] = []
  readonly snapshots: DirectorySnapshots
  readonly #parts: Parts
  readonly #startedMs: number
  #config: PrometheusConfig
  readonly #alerting: Alerting
  #engine: QueryEngine
  #web: WebConfig | undefined
  #lastReload: { isSuccessful: boolean; timeMs: number; failedMs?: number }

  static async build(given: {
    options: SystemOptions
    settings: MetricsSettings
    config: PrometheusConfig
    rules: LoadedRules
    rooms: Lifecycle
  }): Promise<MetricsService> {
    const { options, settings, config, rules, rooms } = given
    const { clock, logger } = options
    const selfMetrics = createSelfMetrics({ clock })
    const database = await rooms.start(
      () => MetricsDatabase.open({ ...storageOptions(settings, config), fileSystem: nodeFileSystem, clock, logger }),
      (opened) => opened.close(),
    )
    const gate = new QueryGate(settings.queryConcurrency)
    const threads = await rooms.start(
      () => new QueryThreads({ source: database.source, clock, logger, maxThreads: maxQueryThreads() }),
      (started) => started.stop(),
    )
    const serviceMetrics = addServiceMetrics(selfMetrics, { stats: () => database.stats(), gate })
    const scrapes = await rooms.start(
      () => new ScrapeManager({ sink: database.sink, clock, logger, metrics: selfMetrics }),
      (manager) => manager.stop(),
    )
    const service = new MetricsService(
      { options, settings, rooms, database, scrapes, gate, threads, selfMetrics, serviceMetrics },
      config,
    )
    const alerting = await service.#alerting.prepare(config, rules)
    await service.#loadWeb()
    await service.#listen()
    logFindings([...config.findings, ...rules.findings], logger)
    await scrapes.apply(scrapeConfigs(config, settings))
    await service.#applyAlerting(alerting)
    return service
  }

  private constructor(parts: Parts, config: PrometheusConfig) {
    this.#parts = parts
    this.#config = config
    this.#startedMs = parts.options.clock.nowMs()
    const directory = resolve(parts.settings.storagePath)
    this.snapshots = directorySnapshots({ fileSystem: nodeFileSystem, directory })
    this.#engine = this.#createEngine(config)
    this.#alerting = this.#createAlerting()
    this.#lastReload = { isSuccessful: true, timeMs: this.#startedMs }
    parts.serviceMetrics.setReload(true, this.#startedMs)
  }

  /** Parses, then swaps: a configuration that cannot be used changes nothing. */
  async reload(): Promise<void> {
    const { settings, database, scrapes, serviceMetrics, options } = this.#parts
    let config: PrometheusConfig
    let alerting: PreparedAlerting
    try {
      await this.#loadWeb()
      config = await loadPrometheusConfig(settings.configFile)
      alerting = await this.#alerting.prepare(config, await loadRules(config, parseOptions(settings)))
    } catch (error) {
      this.#lastReload = { ...this.#lastReload, isSuccessful: false, failedMs: options.clock.nowMs() }
      serviceMetrics.setReload(false, this.#lastReload.timeMs)
      throw error
    }
    database.setRetention(retentionOf(settings, config))
    database.setMaxExemplars(config.maxExemplars)
    database.setOutOfOrderWindow(config.outOfOrderWindowMs)
    this.#engine = this.#createEngine(config)
    this.#config = config
    logFindings([...config.findings, ...alerting.rules.findings], options.logger)
    await scrapes.apply(scrapeConfigs(config, settings))
    await this.#applyAlerting(alerting)
    const timeMs = options.clock.nowMs()
    this.#lastReload = { isSuccessful: true, timeMs }
    serviceMetrics.setReload(true, timeMs)
  }

  async stop(): Promise<void> {
    await this.#parts.rooms.stop()
  }

  #createEngine(config: PrometheusConfig): QueryEngine {
    const { database, settings, options } = this.#parts
    const { features } = settings
    return new QueryEngine(database.source, {
      maxSamples: settings.queryMaxSamples,
      timeoutMs: settings.queryTimeoutMs,
      lookbackMs: settings.lookbackMs,
      defaultStepMs: config.evaluationIntervalMs,
      nowMs: () => options.clock.nowMs(),
      delayNameRemoval: features.has('promql-delayed-name-removal'),
      ...parseOptions(settings),
    })
  }

  #createAlerting(): Alerting {
    const { options, settings, database, selfMetrics, serviceMetrics, rooms } = this.#parts
    const alerting = new Alerting({
      clock: options.clock,
      logger: options.logger,
      metrics: selfMetrics,
      settings,
      source: database.source,
      sink: database.sink,
      engine: () => this.#engine,
      observeQuery: serviceMetrics.observeQuery,
    })
    rooms.onStop(() => alerting.stop())
    return alerting
  }

  async #applyAlerting(prepared: PreparedAlerting): Promise<void> {
    const externalUrl = externalUrlOf(this.#parts.settings.externalUrl, this.endpoints[0].url)
    await this.#alerting.apply(prepared, externalUrl)
  }

  async #listen(): Promise<void> {
    const { settings, options, rooms } = this.#parts
    for (const address of settings.listenAddresses) {
      const { host, port } = parseAddress(address, options.listenHost)
      const server = await rooms.start(
        () => this.#createServer(host, port, options.logger),
        (created) => created.close(),
      )
      const { url } = await server.listen()
      this.endpoints.push({ name: 'prometheus', url })
    }
  }

  async #loadWeb(): Promise<void> {
    const { webConfigFile } = this.#parts.settings
    if (webConfigFile !== '') this.#web = await loadWebConfig(webConfigFile)
  }

  #createServer(host: string, port: number, logger: Logger): HttpServer {
    const { selfMetrics, serviceMetrics, settings } = this.#parts
    const server = createHttpServer({
      name: 'prometheus',
      host,
      port,
      portFlag: 'web.listen-address',
      logger,
      metrics: selfMetrics,
      requestTimeoutMs: settings.readTimeoutMs,
      observe: serviceMetrics.observeRequest,
      ...(this.#web && { web: () => this.#web! }),
      health: {
        healthyText: 'Prometheus Server is Healthy.\n',
        readyText: 'Prometheus Server is Ready.\n',
        ready: () => true,
      },
    })
    this.#addIngestRoutes(server)
    this.#addRemoteRead(server)
    addApiRoutes(server, this.#apiContext())
    this.#addLifecycleRoutes(server)
    return server
  }

  #addIngestRoutes(server: HttpServer): void {
    const { settings, database, serviceMetrics, options } = this.#parts
    const write = remoteWriteHandler(database, {
      accepted: settings.remoteWriteMessages,
      createdZeros: settings.features.has(CREATED_ZEROS),
      onReport: serviceMetrics.observeWrite,
      onRefused: (status) => serviceMetrics.observeRefusal('remote_write', status),
    })
    const { clock } = options
    const isDeltaSummed = settings.features.has('otlp-deltatocumulative')
    const otlp = otlpMetricsHandler(database, {
      deltas: isDeltaSummed ? new DeltaAccumulator(() => clock.nowMs()) : undefined,
      translation: () => ({
        ...this.#config.otlp,
        typeAndUnitLabels: settings.features.has('type-and-unit-labels'),
        allowDelta: settings.features.has('otlp-native-delta-ingestion'),
        lookbackDeltaMs: settings.lookbackMs,
      }),
      onReport: serviceMetrics.observeWrite,
      onRefused: (status) => serviceMetrics.observeRefusal('otlp', status),
    })
    const needs = (flag: string, what: string): RawHandler => {
      return () => {
        throw new HttpError(404, `${what} receiver needs to be enabled with --${flag}`)
      }
    }
    const isWriteOn = settings.enableRemoteWrite
    server.raw('POST', '/api/v1/write', isWriteOn ? write : needs('web.enable-remote-write-receiver', 'remote write'))
    const otlpOff = needs('web.enable-otlp-receiver', 'otlp write')
    server.raw('POST', '/api/v1/otlp/v1/metrics', settings.enableOtlp ? otlp : otlpOff)
  }

  #addRemoteRead(server: HttpServer): void {
    const { sampleLimit, concurrency, maxFrameBytes } = this.#parts.settings.remoteRead
    const read = remoteReadHandler({
      source: this.#parts.database.source,
      externalLabels: () => this.#config.externalLabels,
      gate: new QueryGate(concurrency),
      sampleLimit,
      maxFrameBytes,
    })
    server.raw('POST', '/api/v1/read', read)
  }

  #addLifecycleRoutes(server: HttpServer): void {
    const { settings, options } = this.#parts
    for (const path of ['/-/reload', '/-/quit']) {
      server.api.get(path, async (_request, reply) => reply.code(405).send('Only POST or PUT requests allowed'))
    }
    server.api.route({
      method: ['POST', 'PUT'],
      url: '/-/reload',
      handler: async (_request, reply) => {
        reply.type('text/plain; charset=utf-8')
        if (!settings.enableLifecycle) return reply.code(403).send('Lifecycle API is not enabled.')
        try {
          await this.reload()
          return await reply.send('')
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error
          options.logger.error({ problems: error.problems }, 'configuration not reloaded')
          return reply.code(500).send(`failed to reload config: ${error.message}\n`)
        }
      },
    })
    server.api.route({
      method: ['POST', 'PUT'],
      url: '/-/quit',
      handler: async (_request, reply) => {
        // Ending the process is the supervisor's business; one system must not take the others along.
        reply.code(403).type('text/plain; charset=utf-8')
        return reply.send(
          settings.enableLifecycle ? 'Quitting over HTTP is not supported.' : 'Lifecycle API is not enabled.',
        )
      },
    })
  }

  #apiContext(): ApiContext {
    const { options, settings, database, gate, threads, scrapes, serviceMetrics } = this.#parts
    return {
      clock: options.clock,
      logger: options.logger,
      settings,
      flags: flagTexts(options.flags),
      source: database.source,
      gate,
      threads,
      engine: () => this.#engine,
      exemplars: (request) => database.exemplars(request),
      stats: () => database.stats(),
      blocks: () => database.blocks(),
      cardinality: (limit) => database.cardinality(limit),
      admin: database,
      scrapes,
      rules: this.#alerting.rules,
      notifier: this.#alerting.notifier,
      config: () => this.#config,
      startedMs: this.#startedMs,
      lastReload: () => this.#lastReload,
      observeQuery: serviceMetrics.observeQuery,
    }
  }
}

/** One core stays with ingestion. */
function maxQueryThreads(): number {
  return Math.max(1, Math.min(4, availableParallelism() - 1))
}

/** What the configuration asks for in vain is said at every start and reload. */
const CREATED_ZEROS = 'created-timestamp-zero-ingestion'

/** Text formats do not say when a series began, so that whoever wants to know asks for protobuf first, as upstream does. */
function scrapeConfigs(
  { scrapeConfigs: configs }: PrometheusConfig,
  { features }: MetricsSettings,
): readonly ScrapeConfig[] {
  if (!features.has(CREATED_ZEROS)) return configs
  return configs.map((config) => {
    const { scrapeProtocols: protocols = DEFAULT_SCRAPE_PROTOCOLS } = config
    const isUsual = protocols.join() === DEFAULT_SCRAPE_PROTOCOLS.join()
    return { ...config, createdZeros: true, scrapeProtocols: isUsual ? ['PrometheusProto', ...protocols] : protocols }
  })
}

function logFindings(findings: readonly Finding[], logger: Logger): void {
  for (const { at, message } of findings)
    logger.warn({ at, finding: message }, 'part of the configuration has no effect')
}

function storageOptions(
  settings: MetricsSettings,
  config: PrometheusConfig,
): Omit<MetricsDatabaseOptions, 'fileSystem' | 'clock' | 'logger'> {
  return {
    directory: settings.storagePath,
    ...retentionOf(settings, config),
    maxHeadSeries: settings.maxHeadSeries,
    maxExemplars: config.maxExemplars,
    outOfOrderWindowMs: config.outOfOrderWindowMs,
  }
}

/** The file wins over the flags, which upstream calls deprecated. */
function retentionOf(
  settings: MetricsSettings,
  config: PrometheusConfig,
): { retentionMs: number; retentionBytes: number } {
  return {
    retentionMs: config.retentionMs ?? settings.retentionMs,
    retentionBytes: config.retentionBytes ?? settings.retentionBytes,
  }
}

function parseAddress(text: string, defaultHost: string): { host: string; port: number } {
  try {
    return parseListenAddress(text, defaultHost)
  } catch (error) {
    throw new ConfigError([`error: --web.listen-address: ${error instanceof Error ? error.message : String(error)}`])
  }
}

function flagTexts(flags: SystemOptions['flags']): Record<string, string> {
  const texts: Record<string, string> = {}
  for (const { name, default: fallback } of METRICS_FLAGS) {
    const value = flags[name] ?? fallback ?? ''
    texts[name] = Array.isArray(value) ? value.join(', ') : String(value)
  }
  return texts
}
