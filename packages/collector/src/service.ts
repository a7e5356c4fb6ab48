import { join } from 'node:path'
import {
  ConfigError,
  createHttpServer,
  createSelfMetrics,
  formatHostPort,
  silentLogger,
  systemClock,
} from '@quartet/runtime'
import type {
  CheckOptions,
  Clock,
  Finding,
  HttpServer,
  RunningSystem,
  SelfMetrics,
  SystemOptions,
} from '@quartet/runtime'
import { directorySnapshots, nodeFileSystem } from '@quartet/storage'
import { addRoutes } from './api/routes.ts'
import { COMPONENTS } from './components/registry.ts'
import { UPSTREAM_BLOCKS, UPSTREAM_COMPONENTS } from './components/upstream-names.ts'
import { readConfig } from './config/config-file.ts'
import { readFlags } from './config/flags.ts'
import type { Settings } from './config/flags.ts'
import { checkServiceBlock, LeveledLogger, SERVICE_BLOCKS } from './components/service-blocks.ts'
import { Controller, GraphError } from './graph/index.ts'
import type { HealthState } from './graph/index.ts'
import { standardLibrary } from './syntax/index.ts'

/** Builds the collector top-down and starts it. @throws ConfigError, PortTakenError */
export async function startCollector(options: SystemOptions): Promise<RunningSystem> {
  const settings = readFlags(options)
  const logger = new LeveledLogger(options.logger)
  const metrics = createSelfMetrics({ clock: options.clock })
  let isReady = false
  const server = createHttpServer({
    name: 'alloy',
    host: settings.host,
    port: settings.port,
    portFlag: 'server.http.listen-addr',
    logger,
    metrics,
    health: {
      healthyText: 'All Alloy components are healthy.\n',
      healthy: () => unhealthyComponents(controller),
      readyText: 'Alloy is ready.\n',
      ready: () => isReady || 'Alloy is not ready.',
    },
  })
  const controller = createController({ settings, logger, metrics, clock: options.clock })
  addSelfMetrics(metrics, controller)
  const load = (failOnStart: boolean): Promise<void> => loadConfig(controller, settings, metrics, failOnStart)
  addRoutes(server, controller, () => load(false))
  const { url } = await server.listen()
  try {
    await load(true)
  } catch (error) {
    await stopAll(controller, server)
    throw error
  }
  isReady = true
  return {
    endpoints: [{ name: 'Collector', url }, ...listeners(controller)],
    notices: [],
    snapshots: directorySnapshots({
      fileSystem: nodeFileSystem,
      directory: settings.storagePath,
      // A component comes behind those it refers to, which are those it sends to.
      order: () =>
        controller
          .components()
          .map(({ id }) => id)
          .toReversed(),
    }),
    reload: () => load(false),
    stop: () => stopAll(controller, server),
  }
}

/** Reads the configuration and says everything that is wrong with it. */
export async function checkCollector(options: CheckOptions): Promise<readonly Finding[]> {
  let settings: Settings
  try {
    settings = readFlags(options)
    const { name, text } = await readConfig(settings.configPath)
    const logger = new LeveledLogger(silentLogger)
    const context = { settings, logger, metrics: createSelfMetrics({ clock: systemClock }), clock: systemClock }
    const found = createController(context).check(name, text)
    return found.map(({ severity, line, column, message }) => ({ severity, at: `${name}:${line}:${column}`, message }))
  } catch (error) {
    const problems = error instanceof ConfigError ? error.problems : [(error as Error).message]
    return problems.map((message) => ({ severity: 'error', at: undefined, message }))
  }
}

function createController(services: {
  readonly settings: Settings
  readonly logger: LeveledLogger
  readonly metrics: SelfMetrics
  readonly clock: Clock
}): Controller {
  const { settings, logger, metrics, clock } = services
  const library = standardLibrary(process.env)
  return new Controller({
    registry: COMPONENTS,
    upstreamNames: UPSTREAM_COMPONENTS,
    upstreamBlocks: UPSTREAM_BLOCKS,
    services: SERVICE_BLOCKS,
    stability: settings.stability,
    library,
    logger,
    nowMs: () => clock.nowMs(),
    checkService: (block, diagnostics) => checkServiceBlock(block, library, logger, diagnostics),
    contextFor: (id) => ({
      dataDirectory: join(settings.storagePath, id),
      fileSystem: nodeFileSystem,
      clock,
      logger: logger.child({ component: id }),
      metrics,
      selfAddress: formatHostPort(settings.host, settings.port),
    }),
  })
}

async function loadConfig(
  controller: Controller,
  settings: Settings,
  metrics: SelfMetrics,
  failOnStart: boolean,
): Promise<void> {
  const success = metrics.gauge('alloy_config_last_load_successful', 'Config loaded successfully.')
  const time = metrics.gauge(
    'alloy_config_last_load_success_timestamp_seconds',
    'Timestamp of the last successful configuration load.',
  )
  try {
    const { name, text } = await readConfig(settings.configPath)
    await controller.load(name, text, { failOnStart })
    success.set(1)
    time.setToCurrentTime()
  } catch (error) {
    success.set(0)
    throw error instanceof GraphError ? new ConfigError(error.problems) : error
  }
}

const STATES: readonly HealthState[] = ['healthy', 'unhealthy', 'unknown', 'exited']

function addSelfMetrics(metrics: SelfMetrics, controller: Controller): void {
  const help = 'Total number of running components.'
  metrics.gauge('alloy_component_controller_running_components', help, ['health_type'], (gauge) => {
    const components = controller.components()
    for (const state of STATES) {
      gauge.set({ health_type: state }, components.filter(({ health }) => health.state === state).length)
    }
  })
  metrics
    .gauge('alloy_build_info', 'A metric with a constant value of 1 labelled by version.', ['version', 'goversion'])
    .set({ version: 'v1.12.1-quartet', goversion: `node${process.versions.node}` }, 1)
}

/** Upstream's text. A store that is away makes no component unhealthy: what is for it waits in a queue. */
function unhealthyComponents(controller: Controller): true | string {
  const unhealthy = controller.components().filter(({ health }) => health.state === 'unhealthy')
  return unhealthy.length === 0 || `unhealthy components: ${unhealthy.map(({ id }) => id).join(', ')}\n`
}

/** The ports that receivers have opened. */
function listeners(controller: Controller): { name: string; url: string }[] {
  return controller
    .components()
    .filter(({ name }) => name === 'otelcol.receiver.otlp')
    .flatMap(({ debugInfo }) =>
      [...debugInfo].map(([transport, address]) => ({
        name: `OTLP ${transport === 'grpc' ? 'gRPC' : 'HTTP'}`,
        url: `http://${String(address)}`,
      })),
    )
}

async function stopAll(controller: Controller, server: HttpServer): Promise<void> {
  await controller.stop()
  await server.close()
}
