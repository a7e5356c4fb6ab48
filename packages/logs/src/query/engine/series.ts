import { labelsKey } from '@quartet/model'
import type { Labels } from '@quartet/model'
import type { Grouping } from '../ast.ts'

/** One series over the whole grid; `present[i]` is 0 where it has no sample. */
export interface Series {
  readonly labels: Labels
  readonly key: string
  readonly values: Float64Array
  readonly present: Uint8Array
}

export function createSeries(labels: Labels, steps: number): Series {
  return { labels, key: labelsKey(labels), values: new Float64Array(steps), present: new Uint8Array(steps) }
}

export function groupLabels(labels: Labels, grouping: Grouping | undefined): Labels {
  if (!grouping) return []
  return grouping.without
    ? labels.filter(([name]) => !grouping.labels.includes(name))
    : labels.filter(([name]) => grouping.labels.includes(name))
}
