import type { DataFrame } from '@grafana/data'
import { column, frame } from '../datasources/frame.ts'
import type { MatrixSeries } from '../datasources/prometheus/response.ts'
import { labelText, type Labels, type Rule } from './rules.ts'

export interface Grid {
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
}

/** The query for the past states of a rule: by its name and by those of its labels that are not made by templates. */
export function historyQuery(rule: Pick<Rule, 'name' | 'labels'>): string {
  const fixed = Object.entries(rule.labels).filter(([name, value]) => !value.includes('{{') && name !== 'alertname')
  const pairs = [['alertname', rule.name], ...fixed].map(([name, value]) => `${name}=${JSON.stringify(value)}`)
  return `ALERTS{${pairs.join(',')}}`
}

/** Values of the frames below, and how they are shown. */
export const historyStates = { normal: 0, pending: 1, firing: 2 } as const

/**
 * `ALERTS` has one series per instance and state; of these it makes one frame per instance that is normal where no series
 * has a sample. Alike everywhere are left out of the names.
 * @param series in any order; samples ascending and on the grid
 */
export function historyFrames(series: readonly MatrixSeries[], grid: Grid): DataFrame[] {
  const count = Math.floor((grid.endMs - grid.startMs) / grid.stepMs) + 1
  const times = Array.from({ length: count }, (_, index) => grid.startMs + index * grid.stepMs)
  const instances = new Map<string, { readonly labels: Labels; readonly values: number[] }>()
  for (const { metric, values } of series) {
    const { __name__: _, alertstate, ...labels } = metric
    const key = labelText(labels)
    let instance = instances.get(key)
    if (!instance) {
      instance = { labels, values: Array.from({ length: count }, () => historyStates.normal) }
      instances.set(key, instance)
    }
    const state = alertstate === 'firing' ? historyStates.firing : historyStates.pending
    for (const [seconds] of values ?? []) {
      const index = Math.round((seconds * 1000 - grid.startMs) / grid.stepMs)
      if (index >= 0 && index < count) instance.values[index] = Math.max(instance.values[index] ?? 0, state)
    }
  }
  const sorted = [...instances.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, instance]) => instance)
  const telling = distinguishing(sorted.map(({ labels }) => labels))
  return sorted.map(({ labels, values }) => {
    const name = telling.map((label) => labels[label] ?? '').join(' ') || (labels['alertname'] ?? '')
    return frame({
      name,
      fields: [column('time', 'Time', times), column('number', name, values, { config: { displayName: name } })],
    })
  })
}

/** Names of labels whose values differ. */
export function distinguishing(sets: readonly Labels[]): string[] {
  const names = [...new Set(sets.flatMap((labels) => Object.keys(labels)))].sort()
  return names.filter((name) => new Set(sets.map((labels) => labels[name] ?? '')).size > 1)
}
