import type { Labels } from '@quartet/model'
import type { Clock, Logger, Timer } from '@quartet/runtime'
import { AlertingRule } from '../alert/alerting-rule.ts'
import type { Notification } from '../alert/alert.ts'
import { groupKey } from '../file/rule-spec.ts'
import type { RuleGroupSpec } from '../file/rule-spec.ts'
import type { Evaluate, ReadForState } from '../ports.ts'
import { restoreForState } from './for-state.ts'
import { groupOffsetMs, slotBefore } from './group-slot.ts'
import { RecordingRule } from './recording-rule.ts'
import type { Rule } from './rule.ts'
import type { GroupMetrics, RuleMetrics } from './rule-metrics.ts'
import { refusalOf, WrittenSeries } from './sample-writer.ts'
import type { SampleWriter } from './sample-writer.ts'

/** A renamed rule needs so many intervals to take over series before they are ended. */
const INTERVALS_BEFORE_END = 2

/** What all groups share. */
export interface GroupServices {
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: RuleMetrics
  readonly evaluate: Evaluate
  readonly writer: SampleWriter
  readonly notify: (notifications: readonly Notification[]) => void
  /** undefined where nothing is kept over a restart. */
  readonly readForState: ReadForState | undefined
  readonly expressionLink: (expr: string) => string
  readonly outageToleranceMs: number
  readonly forGracePeriodMs: number
  readonly resendDelayMs: number
}

/** What the configuration says around the rule files. */
export interface GroupSurroundings {
  readonly intervalMs: number
  readonly queryOffsetMs: number
  readonly externalLabels: Labels
  /** Without a slash at the end. */
  readonly externalUrl: string
}

/**
 * Evaluates the rules of one group, one after the other, at every slot of its interval. Slots that pass while it is still busy are
 * left out and counted.
 */
export class RuleGroup {
  readonly spec: RuleGroupSpec
  readonly rules: readonly Rule[]
  readonly intervalMs: number
  /** Of the last round: the sum over its rules. */
  evaluationSeconds = 0
  lastEvaluationMs: number | undefined
  readonly #services: GroupServices
  readonly #surroundings: GroupSurroundings
  readonly #metrics: GroupMetrics
  readonly #abort = new AbortController()
  /** Per rule. */
  readonly #written: WrittenSeries[]
  /** Series of rules that are no more. */
  #ending: Labels[] = []
  #slotMs = 0
  #rounds = 0
  #shouldRestore: boolean
  #timer: Timer | undefined
  #running: Promise<void> | undefined

  constructor(
    spec: RuleGroupSpec,
    options: {
      readonly services: GroupServices
      readonly surroundings: GroupSurroundings
      /** The first rounds after a start take up the state of alerts from before. */
      readonly shouldRestore: boolean
    },
  ) {
    const { services, surroundings, shouldRestore } = options
    this.spec = spec
    this.intervalMs = spec.intervalMs || surroundings.intervalMs
    this.#services = services
    this.#surroundings = surroundings
    this.#shouldRestore = shouldRestore && services.readForState !== undefined
    const isRestored = !this.#shouldRestore
    this.rules = spec.rules.map((rule) =>
      rule.kind === 'recording' ? new RecordingRule(rule) : new AlertingRule(rule, { isRestored }),
    )
    this.#written = spec.rules.map(() => new WrittenSeries())
    this.#metrics = services.metrics.group(groupKey(spec))
    this.#metrics.setUp(this.intervalMs, spec.rules.length)
  }

  /** The same text for groups that do the same. */
  static fingerprint(spec: RuleGroupSpec, surroundings: GroupSurroundings): string {
    return JSON.stringify([spec, surroundings])
  }

  get fingerprint(): string {
    return RuleGroup.fingerprint(this.spec, this.#surroundings)
  }

  /** Begins at the next slot. */
  start(): void {
    const { clock } = this.#services
    const offsetMs = groupOffsetMs(this.spec.file, this.spec.name, this.intervalMs)
    const nowMs = clock.nowMs()
    this.#slotMs = slotBefore(nowMs, this.intervalMs, offsetMs) + this.intervalMs
    this.#timer = clock.after(this.#slotMs - nowMs, () => this.#wake())
  }

  /** No further rule is begun; waits for the one that runs. */
  async stop(): Promise<void> {
    this.#timer?.cancel()
    this.#abort.abort()
    await this.#running
  }

  /** After {@link stop}: the group is gone for good, and its series end. */
  retire(isOver: AbortSignal): void {
    const { clock, logger, writer } = this.#services
    const timeMs = clock.nowMs() - this.#queryOffsetMs
    const series = [...this.#ending, ...this.#written.flatMap((written) => written.all)]
    this.#metrics.remove()
    if (series.length === 0) return
    clock.sleep(INTERVALS_BEFORE_END * this.intervalMs, isOver).then(
      () =>
        writer.end(series, timeMs).catch((error: unknown) => {
          logger.warn({ err: error, ...this.#names }, 'series of a removed rule group could not be ended')
        }),
      () => undefined, // the process ends: the series go on after the restart, or time ends them
    )
  }

  /** Takes over alerts and series of the group in whose place this one stands. Rules are matched by name and labels, in order. */
  adopt(previous: RuleGroup): void {
    this.evaluationSeconds = previous.evaluationSeconds
    this.lastEvaluationMs = previous.lastEvaluationMs
    // A group that is replaced before it got to restoring leaves that to this one.
    this.#shouldRestore = previous.#shouldRestore
    const candidates = previous.rules.map((rule, index) => ({ rule, index }))
    this.#ending = previous.#ending
    for (const [index, rule] of this.rules.entries()) {
      const at = candidates.findIndex((candidate) => identity(candidate.rule) === identity(rule))
      if (rule instanceof AlertingRule) rule.isRestored = !this.#shouldRestore
      if (at < 0) continue
      const [match] = candidates.splice(at, 1)
      this.#written[index] = previous.#written[match.index]
      if (rule instanceof AlertingRule && match.rule instanceof AlertingRule) rule.adopt(match.rule)
    }
    this.#ending.push(...candidates.flatMap(({ index }) => previous.#written[index].all))
  }

  get #names(): { file: string; group: string } {
    return { file: this.spec.file, group: this.spec.name }
  }

  get #queryOffsetMs(): number {
    return this.spec.queryOffsetMs ?? this.#surroundings.queryOffsetMs
  }

  #wake(): void {
    this.#running = this.#round().then(
      () => this.#scheduleNext(),
      (error: unknown) => {
        this.#services.logger.error({ err: error, ...this.#names }, 'evaluation of a rule group failed')
        this.#scheduleNext()
      },
    )
  }

  #scheduleNext(): void {
    if (this.#abort.signal.aborted) return
    const { clock } = this.#services
    const nowMs = clock.nowMs()
    const offsetMs = groupOffsetMs(this.spec.file, this.spec.name, this.intervalMs)
    // The clock may have been set back by more than an interval.
    if (nowMs < this.#slotMs - this.intervalMs) this.#slotMs = slotBefore(nowMs, this.intervalMs, offsetMs)
    const elapsed = Math.max(1, Math.floor((nowMs - this.#slotMs) / this.intervalMs))
    if (elapsed > 1) this.#metrics.missed(elapsed - 1)
    this.#slotMs += elapsed * this.intervalMs
    this.#timer = clock.after(Math.max(0, this.#slotMs - nowMs), () => this.#wake())
  }

  async #round(): Promise<void> {
    const { clock } = this.#services
    this.#metrics.scheduled()
    const startedMs = clock.nowMs()
    const startMs = clock.monotonicMs()
    const samples = await this.#evaluateRules()
    const seconds = (clock.monotonicMs() - startMs) / 1000
    const ruleSeconds = this.rules.reduce((sum, rule) => sum + rule.evaluationSeconds, 0)
    this.evaluationSeconds = ruleSeconds
    this.lastEvaluationMs = startedMs
    this.#metrics.finished({ startedMs, seconds, ruleSeconds, samples })
    this.#rounds++
    // Not in the first round: scrapes and recording rules that alerts look at may not have been there yet.
    if (this.#shouldRestore && this.#rounds >= 2) await this.#restore()
  }

  /** @returns how many samples they gave */
  async #evaluateRules(): Promise<number> {
    let samples = 0
    for (const [index, rule] of this.rules.entries()) {
      if (this.#abort.signal.aborted) return samples
      samples += await this.#evaluate(rule, index)
    }
    await this.#end(this.#ending)
    this.#ending = []
    return samples
  }

  async #evaluate(rule: Rule, index: number): Promise<number> {
    const { clock, metrics, evaluate } = this.#services
    const startedMs = clock.nowMs()
    const startMs = clock.monotonicMs()
    this.#metrics.evaluated()
    try {
      const samples = await rule.evaluate({
        timeMs: this.#slotMs,
        queryOffsetMs: this.#queryOffsetMs,
        limit: this.spec.limit,
        externalLabels: this.#surroundings.externalLabels,
        externalUrl: this.#surroundings.externalUrl,
        evaluate,
        signal: this.#abort.signal,
        onTemplateError: (problem) => this.#warn(rule, problem, 'expanding an alert template failed'),
      })
      rule.health = 'ok'
      rule.lastError = undefined
      if (rule instanceof AlertingRule) this.#notify(rule)
      await this.#write(rule, index, samples)
      return samples.length
    } catch (error) {
      // A query that ends because the group is stopped says nothing about the rule.
      if (!this.#abort.signal.aborted) this.#fail(rule, error, 'evaluating a rule failed')
      return 0
    } finally {
      rule.lastEvaluationMs = startedMs
      rule.evaluationSeconds = (clock.monotonicMs() - startMs) / 1000
      metrics.observeRule(rule.evaluationSeconds)
    }
  }

  #notify(rule: AlertingRule): void {
    const notifications = rule.takeNotifications({
      timeMs: this.#slotMs,
      resendDelayMs: this.#services.resendDelayMs,
      intervalMs: this.intervalMs,
      generatorUrl: this.#surroundings.externalUrl + this.#services.expressionLink(rule.spec.expr),
    })
    if (notifications.length > 0) this.#services.notify(notifications)
  }

  async #write(rule: Rule, index: number, samples: Awaited<ReturnType<Rule['evaluate']>>): Promise<void> {
    const next = new WrittenSeries(samples)
    try {
      const report = samples.length > 0 ? await this.#services.writer.write(samples) : undefined
      const refusal = report && refusalOf(report)
      if (refusal !== undefined) {
        rule.health = 'err'
        rule.lastError = new Error(refusal)
        this.#warn(rule, refusal, 'part of the results of a rule was refused')
      }
    } catch (error) {
      this.#fail(rule, error, 'writing the results of a rule failed')
      return
    }
    await this.#end(this.#written[index].missingIn(next))
    this.#written[index] = next
  }

  async #end(series: readonly Labels[]): Promise<void> {
    try {
      await this.#services.writer.end(series, this.#slotMs - this.#queryOffsetMs)
    } catch (error) {
      this.#services.logger.warn(
        { err: error, ...this.#names },
        'series that a rule no longer gives could not be ended',
      )
    }
  }

  #fail(rule: Rule, error: unknown, message: string): void {
    rule.health = 'err'
    rule.lastError = error instanceof Error ? error : new Error(String(error))
    this.#metrics.failed()
    this.#warn(rule, rule.lastError.message, message)
  }

  #warn(rule: Rule, problem: string, message: string): void {
    this.#services.logger.warn({ ...this.#names, rule: rule.spec.name, problem }, message)
  }

  async #restore(): Promise<void> {
    const { clock, logger, readForState, outageToleranceMs, forGracePeriodMs } = this.#services
    if (readForState === undefined) return
    const startMs = clock.monotonicMs()
    for (const rule of this.rules) {
      if (!(rule instanceof AlertingRule)) continue
      const { signal } = this.#abort
      const nowMs = clock.nowMs()
      await restoreForState(rule, { read: readForState, logger, signal, nowMs, outageToleranceMs, forGracePeriodMs })
    }
    this.#shouldRestore = false
    this.#metrics.restored((clock.monotonicMs() - startMs) / 1000)
  }
}

function identity(rule: Rule): string {
  return JSON.stringify([rule.spec.kind, rule.spec.name, rule.spec.labels])
}
