import { join } from 'node:path'
import { NO_LABELS } from '@quartet/model'
import type { SampleSink, SeriesRef } from '@quartet/model'
import { Notifier, RuleManager } from '@quartet/rules'
import type { AlertmanagerSet, RuleGroup } from '@quartet/rules'
import type { Clock, Logger, SelfMetrics, Timer } from '@quartet/runtime'
import { openRemoteWrite, relabel } from '@quartet/scrape'
import type { RemoteWriteSink } from '@quartet/scrape'
import type { FileSystem } from '@quartet/storage'
import type { Limits } from '../config/limits.ts'
import type { RulerConfig } from '../config/ruler-config.ts'
import type { Queries } from '../query/queries.ts'
import { connectAlertmanager } from './alertmanager.ts'
import { exploreLink } from './explore-link.ts'
import { forStateReader } from './for-state-reader.ts'
import { RuleFiles, RuleStoreError } from './logql-rules.ts'
import { ruleQueries } from './rule-queries.ts'
import { SINGLE_TENANT } from './tenant.ts'

const METRIC_PREFIX = 'loki_prometheus'

export interface RulerOptions {
  readonly config: RulerConfig
  readonly limits: Limits
  /** Tenants are told apart; else there is {@link SINGLE_TENANT} alone. */
  readonly hasTenants: boolean
  readonly queries: Queries
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: SelfMetrics
  readonly fileSystem: FileSystem
  /** Holds the queues towards the receivers of samples. */
  readonly directory: string
}

/** Evaluates the rules of all tenants, tells Alertmanagers, and writes what rules record to Prometheus-compatible stores. */
export class Ruler {
  readonly files: RuleFiles
  /** Why the newest rule files are not in force. */
  problem: RuleStoreError | undefined
  readonly #options: RulerOptions
  readonly #rules: RuleManager
  readonly #notifier: Notifier
  readonly #sink: RemoteWriteSink | undefined
  #timer: Timer | undefined
  /** Of groups, by file and tenant, as the rule manager knows them. */
  #names = new Map<string, { tenant: string; namespace: string }>()

  /** @throws ConfigError when a TLS file or a secret cannot be read */
  static async start(options: RulerOptions, directory: string): Promise<Ruler> {
    const { config } = options
    const sets = await Promise.all(config.alertmanagers.map(connectAlertmanager))
    const sink = config.remoteWrite && (await openSink(options))
    const ruler = new Ruler(options, new RuleFiles(directory), sets, sink)
    await ruler.sync()
    ruler.#timer = options.clock.every(config.pollIntervalMs, () => void ruler.sync())
    return ruler
  }

  private constructor(
    options: RulerOptions,
    files: RuleFiles,
    sets: readonly AlertmanagerSet[],
    sink: RemoteWriteSink | undefined,
  ) {
    const { clock, config, limits, logger, metrics, queries } = options
    this.#options = options
    this.files = files
    this.#sink = sink
    this.#notifier = new Notifier({
      clock,
      logger,
      metrics,
      metricPrefix: METRIC_PREFIX,
      capacity: config.notificationCapacity,
    })
    this.#notifier.apply({
      externalLabels: NO_LABELS,
      relabel: config.relabelRules.length > 0 ? (labels) => relabel(labels, config.relabelRules) : undefined,
      sets,
    })
    const evaluate = ruleQueries(queries, limits.rulerEvaluationDelayMs)
    this.#rules = new RuleManager({
      clock,
      logger,
      metrics,
      metricPrefix: METRIC_PREFIX,
      evaluate,
      sink: sink ?? NOWHERE,
      readForState: forStateReader(() => this.#rules.groups, evaluate),
      notify: (notifications) => this.#notifier.send(notifications),
      expressionLink: (expr) => exploreLink(expr, config.datasourceUid),
      outageToleranceMs: config.outageToleranceMs,
      forGracePeriodMs: config.forGracePeriodMs,
      resendDelayMs: config.resendDelayMs,
    })
  }

  /** The running groups of a tenant with their namespaces, by namespace and name. */
  groups(tenant: string): { readonly namespace: string; readonly group: RuleGroup }[] {
    return this.#rules.groups.flatMap((group) => {
      const names = this.#names.get(group.spec.file)
      return names?.tenant === tenant ? [{ namespace: names.namespace, group }] : []
    })
  }

  /** Reads the rule files again. When one cannot be used, what runs goes on, as upstream has it. */
  async sync(): Promise<void> {
    const { config, logger } = this.#options
    try {
      const names = new Map<string, { tenant: string; namespace: string }>()
      const groups = []
      for (const tenant of await this.tenants()) {
        for (const namespace of await this.files.namespaces(tenant, 'canonical')) {
          const file = join(config.rulePath, tenant, encodeURIComponent(namespace.name))
          names.set(file, { tenant, namespace: namespace.name })
          groups.push(...namespace.groups.map((group) => ({ ...group, file })))
        }
      }
      this.#names = names
      this.problem = undefined
      await this.#rules.update(groups, {
        intervalMs: config.evaluationIntervalMs,
        queryOffsetMs: 0,
        externalLabels: NO_LABELS,
        externalUrl: config.externalUrl,
      })
    } catch (error) {
      if (!(error instanceof RuleStoreError)) throw error
      // Told once, not at every poll.
      if (error.message !== this.problem?.message) {
        logger.error({ problem: error.message, problems: error.problems }, 'unable to list rules')
      }
      this.problem = error
    }
  }

  /** Whose rules are evaluated. @throws RuleStoreError */
  async tenants(): Promise<string[]> {
    const { config, hasTenants } = this.#options
    const found = await this.files.tenants({ mayBeMissing: config.isDirectoryImplied })
    return found.filter((tenant) => {
      if (!hasTenants && tenant !== SINGLE_TENANT) return false
      const isEnabled = config.enabledTenants.length === 0 || config.enabledTenants.includes(tenant)
      return isEnabled && !config.disabledTenants.includes(tenant)
    })
  }

  /** Rules first, so that what they told and wrote last is still sent. */
  async stop(): Promise<void> {
    this.#timer?.cancel()
    await this.#rules.stop()
    await this.#notifier.stop()
    await this.#sink?.stop()
  }
}

async function openSink(options: RulerOptions): Promise<RemoteWriteSink> {
  const { clock, config, directory, fileSystem, hasTenants, logger, metrics } = options
  const { addOrgId, clients } = config.remoteWrite!
  const tenant: Record<string, string> = addOrgId && !hasTenants ? { 'X-Scope-OrgID': SINGLE_TENANT } : {}
  return openRemoteWrite(
    clients.map((client) => ({ ...client, headers: { ...tenant, ...client.headers } })),
    { fileSystem, clock, logger, metrics, directory },
  )
}

/** Without remote write, what rules give is evaluated for its alerts only, as upstream has it. */
const NOWHERE: SampleSink = {
  epoch: 0,
  resolve: () => 0 as SeriesRef,
  append: async () => ({ outOfOrder: 0, tooOld: 0, duplicate: 0 }),
  describe: () => {},
}
