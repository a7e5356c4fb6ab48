import { compareText } from '@quartet/model'
import type { SampleSink } from '@quartet/model'
import type { Clock, Logger, SelfMetrics } from '@quartet/runtime'
import { AlertingRule } from './alert/alerting-rule.ts'
import type { Alert, Notification } from './alert/alert.ts'
import { groupKey } from './file/rule-spec.ts'
import type { RuleGroupSpec } from './file/rule-spec.ts'
import { createRuleMetrics } from './group/rule-metrics.ts'
import { RuleGroup } from './group/rule-group.ts'
import type { GroupServices, GroupSurroundings } from './group/rule-group.ts'
import { SampleWriter } from './group/sample-writer.ts'
import type { Evaluate, ReadForState } from './ports.ts'
import { tableLink } from './template/expression-link.ts'

export interface RuleManagerOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: SelfMetrics
  /** First word of the metrics' names; `prometheus` by default. */
  readonly metricPrefix?: string
  readonly evaluate: Evaluate
  /** Where recorded series and `ALERTS` go. */
  readonly sink: SampleSink
  /** Where `ALERTS_FOR_STATE` is read after a restart. */
  readonly readForState?: ReadForState
  readonly notify: (notifications: readonly Notification[]) => void
  /** Where people see what an expression gives, relative to the external URL; Prometheus's page by default. */
  readonly expressionLink?: (expr: string) => string
  readonly outageToleranceMs?: number
  readonly forGracePeriodMs?: number
  readonly resendDelayMs?: number
}

/** Upstream's defaults of the `--rules.alert.*` flags. */
export const RULE_DEFAULTS = { outageToleranceMs: 3_600_000, forGracePeriodMs: 600_000, resendDelayMs: 60_000 }

/** Keeps the groups of all rule files running. */
export class RuleManager {
  readonly #services: GroupServices
  readonly #over = new AbortController()
  /** By file and name. */
  #groups = new Map<string, RuleGroup>()
  #hasStarted = false
  /** One update at a time. */
  #updating: Promise<void> = Promise.resolve()

  constructor(options: RuleManagerOptions) {
    const { clock, logger, metrics, metricPrefix, evaluate, sink, readForState, notify } = options
    this.#services = {
      clock,
      logger,
      metrics: createRuleMetrics(metrics, metricPrefix),
      evaluate,
      writer: new SampleWriter(sink),
      notify,
      readForState,
      expressionLink: options.expressionLink ?? tableLink,
      outageToleranceMs: options.outageToleranceMs ?? RULE_DEFAULTS.outageToleranceMs,
      forGracePeriodMs: options.forGracePeriodMs ?? RULE_DEFAULTS.forGracePeriodMs,
      resendDelayMs: options.resendDelayMs ?? RULE_DEFAULTS.resendDelayMs,
    }
  }

  /** Sorted by file, then by name. */
  get groups(): readonly RuleGroup[] {
    return [...this.#groups.values()].sort(
      (a, b) => compareText(a.spec.file, b.spec.file) || compareText(a.spec.name, b.spec.name),
    )
  }

  /** Alerts that are pending or firing. */
  get activeAlerts(): Alert[] {
    const rules = this.groups.flatMap((group) => group.rules)
    return rules.flatMap((rule) => (rule instanceof AlertingRule ? rule.activeAlerts : []))
  }

  /**
   * Makes `specs` the running groups. A group that is unchanged goes on undisturbed; one that is changed keeps the state of the rules
   * that it still has. Of two groups with the same file and name the last one counts. Resolves when all run.
   */
  update(specs: readonly RuleGroupSpec[], surroundings: GroupSurroundings): Promise<void> {
    const updated = this.#updating.then(() => this.#update(specs, surroundings))
    this.#updating = updated.catch(() => undefined)
    return updated
  }

  /** Waits for rules that are being evaluated. Series are not ended: they go on after the restart. */
  async stop(): Promise<void> {
    this.#over.abort()
    await this.#updating
    await Promise.all([...this.#groups.values()].map((group) => group.stop()))
  }

  async #update(specs: readonly RuleGroupSpec[], surroundings: GroupSurroundings): Promise<void> {
    if (this.#over.signal.aborted) return
    const before = this.#groups
    const next = new Map<string, RuleGroup>()
    const fresh: { group: RuleGroup; previous: RuleGroup | undefined }[] = []
    for (const [key, spec] of new Map(specs.map((one) => [groupKey(one), one]))) {
      const previous = before.get(key)
      before.delete(key)
      if (previous !== undefined && previous.fingerprint === RuleGroup.fingerprint(spec, surroundings)) {
        next.set(key, previous)
        continue
      }
      const group = new RuleGroup(spec, {
        services: this.#services,
        surroundings,
        shouldRestore: !this.#hasStarted,
      })
      next.set(key, group)
      fresh.push({ group, previous })
    }
    this.#hasStarted = true
    this.#groups = next
    await Promise.all(fresh.map((one) => this.#replace(one.group, one.previous)))
    for (const group of before.values()) {
      await group.stop()
      group.retire(this.#over.signal)
    }
  }

  async #replace(group: RuleGroup, previous: RuleGroup | undefined): Promise<void> {
    if (previous !== undefined) {
      await previous.stop()
      group.adopt(previous)
    }
    if (!this.#over.signal.aborted) group.start()
  }
}
