import { labelsFromPairs, labelsKey, METRIC_NAME } from '@quartet/model'
import type { Label, Labels } from '@quartet/model'
import type { AlertingSpec } from '../file/rule-spec.ts'
import type { EvaluationContext, RuleSample } from '../group/rule.ts'
import { Rule } from '../group/rule.ts'
import { slices } from '../group/slices.ts'
import type { VectorElement } from '../ports.ts'
import { AlertTemplate, AlertTemplateData } from '../template/alert-template.ts'
import { needsSending, newAlert } from './alert.ts'
import type { Alert, AlertState, Notification } from './alert.ts'

const ALERT_NAME = 'alertname'
const ALERT_STATE = 'alertstate'
const ALERTS = 'ALERTS'
export const ALERTS_FOR_STATE = 'ALERTS_FOR_STATE'
/** A resolved alert is told again and again for so long, in case its receiver was away. */
const RESOLVED_RETENTION_MS = 15 * 60_000
/** An alert that is not told again within this many intervals counts as resolved, so two notifications may get lost. */
const VALID_INTERVALS = 4
/** Alerts whose templates are expanded before others get their turn. */
const SLICE_SIZE = 100

type NamedTemplates = readonly (readonly [name: string, template: AlertTemplate])[]

/** Keeps the state of every instance of one alerting rule. */
export class AlertingRule extends Rule {
  readonly spec: AlertingSpec
  /** While false the `ALERTS` series are not written: those from before a restart are yet to be read. */
  isRestored: boolean
  /** By labels. */
  #active = new Map<string, Alert>()
  readonly #labels: NamedTemplates
  readonly #annotations: NamedTemplates

  constructor(spec: AlertingSpec, options: { readonly isRestored: boolean }) {
    super()
    this.spec = spec
    this.isRestored = options.isRestored
    const compile = ([name, text]: Label): [string, AlertTemplate] => [name, new AlertTemplate(spec.name, text)]
    this.#labels = spec.labels.map(compile)
    this.#annotations = spec.annotations.map(compile)
  }

  /** The gravest state of its alerts; `unknown` before the first evaluation. */
  get state(): AlertState | 'unknown' {
    if (this.lastEvaluationMs === undefined) return 'unknown'
    let state: AlertState = 'inactive'
    for (const alert of this.#active.values()) {
      if (alert.state === 'firing') return 'firing'
      if (alert.state === 'pending') state = 'pending'
    }
    return state
  }

  /** Those that are pending or firing. */
  get activeAlerts(): Alert[] {
    return this.allAlerts.filter(({ resolvedAtMs }) => resolvedAtMs === undefined)
  }

  /** Also those that were resolved a short time ago. */
  get allAlerts(): Alert[] {
    return [...this.#active.values()]
  }

  /** Takes over the alerts of the rule that this one replaces. */
  adopt(previous: AlertingRule): void {
    for (const [key, alert] of previous.#active) this.#active.set(key, alert)
  }

  /** @returns samples of ALERTS and ALERTS_FOR_STATE */
  override async evaluate(context: EvaluationContext): Promise<RuleSample[]> {
    const { timeMs, queryOffsetMs, limit, evaluate, signal } = context
    const result = await evaluate(this.spec.expr, timeMs - queryOffsetMs, signal)
    const found = await this.#alertsOf(result, context)
    for (const [key, alert] of found) {
      const known = this.#active.get(key)
      if (known === undefined || known.state === 'inactive') this.#active.set(key, alert)
      else {
        known.value = alert.value
        known.annotations = alert.annotations
      }
    }
    const samples: RuleSample[] = []
    let count = 0
    for (const [key, alert] of this.#active) {
      if (!this.#advance(key, alert, found.has(key), timeMs)) continue
      count++
      if (this.isRestored) this.#addSamples(samples, alert, timeMs - queryOffsetMs)
    }
    if (limit > 0 && count > limit) {
      this.#active.clear()
      throw new Error(`exceeded limit of ${limit} with ${count} alerts`)
    }
    return samples
  }

  /** Marks those that are due as sent. */
  takeNotifications(options: {
    readonly timeMs: number
    readonly resendDelayMs: number
    readonly intervalMs: number
    readonly generatorUrl: string
  }): Notification[] {
    const { timeMs, resendDelayMs, intervalMs, generatorUrl } = options
    const due: Notification[] = []
    for (const alert of this.#active.values()) {
      if (!needsSending(alert, timeMs, resendDelayMs)) continue
      alert.lastSentAtMs = timeMs
      alert.validUntilMs = timeMs + VALID_INTERVALS * Math.max(resendDelayMs, intervalMs)
      due.push({
        labels: alert.labels,
        annotations: alert.annotations,
        startsAtMs: alert.firedAtMs ?? alert.activeAtMs,
        endsAtMs: alert.resolvedAtMs ?? alert.validUntilMs,
        generatorUrl,
      })
    }
    return due
  }

  async #alertsOf(result: readonly VectorElement[], context: EvaluationContext): Promise<Map<string, Alert>> {
    const found = new Map<string, Alert>()
    for await (const slice of slices(result, SLICE_SIZE)) {
      for (const element of slice) {
        const { labels, annotations } = await this.#describe(element, context)
        const key = labelsKey(labels)
        if (found.has(key)) {
          throw new Error('vector contains metrics with the same labelset after applying alert labels')
        }
        found.set(key, newAlert({ labels, annotations, value: element.value, activeAtMs: context.timeMs }))
      }
    }
    return found
  }

  async #describe(
    element: VectorElement,
    context: EvaluationContext,
  ): Promise<{ labels: Labels; annotations: Labels }> {
    const { timeMs, externalLabels, externalUrl, evaluate, signal, onTemplateError } = context
    const data = new AlertTemplateData(element, externalLabels, externalUrl)
    const query = (expr: string): Promise<readonly VectorElement[]> => evaluate(expr, timeMs, signal)
    const expandAll = async (templates: NamedTemplates): Promise<Label[]> => {
      const pairs: Label[] = []
      for (const [name, template] of templates) {
        const text = template.constant ?? (await template.expand({ data, timeMs, externalUrl, query }, onTemplateError))
        pairs.push([name, text])
      }
      return pairs
    }
    const own = element.labels.filter(([name]) => name !== METRIC_NAME)
    const added = await expandAll(this.#labels)
    const labels = labelsFromPairs([...own, ...added, [ALERT_NAME, this.spec.name]])
    // Unlike a label, an annotation may be empty.
    return { labels, annotations: await expandAll(this.#annotations) }
  }

  /** Moves an alert on in time. @returns whether it is pending or firing */
  #advance(key: string, alert: Alert, isFound: boolean, timeMs: number): boolean {
    if (!isFound) {
      const { keepFiringForMs } = this.spec
      let isKept = false
      if (alert.state === 'firing' && keepFiringForMs > 0) {
        alert.keepFiringSinceMs ??= timeMs
        isKept = timeMs - alert.keepFiringSinceMs < keepFiringForMs
      }
      const isForgotten = alert.resolvedAtMs !== undefined && timeMs - alert.resolvedAtMs > RESOLVED_RETENTION_MS
      if (alert.state === 'pending' || isForgotten) this.#active.delete(key)
      if (!isKept && alert.state !== 'inactive') {
        alert.state = 'inactive'
        alert.resolvedAtMs = timeMs
      }
      return isKept
    }
    alert.keepFiringSinceMs = undefined
    if (alert.state === 'pending' && timeMs - alert.activeAtMs >= this.spec.forMs) {
      alert.state = 'firing'
      alert.firedAtMs = timeMs
    }
    return true
  }

  #addSamples(samples: RuleSample[], alert: Alert, timeMs: number): void {
    const { labels, state, activeAtMs } = alert
    const name = (metric: string): Label => [METRIC_NAME, metric]
    samples.push({ labels: labelsFromPairs([...labels, name(ALERTS), [ALERT_STATE, state]]), timeMs, value: 1 })
    const since = Math.floor(activeAtMs / 1000)
    samples.push({ labels: labelsFromPairs([...labels, name(ALERTS_FOR_STATE)]), timeMs, value: since })
  }
}
