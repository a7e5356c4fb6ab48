import { createHttpServer, createSelfMetrics, Lifecycle, loadWebConfig, parseListenAddress } from '@quartet/runtime'
import type { RunningSystem, SelfMetrics, SystemOptions } from '@quartet/runtime'
import { directorySnapshots, nodeFileSystem } from '@quartet/storage'
import type { WalProblem } from '@quartet/storage'
import { createHash } from 'node:crypto'
import { join, resolve } from 'node:path'
import { AlertMetrics } from './api/alert-metrics.ts'
import { addAlertmanagerApi } from './api/alertmanager-api.ts'
import { addPages } from './api/page/page-routes.ts'
import { RequestLimits } from './api/request-limits.ts'
import { loadConfig } from './config/alertmanager-config.ts'
import { environmentOf, readSettings } from './config/flags.ts'
import type { AlertsSettings } from './config/flags.ts'
import { printConfig } from './config/print-config.ts'
import { Engine } from './notify/engine.ts'
import { IntegrationStatuses } from './notify/integration-status.ts'
import { NotifyMetrics } from './notify/notify-metrics.ts'
import { RECEIVER_KINDS } from './notify/registry.ts'
import { AlertStore } from './storage/alert-store.ts'
import { isResolved } from './storage/alert.ts'
import { NotificationLog } from './storage/notification-log.ts'
import { Silences } from './storage/silences.ts'

/** Builds state → engine → API, and stops them in the opposite order. */
export async function startAlerts(options: SystemOptions): Promise<RunningSystem> {
  const { clock, logger } = options
  const settings = readSettings(options.flags)
  const rooms = new Lifecycle()
  const metrics = createSelfMetrics({ clock })
  const nowMs = (): number => clock.nowMs()
  const startedAtMs = nowMs()
  let url = settings.externalUrl

  const store = new AlertStore({ nowMs, maxAlerts: settings.maxAlerts })
  const { log, silences } = await openState(rooms, options, settings)
  const notifyMetrics = new NotifyMetrics(
    metrics,
    RECEIVER_KINDS.map(({ name }) => name),
  )
  const statuses = new IntegrationStatuses()
  const groupLimit = metrics.counter(
    'alertmanager_dispatcher_aggregation_group_limit_reached_total',
    'Number of times when dispatcher failed to create new aggregation group due to limit.',
  )
  const reloads = new ReloadMetrics(metrics)

  const build = async (): Promise<Engine> => {
    const { config, findings, leftOut } = await loadConfig({
      path: settings.configFile,
      mode: settings.mode,
      environment: environmentOf(settings, options.stackDirectory),
      receiverTypes: RECEIVER_KINDS,
    })
    const engine = await Engine.build({
      config,
      kinds: RECEIVER_KINDS,
      clock,
      logger,
      store,
      silences,
      log,
      metrics: notifyMetrics,
      statuses,
      leftOut,
      externalUrl: () => url,
      startAtMs: startedAtMs + settings.startDelayMs,
      onGroupLimit() {
        groupLimit.inc()
        logger.error('Too many aggregation groups, cannot create new group for alert')
      },
    })
    for (const { at, message, severity } of findings)
      logger[severity === 'warning' ? 'warn' : severity]({ at }, message)
    reloads.succeeded(nowMs(), printConfig(config))
    return engine
  }

  let engine: Engine = await rooms.start(build, (): void => engine.stop())
  engine.start()
  const reload = async (): Promise<void> => {
    let next
    try {
      if (web) web = await loadWebConfig(settings.webConfigFile)
      next = await build()
    } catch (error) {
      reloads.failed()
      throw error
    }
    const previous = engine
    engine = next
    previous.stop()
    next.start()
    logger.info({ file: settings.configFile }, 'Completed loading of configuration file')
  }

  addStateMetrics(metrics, { store, silences, log, engine: () => engine, nowMs })
  startMaintenance(rooms, options, settings, { store, silences, log, engine: () => engine })

  let web = settings.webConfigFile === '' ? undefined : await loadWebConfig(settings.webConfigFile)
  const limits = new RequestLimits(metrics, clock, settings)
  const { host, port } = parseListenAddress(settings.listenAddress, options.listenHost)
  const requests = metrics.histogram(
    'alertmanager_http_request_duration_seconds',
    'Histogram of latencies for HTTP requests.',
    [0.05, 0.1, 0.25, 0.5, 0.75, 1, 2, 5, 20, 60],
    ['handler', 'method', 'code'],
  )
  const server = createHttpServer({
    name: 'alertmanager',
    host,
    port,
    portFlag: 'web.listen-address',
    logger,
    metrics,
    health: {
      healthyPath: `${settings.routePrefix}/-/healthy`,
      readyPath: `${settings.routePrefix}/-/ready`,
      healthyText: 'OK',
      readyText: 'OK',
      ready: () => true,
    },
    ...(web && { web: () => web! }),
    intercept: (request, response) => limits.intercept(request, response),
    observe: ({ method, route, seconds, status }) =>
      requests.observe({ handler: route ?? '/', method: method.toLowerCase(), code: String(status) }, seconds),
  })
  const api = { engine: () => engine, store, silences, nowMs, startedAtMs, logger, reload, mode: settings.mode }
  const apiOptions = { ...api, metrics: new AlertMetrics(metrics) }
  addAlertmanagerApi(server, apiOptions, settings.routePrefix)
  addPages(server, apiOptions, {
    prefix: settings.routePrefix,
    // A proxy may have put us below a path of its own, which the external URL then names.
    linkPrefix: () =>
      settings.externalUrl === '' ? settings.routePrefix : new URL(settings.externalUrl).pathname.replace(/\/$/, ''),
    configFile: settings.configFile,
  })
  const bound = await rooms.start(
    () => server.listen(),
    () => server.close(),
  )
  if (url === '') url = bound.url
  for (const notice of settings.notices) logger.warn(notice)
  return {
    endpoints: [{ name: 'Alertmanager API', url: bound.url + settings.routePrefix }],
    notices: settings.notices,
    snapshots: directorySnapshots({ fileSystem: nodeFileSystem, directory: resolve(settings.storagePath) }),
    reload,
    stop: () => rooms.stop(),
  }
}

async function openState(
  rooms: Lifecycle,
  { clock, logger }: SystemOptions,
  settings: AlertsSettings,
): Promise<{ log: NotificationLog; silences: Silences }> {
  const common = {
    fileSystem: nodeFileSystem,
    nowMs: () => clock.nowMs(),
    every: (ms: number, action: () => void) => clock.every(ms, action),
    retentionMs: settings.retentionMs,
    onProblem: ({ cause, kind, message, offset, segment }: WalProblem) =>
      logger.warn({ kind, segment, offset, err: cause }, message),
  }
  const path = resolve(settings.storagePath)
  const log = await rooms.start(
    () => NotificationLog.open({ ...common, directory: join(path, 'nflog') }),
    (opened) => opened.close(),
  )
  const { maxSilenceBytes, maxSilences, mode } = settings
  const silences = await rooms.start(
    () => Silences.open({ ...common, directory: join(path, 'silences'), maxSilences, maxSilenceBytes, mode }),
    (opened) => opened.close(),
  )
  return { log, silences }
}

interface Rooms {
  readonly store: AlertStore
  readonly silences: Silences
  readonly log: NotificationLog
  readonly engine: () => Engine
}

function startMaintenance(
  rooms: Lifecycle,
  { clock, logger }: SystemOptions,
  settings: AlertsSettings,
  { engine, log, silences, store }: Rooms,
): void {
  const state = clock.every(settings.maintenanceMs, () => {
    Promise.all([silences.maintain(), log.maintain()]).catch((error: unknown) =>
      logger.error({ err: error }, 'maintenance of silences and notification log failed; will try again'),
    )
  })
  const alerts = clock.every(settings.alertGcMs, () => {
    store.collect()
    engine().collect(clock.nowMs())
  })
  rooms.onStop(() => state.cancel())
  rooms.onStop(() => alerts.cancel())
}

class ReloadMetrics {
  readonly #success
  readonly #time
  readonly #hash

  constructor(metrics: SelfMetrics) {
    this.#success = metrics.gauge(
      'alertmanager_config_last_reload_successful',
      'Whether the last configuration reload attempt was successful.',
    )
    this.#time = metrics.gauge(
      'alertmanager_config_last_reload_success_timestamp_seconds',
      'Timestamp of the last successful configuration reload.',
    )
    this.#hash = metrics.gauge('alertmanager_config_hash', 'Hash of the currently loaded alertmanager configuration.')
  }

  succeeded(nowMs: number, text: string): void {
    this.#success.set(1)
    this.#time.set(nowMs / 1000)
    // 48 bits, as upstream: what a float64 holds exactly.
    this.#hash.set(createHash('md5').update(text).digest().readUIntBE(0, 6))
  }

  failed(): void {
    this.#success.set(0)
  }
}

function addStateMetrics(
  metrics: SelfMetrics,
  { engine, log, nowMs, silences, store }: Rooms & { readonly nowMs: () => number },
): void {
  metrics
    .gauge('alertmanager_build_info', 'A metric with a constant 1 value labeled by version.', ['version', 'goversion'])
    .set({ version: '0.30.0', goversion: process.version }, 1)
  metrics.gauge('alertmanager_alerts', 'How many alerts by state.', ['state'], (gauge) => {
    const counts = { active: 0, suppressed: 0, unprocessed: 0 }
    const now = nowMs()
    for (const alert of store.values()) {
      if (isResolved(alert, now)) continue
      const isQuiet = silences.silencing(alert.labels).length > 0 || engine().inhibitedBy(alert, now).length > 0
      counts[isQuiet ? 'suppressed' : 'active']++
    }
    for (const [state, count] of Object.entries(counts)) gauge.set({ state }, count)
  })
  metrics.gauge('alertmanager_silences', 'How many silences by state.', ['state'], (gauge) => {
    for (const state of ['active', 'pending', 'expired'] as const) gauge.set({ state }, silences.count(state))
  })
  metrics.gauge('alertmanager_dispatcher_aggregation_groups', 'Number of active aggregation groups', [], (gauge) =>
    gauge.set(engine().dispatcher.groupCount),
  )
  metrics.gauge('alertmanager_integrations', 'Number of configured integrations.', [], (gauge) =>
    gauge.set(engine().integrationCount),
  )
  metrics.gauge('alertmanager_receivers', 'Number of configured receivers.', [], (gauge) =>
    gauge.set(engine().config.receivers?.length ?? 0),
  )
  metrics.gauge('quartet_alerts_refused_alerts', 'Alerts that the limit has kept out.', [], (gauge) =>
    gauge.set(store.refusedCount),
  )
  metrics.gauge('quartet_alerts_state_bytes', 'Bytes of silences and notification log on disk.', [], (gauge) =>
    gauge.set(silences.sizeBytes + log.sizeBytes),
  )
}
