import { ConfigError, createHttpServer, createSelfMetrics, Lifecycle } from '@quartet/runtime'
import type { RunningSystem, SelfMetrics, ServedRequest, SystemOptions } from '@quartet/runtime'
import { sql } from 'kysely'
import { readFile } from 'node:fs/promises'
import { isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { addApi } from './api/api.ts'
import { UpgradeProxy } from './api/data-source-proxy.ts'
import { LiveChanges } from './api/live.ts'
import { createFirstAdmin } from './auth/first-admin.ts'
import { Login } from './auth/login.ts'
import { Sessions } from './auth/sessions.ts'
import { Kept } from './auth/sso/kept.ts'
import { checkExpressions } from './auth/sso/check-expressions.ts'
import type { SingleSignOn } from './auth/sso/single-sign-on.ts'
import { oauthSettings } from './config/oauth-settings.ts'
import { requireSettings } from './config/settings.ts'
import type { Settings, SettingsSource } from './config/settings.ts'
import { loadDashboardProviders } from './provisioning/dashboard-providers.ts'
import { DashboardProvisioner } from './provisioning/dashboard-provisioner.ts'
import { loadDataSources } from './provisioning/data-sources.ts'
import { StoreClient } from './query/store-client.ts'
import { GRAFANA_VERSION } from './api/services.ts'
import type { Services } from './api/services.ts'
import { Dashboards } from './storage/dashboards.ts'
import { openDatabase } from './storage/database.ts'
import { databaseSnapshots } from './storage/snapshots.ts'
import { Folders } from './storage/folders.ts'
import { loadSecretKey } from './storage/secret-store.ts'
import { Users } from './storage/users.ts'

export type WebOptions = SystemOptions & {
  /** Where Vite's build lies; the package's `dist` unless a test says otherwise. */
  readonly pageDirectory?: string
  readonly environment?: Readonly<Record<string, string | undefined>>
}

const DIST = fileURLToPath(new URL('../../dist', import.meta.url))
const CLEAN_UP_MS = 10 * 60_000
/** Explanations of failed sign-ins: about 2 KB each, read at once or never. */
const MAX_PROBLEMS = 200
const PROBLEM_AGE_MS = 15 * 60_000

/** @throws ConfigError with the problems of grafana.ini and of all provisioning files */
export async function startWeb(options: WebOptions): Promise<RunningSystem> {
  const { clock, logger } = options
  const environment = options.environment ?? process.env
  const settings = requireSettings(await settingsSource(options.flags, environment))
  const badExpressions = await checkExpressions(settings)
  if (badExpressions.length > 0)
    throw new ConfigError(badExpressions.map(({ at, message }) => `${at}: error: ${message}`))
  const paths = pathsOf(settings, options)
  const [dataSources, providers] = await loadProvisioning(paths.provisioning, environment)

  const rooms = new Lifecycle()
  const metrics = createSelfMetrics({ clock })
  const db = await rooms.start(
    () => openDatabase({ path: paths.database, clock }),
    (database) => database.destroy(),
  )
  const users = new Users(db)
  const made = await createFirstAdmin(users, settings, clock)
  const login = new Login({
    db,
    users,
    clock,
    isLockoutOn: !settings.flag('security', 'disable_brute_force_login_protection'),
    admin: {
      login: settings.text('security', 'admin_user'),
      password: settings.text('security', 'admin_password'),
      email: settings.text('security', 'admin_email'),
    },
  })
  const secretKey = await loadSecretKey(db, settings.text('security', 'secret_key'))
  const sessions = new Sessions({
    db,
    clock,
    secretKey,
    limits: {
      maxLifetimeMs: settings.duration('auth', 'login_maximum_lifetime_duration'),
      maxIdleMs: settings.duration('auth', 'login_maximum_inactive_lifetime_duration'),
      rotationMs: settings.number('auth', 'token_rotation_interval_minutes') * 60_000,
    },
  })
  const cleanUp = clock.every(CLEAN_UP_MS, () => {
    Promise.all([sessions.removeExpired(), login.removeOldAttempts()]).catch((error: unknown) =>
      logger.error({ err: error }, 'old sessions could not be removed'),
    )
  })
  rooms.onStop(() => cleanUp.cancel())

  const oauth = oauthSettings(settings)
  const singleSignOn = oauth && (await startSingleSignOn({ settings: oauth, db, users, secretKey, clock, logger }))
  if (singleSignOn) rooms.onStop(() => singleSignOn.close())

  const dashboards = new Dashboards(db, { clock, versionsToKeep: settings.number('dashboards', 'versions_to_keep') })
  const folders = new Folders(db, clock)
  const provisioner = await rooms.start(
    async () => {
      const room = new DashboardProvisioner({ providers, dashboards, folders, clock, logger })
      await room.rescan()
      room.watch()
      return room
    },
    (room) => room.stop(),
  )
  const stores = await rooms.start(
    () => new StoreClient({ timeoutMs: settings.number('dataproxy', 'timeout') * 1000, clock, metrics }),
    (client) => client.close(),
  )
  const services: Services = {
    settings,
    users,
    login,
    sessions,
    singleSignOn,
    signInProblems: new Kept({ clock, maxCount: MAX_PROBLEMS, maxAgeMs: PROBLEM_AGE_MS }),
    dashboards,
    folders,
    provisioner,
    dataSources,
    stores,
    metrics,
    clock,
    logger,
    pageDirectory: options.pageDirectory ?? DIST,
    async reloadDataSources() {
      services.dataSources = await loadDataSources(paths.provisioning, environment)
    },
    async reloadDashboards() {
      await provisioner.replaceProviders(await loadDashboardProviders(paths.provisioning, environment))
    },
    async isDatabaseFine() {
      try {
        await sql`select 1`.execute(db)
        return true
      } catch (error) {
        logger.error({ err: error }, 'the database does not answer')
        return false
      }
    },
  }
  addStatistics(metrics, services)

  const server = await rooms.start(
    () =>
      createHttpServer({
        name: 'grafana',
        host: textFlag(options, 'http-addr') || settings.text('server', 'http_addr') || options.listenHost,
        port: portOf(options, settings),
        portFlag: '--grafana.http-port',
        logger,
        metrics,
        observe: requestObserver(metrics),
      }),
    (room) => room.close(),
  )
  const live = await rooms.start(
    () => new LiveChanges(),
    (room) => room.close(),
  )
  try {
    await addApi(server.api, services, live)
    const upgrades = await rooms.start(
      () => new UpgradeProxy(services),
      (room) => room.close(),
    )
    server.server.on('upgrade', (request, socket, head) => upgrades.handle(request, socket, head))
    const { url } = await server.listen()
    logger.info({ url }, 'grafana is ready')
    return {
      endpoints: [{ name: 'grafana', url }],
      notices: made
        ? [`Grafana login: ${made.login} / ${made.password} (shown until the first login, stored hashed)`]
        : [],
      snapshots: databaseSnapshots(paths.database),
      async reload() {
        const [nextSources, nextProviders] = await loadProvisioning(paths.provisioning, environment)
        services.dataSources = nextSources
        await provisioner.replaceProviders(nextProviders)
      },
      stop: () => rooms.stop(),
    }
  } catch (error) {
    await rooms.stop()
    throw error
  }
}

/** Loaded only where it is on. */
async function startSingleSignOn(options: ConstructorParameters<typeof SingleSignOn>[0]): Promise<SingleSignOn> {
  const module = await import('./auth/sso/single-sign-on.ts')
  return new module.SingleSignOn(options)
}

/** The ini file that the flag `config` names; the default one may be missing. */
export async function settingsSource(
  flags: SystemOptions['flags'],
  environment: SettingsSource['environment'],
): Promise<SettingsSource> {
  const path = typeof flags['config'] === 'string' ? flags['config'] : ''
  if (path === '') return { ini: undefined, environment }
  try {
    return { ini: { path, text: await readFile(path, 'utf8') }, environment }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { ini: undefined, environment }
    throw new ConfigError([
      `${path}:1:1: error: cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    ])
  }
}

export function pathsOf(
  settings: Settings,
  options: Pick<SystemOptions, 'dataDirectory' | 'stackDirectory'>,
): { database: string; provisioning: string } {
  const data = settings.text('paths', 'data') || join(options.dataDirectory, 'grafana')
  const provisioning = settings.text('paths', 'provisioning') || join(options.stackDirectory, 'grafana', 'provisioning')
  const database = settings.text('database', 'path')
  return {
    database: isAbsolute(database) ? database : join(resolve(data), database),
    provisioning: isAbsolute(provisioning) ? provisioning : resolve(options.stackDirectory, 'grafana', provisioning),
  }
}

/** Both kinds of files, so that the problems of both are told together. */
export async function loadProvisioning(directory: string, environment: Readonly<Record<string, string | undefined>>) {
  const [sources, providers] = await Promise.allSettled([
    loadDataSources(directory, environment),
    loadDashboardProviders(directory, environment),
  ])
  if (sources.status === 'fulfilled' && providers.status === 'fulfilled')
    return [sources.value, providers.value] as const
  const problems: string[] = []
  for (const outcome of [sources, providers]) {
    if (outcome.status === 'fulfilled') continue
    if (!(outcome.reason instanceof ConfigError)) throw outcome.reason
    problems.push(...outcome.reason.problems)
  }
  throw new ConfigError(problems)
}

function textFlag(options: SystemOptions, name: string): string {
  const value = options.flags[name]
  return typeof value === 'string' ? value : ''
}

function portOf(options: SystemOptions, settings: Settings): number {
  const text = textFlag(options, 'http-port')
  if (text === '') return settings.number('server', 'http_port')
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  throw new ConfigError([`http-port: error: "${text}" is not a port`])
}

function requestObserver(metrics: SelfMetrics): (served: ServedRequest) => void {
  const durations = metrics.histogram(
    'grafana_http_request_duration_seconds',
    'Histogram of latencies for HTTP requests.',
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25],
    ['handler', 'status_code', 'method'],
  )
  return ({ method, route, status, seconds }) =>
    durations.observe({ handler: route ?? 'notfound', status_code: String(status), method }, seconds)
}

function addStatistics(metrics: SelfMetrics, { dashboards, users }: Services): void {
  metrics
    .gauge(
      'grafana_build_info',
      'A metric with a constant "1" value labeled by version, revision, branch, and goversion from which Grafana was built',
      ['version', 'edition'],
    )
    .set({ version: GRAFANA_VERSION, edition: 'oss' }, 1)
  metrics.gauge('grafana_stat_totals_dashboard', 'total amount of dashboards', [], async (gauge) =>
    gauge.set(await dashboards.count()),
  )
  metrics.gauge('grafana_stat_total_users', 'total amount of users', [], async (gauge) =>
    gauge.set(await users.count()),
  )
}
