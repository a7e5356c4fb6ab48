import { labelsFromRecord } from '@quartet/model'
import type { Clock, Logger, SelfMetrics } from '@quartet/runtime'
import { Notifier, RuleManager } from '@quartet/rules'
import type { AlertmanagerSet, NotifierSettings } from '@quartet/rules'
import { relabel } from '@quartet/scrape'
import type { MetricsSettings } from '../config/flags.ts'
import type { PrometheusConfig } from '../config/prometheus-config.ts'
import type { QueryEngine } from '../query/engine.ts'
import { QueryGate } from '../query/query-gate.ts'
import type { SeriesSource } from '../query/source.ts'
import { createAlertmanagerSet } from './alertmanagers.ts'
import { forStateReader } from './for-state-reader.ts'
import type { LoadedRules } from './promql-rules.ts'
import { ruleQueries } from './rule-queries.ts'

/** Rules that are evaluated at a time, whatever people ask meanwhile. */
const RULE_CONCURRENCY = 4

export interface AlertingOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: SelfMetrics
  readonly settings: MetricsSettings
  readonly source: SeriesSource
  readonly sink: ConstructorParameters<typeof RuleManager>[0]['sink']
  readonly engine: () => QueryEngine
  readonly observeQuery: (seconds: number) => void
}

/** A configuration whose Alertmanagers can be reached for; to be put in force or thrown away. */
export interface PreparedAlerting {
  readonly notifier: NotifierSettings
  readonly rules: LoadedRules
  readonly config: PrometheusConfig
}

/** Rules and the way of their alerts to Alertmanagers. */
export class Alerting {
  readonly rules: RuleManager
  readonly notifier: Notifier
  readonly #options: AlertingOptions

  constructor(options: AlertingOptions) {
    const { clock, logger, metrics, settings, source, sink, engine, observeQuery } = options
    this.#options = options
    this.notifier = new Notifier({
      clock,
      logger,
      metrics,
      capacity: settings.notificationCapacity,
      drainOnStop: settings.drainNotifications,
    })
    this.rules = new RuleManager({
      clock,
      logger,
      metrics,
      sink,
      evaluate: ruleQueries({
        engine,
        gate: new QueryGate(RULE_CONCURRENCY),
        observe: observeQuery,
        monotonicMs: () => clock.monotonicMs(),
      }),
      readForState: forStateReader(source),
      notify: (notifications) => this.notifier.send(notifications),
      outageToleranceMs: settings.outageToleranceMs,
      forGracePeriodMs: settings.forGracePeriodMs,
      resendDelayMs: settings.resendDelayMs,
    })
  }

  /** Builds what a configuration asks for without touching what runs. @throws ConfigError */
  async prepare(config: PrometheusConfig, rules: LoadedRules): Promise<PreparedAlerting> {
    const { clock, logger } = this.#options
    const sets: AlertmanagerSet[] = []
    const services = { clock, logger, onChange: () => this.notifier.destinationsChanged() }
    try {
      for (const one of config.alerting.alertmanagers) sets.push(await createAlertmanagerSet(one, services))
    } catch (error) {
      for (const set of sets) set.close()
      throw error
    }
    const { relabelRules } = config.alerting
    return {
      config,
      rules,
      notifier: {
        externalLabels: labelsFromRecord(config.externalLabels),
        relabel: relabelRules.length > 0 ? (labels) => relabel(labels, relabelRules) : undefined,
        sets,
      },
    }
  }

  /** @param externalUrl where people reach this server, without a slash at the end */
  async apply({ config, rules, notifier }: PreparedAlerting, externalUrl: string): Promise<void> {
    this.notifier.apply(notifier)
    await this.rules.update(rules.groups, {
      intervalMs: config.evaluationIntervalMs,
      queryOffsetMs: config.ruleQueryOffsetMs,
      externalLabels: notifier.externalLabels,
      externalUrl,
    })
  }

  /** Rules first, so that what they told last is still sent. */
  async stop(): Promise<void> {
    await this.rules.stop()
    await this.notifier.stop()
  }
}
