import { labelsFromPairs, labelsKey } from '@quartet/model'
import type { Labels } from '@quartet/model'
import { AlertingRule } from '@quartet/rules'
import type { Evaluate, ForStateSample, ReadForState, RuleGroup } from '@quartet/rules'

const METRIC = ['__name__', 'ALERTS_FOR_STATE'] as const

/**
 * What `ALERTS_FOR_STATE` would say. A log store keeps no samples, so that, as upstream, the rule is asked again: what it gave `for`
 * ago counts as active since then. Unlike upstream's, alerts are found whose labels the rule adds to or changes.
 */
export function forStateReader(groups: () => readonly RuleGroup[], evaluate: Evaluate): ReadForState {
  return async ({ alertName, maxMs, signal }) => {
    const samples: ForStateSample[] = []
    for (const rule of groups().flatMap((group) => group.rules)) {
      if (!(rule instanceof AlertingRule) || rule.spec.name !== alertName) continue
      const alerts = rule.activeAlerts
      if (alerts.length === 0) continue
      const sinceMs = maxMs - rule.spec.forMs
      const ownKey = keyWithout(new Set(['alertname', '__name__', ...rule.spec.labels.map(([name]) => name)]))
      const before = new Set((await evaluate(rule.spec.expr, sinceMs, signal)).map(({ labels }) => ownKey(labels)))
      for (const { labels } of alerts) {
        if (!before.has(ownKey(labels))) continue
        samples.push({
          labels: labelsFromPairs([...labels, METRIC]),
          timeMs: maxMs,
          value: Math.floor(sinceMs / 1000),
        })
      }
    }
    return samples
  }
}

/** Tells apart what a query gave, by the labels that a rule leaves alone. */
function keyWithout(names: ReadonlySet<string>): (labels: Labels) => string {
  return (labels) => labelsKey(labels.filter(([name]) => !names.has(name)))
}
