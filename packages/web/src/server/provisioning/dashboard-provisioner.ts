import type { Clock, Logger, Timer } from '@quartet/runtime'
import { watch } from 'node:fs'
import type { FSWatcher } from 'node:fs'
import { dirname, join } from 'node:path'
import { DashboardError } from '../storage/dashboard-rules.ts'
import type { Dashboards } from '../storage/dashboards.ts'
import type { Folders } from '../storage/folders.ts'
import { DashboardFileError, listDashboardFiles, readDashboardFile } from './dashboard-files.ts'
import type { DashboardFile } from './dashboard-files.ts'
import type { DashboardProvider } from './dashboard-providers.ts'

export interface ProviderStatus {
  readonly provider: string
  readonly path: string
  readonly dashboards: number
  /** `file:line:col: error: …` */
  readonly problems: readonly string[]
  readonly scannedMs: number
}

/** An editor writes a file in several steps; they are looked at together. */
const SETTLE_MS = 100

/**
 * Keeps the dashboards of all providers as their files say. A file that cannot be used leaves its dashboard as it was and is
 * reported; so does a folder that cannot be read, since an unmounted volume is no reason to remove dashboards.
 */
export class DashboardProvisioner {
  readonly #dashboards: Dashboards
  readonly #folders: Folders
  readonly #clock: Clock
  readonly #logger: Logger
  #providers: readonly DashboardProvider[]
  #status = new Map<string, ProviderStatus>()
  #watchers: FSWatcher[] = []
  #timers: Timer[] = []
  #settling: Timer | undefined
  #scan: Promise<void> = Promise.resolve()

  constructor(options: {
    providers: readonly DashboardProvider[]
    dashboards: Dashboards
    folders: Folders
    clock: Clock
    logger: Logger
  }) {
    this.#providers = options.providers
    this.#dashboards = options.dashboards
    this.#folders = options.folders
    this.#clock = options.clock
    this.#logger = options.logger
  }

  get status(): readonly ProviderStatus[] {
    return this.#providers.map(
      ({ name, path }) => this.#status.get(name) ?? { provider: name, path, dashboards: 0, problems: [], scannedMs: 0 },
    )
  }

  isUiUpdateAllowed(provider: string): boolean {
    return this.#providers.find(({ name }) => name === provider)?.areUiUpdatesAllowed ?? true
  }

  /** Reads everything that has changed. Scans run one after the other. */
  rescan(): Promise<void> {
    this.#scan = this.#scan.then(() => this.#scanAll())
    return this.#scan
  }

  /** Rescans when a file changes, where the file system tells, and at the providers' intervals. */
  watch(): void {
    for (const provider of this.#providers) {
      this.#timers.push(this.#clock.every(provider.updateIntervalMs, () => this.#rescanAndReport()))
      try {
        const watcher = watch(provider.path, { recursive: true, persistent: false }, () => this.#settle())
        watcher.on('error', (error) =>
          this.#logger.warn({ err: error, path: provider.path }, 'stopped watching dashboards'),
        )
        this.#watchers.push(watcher)
      } catch (error) {
        this.#logger.warn({ err: error, path: provider.path }, 'dashboards are not watched, only rescanned')
      }
    }
  }

  async replaceProviders(providers: readonly DashboardProvider[]): Promise<void> {
    this.#stopWatching()
    this.#providers = providers
    await this.rescan()
    this.watch()
  }

  async stop(): Promise<void> {
    this.#stopWatching()
    await this.#scan
  }

  #stopWatching(): void {
    for (const watcher of this.#watchers) watcher.close()
    for (const timer of this.#timers) timer.cancel()
    this.#settling?.cancel()
    this.#watchers = []
    this.#timers = []
  }

  #settle(): void {
    this.#settling?.cancel()
    this.#settling = this.#clock.after(SETTLE_MS, () => this.#rescanAndReport())
  }

  #rescanAndReport(): void {
    this.rescan().catch((error: unknown) => this.#logger.error({ err: error }, 'dashboards could not be rescanned'))
  }

  async #scanAll(): Promise<void> {
    const uids = new Map<string, string>()
    for (const provider of this.#providers) await this.#scanProvider(provider, uids)
    for (const name of await this.#dashboards.providers()) {
      if (this.#providers.some((provider) => provider.name === name)) continue
      for (const { uid } of await this.#dashboards.provisioned(name)) await this.#dashboards.remove(uid)
    }
  }

  async #scanProvider(provider: DashboardProvider, uids: Map<string, string>): Promise<void> {
    const problems: string[] = []
    const files = await this.#orProblem(() => listDashboardFiles(provider.path), problems)
    if (files) {
      for (const file of files) await this.#readFile(provider, file, uids, problems)
      await this.#removeMissing(provider, files)
    }
    const dashboards = (await this.#dashboards.provisioned(provider.name)).length
    this.#report(provider, {
      provider: provider.name,
      path: provider.path,
      dashboards,
      problems,
      scannedMs: this.#clock.nowMs(),
    })
  }

  async #readFile(
    provider: DashboardProvider,
    file: string,
    uids: Map<string, string>,
    problems: string[],
  ): Promise<void> {
    const path = join(provider.path, file)
    const dashboard = await this.#orProblem(() => readDashboardFile(path, `${provider.name}/${file}`), problems)
    if (!dashboard) return
    const owner = uids.get(dashboard.uid)
    if (owner !== undefined) {
      problems.push(`${path}:1:1: error: uid "${dashboard.uid}" is used already by ${owner}`)
      return
    }
    uids.set(dashboard.uid, path)
    await this.#orProblem(() => this.#write(provider, file, dashboard), problems, `${path}:1:1`)
  }

  async #write(provider: DashboardProvider, file: string, dashboard: DashboardFile): Promise<void> {
    const directory = dirname(file)
    const title = provider.foldersFromFilesStructure
      ? directory === '.'
        ? ''
        : directory.replaceAll('\\', '/')
      : provider.folder
    const uid = provider.foldersFromFilesStructure ? undefined : provider.folderUid
    const folderUid = await this.#folders.provide({ title, ...(uid !== undefined && { uid }), provider: provider.name })
    const written = await this.#dashboards.provision({
      ...dashboard,
      folderUid,
      provider: provider.name,
      externalId: file,
    })
    if (written === 'written') this.#logger.info({ uid: dashboard.uid, file }, 'dashboard read')
  }

  async #removeMissing(provider: DashboardProvider, files: readonly string[]): Promise<void> {
    const present = new Set(files)
    for (const { uid, external_id: file } of await this.#dashboards.provisioned(provider.name)) {
      if (present.has(file)) continue
      if (provider.isDeletionDisabled) await this.#dashboards.release(uid)
      else await this.#dashboards.remove(uid)
      this.#logger.info({ uid, file }, 'the file of a dashboard is gone')
    }
  }

  async #orProblem<T>(action: () => Promise<T>, problems: string[], place = ''): Promise<T | undefined> {
    try {
      return await action()
    } catch (error) {
      if (error instanceof DashboardFileError) problems.push(error.message)
      else if (error instanceof DashboardError) problems.push(`${place}: error: ${error.message}`)
      else throw error
      return undefined
    }
  }

  /** A problem is logged when it appears, not at every scan. */
  #report(provider: DashboardProvider, status: ProviderStatus): void {
    const known = new Set(this.#status.get(provider.name)?.problems)
    for (const problem of status.problems) {
      if (!known.has(problem)) this.#logger.error({ problem }, 'a dashboard file cannot be used')
    }
    this.#status.set(provider.name, status)
  }
}
