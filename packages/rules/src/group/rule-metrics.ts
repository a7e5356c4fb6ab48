import type { SelfMetrics } from '@quartet/runtime'

const EVALUATION_QUANTILES = [0.5, 0.9, 0.99]
const GROUP_QUANTILES = [0.01, 0.05, 0.5, 0.9, 0.99]

/** What rule groups say about themselves, under upstream's names. */
export interface RuleMetrics {
  readonly observeRule: (seconds: number) => void
  /** The counters and gauges of one group, which stand at zero from the beginning. */
  readonly group: (key: string) => GroupMetrics
}

export interface GroupMetrics {
  readonly setUp: (intervalMs: number, ruleCount: number) => void
  readonly evaluated: () => void
  readonly failed: () => void
  readonly scheduled: () => void
  readonly missed: (count: number) => void
  readonly restored: (seconds: number) => void
  readonly finished: (run: {
    readonly startedMs: number
    readonly seconds: number
    readonly ruleSeconds: number
    readonly samples: number
  }) => void
  /** The group is no more. */
  readonly remove: () => void
}

/** @param prefix `prometheus`, or what another system puts in its place */
export function createRuleMetrics(metrics: SelfMetrics, prefix = 'prometheus'): RuleMetrics {
  const labels = ['rule_group'] as const
  const counter = (name: string, help: string) => metrics.counter(`${prefix}_rule_${name}`, help, labels)
  const gauge = (name: string, help: string) => metrics.gauge(`${prefix}_rule_${name}`, help, labels)
  const ruleDuration = metrics.summary(
    `${prefix}_rule_evaluation_duration_seconds`,
    'The duration for a rule to execute.',
    EVALUATION_QUANTILES,
  )
  const groupDuration = metrics.summary(
    `${prefix}_rule_group_duration_seconds`,
    'The duration of rule group evaluations.',
    GROUP_QUANTILES,
  )
  const missed = counter(
    'group_iterations_missed_total',
    'The total number of rule group evaluations missed due to slow rule group evaluation.',
  )
  const scheduled = counter(
    'group_iterations_total',
    'The total number of scheduled rule group evaluations, whether executed or missed.',
  )
  const evaluations = counter('evaluations_total', 'The total number of rule evaluations.')
  const failures = counter('evaluation_failures_total', 'The total number of rule evaluation failures.')
  const interval = gauge('group_interval_seconds', 'The interval of a rule group.')
  const lastTime = gauge(
    'group_last_evaluation_timestamp_seconds',
    'The timestamp of the last rule group evaluation in seconds.',
  )
  const lastDuration = gauge('group_last_duration_seconds', 'The duration of the last rule group evaluation.')
  const ruleSum = gauge(
    'group_last_rule_duration_sum_seconds',
    'The sum of time in seconds it took to evaluate each rule in the group regardless of concurrency.',
  )
  const lastRestore = gauge(
    'group_last_restore_duration_seconds',
    'The duration of the last alert rules alerts restoration using the `ALERTS_FOR_STATE` series.',
  )
  const ruleCount = gauge('group_rules', 'The number of rules.')
  const lastSamples = gauge(
    'group_last_evaluation_samples',
    'The number of samples returned during the last rule group evaluation.',
  )
  const counters = [missed, scheduled, evaluations, failures]
  const gauges = [interval, lastTime, lastDuration, ruleSum, lastRestore, ruleCount, lastSamples]
  return {
    observeRule: (seconds) => ruleDuration.observe(seconds),
    group: (key) => {
      const own = { rule_group: key }
      for (const one of counters) one.inc(own, 0)
      for (const one of gauges) one.inc(own, 0)
      return {
        setUp: (intervalMs, count) => {
          interval.set(own, intervalMs / 1000)
          ruleCount.set(own, count)
        },
        evaluated: () => evaluations.inc(own),
        failed: () => failures.inc(own),
        scheduled: () => scheduled.inc(own),
        missed: (count) => {
          missed.inc(own, count)
          scheduled.inc(own, count)
        },
        restored: (seconds) => lastRestore.set(own, seconds),
        finished: ({ startedMs, seconds, ruleSeconds, samples }) => {
          groupDuration.observe(seconds)
          lastTime.set(own, startedMs / 1000)
          lastDuration.set(own, seconds)
          ruleSum.set(own, ruleSeconds)
          lastSamples.set(own, samples)
        },
        remove: () => {
          for (const one of [...counters, ...gauges]) one.remove(own)
        },
      }
    },
  }
}
