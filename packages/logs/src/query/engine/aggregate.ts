import { compareLabels } from '@quartet/model'
import type { MetricNode } from '../ast.ts'
import { variance } from './range-series.ts'
import { createSeries, groupLabels } from './series.ts'
import type { Series } from './series.ts'

type AggregateNode = Extract<MetricNode, { kind: 'aggregate' }>

/** `sum by (a) (…)` and its siblings, step by step over all members of a group. */
export function aggregate(node: AggregateNode, input: readonly Series[], steps: number): Series[] {
  if (node.operation === 'sort' || node.operation === 'sort_desc')
    return sortSeries(input, node.operation === 'sort_desc')
  const groups = new Map<string, { output: Series; members: Series[] }>()
  for (const series of input) {
    const output = createSeries(groupLabels(series.labels, node.grouping), steps)
    let group = groups.get(output.key)
    if (!group) groups.set(output.key, (group = { output, members: [] }))
    group.members.push(series)
  }
  const isRanked = node.operation === 'topk' || node.operation === 'bottomk' || node.operation === 'approx_topk'
  if (isRanked) return [...groups.values()].flatMap((group) => rank(group.members, node, steps))
  for (const { output, members } of groups.values()) fold(node.operation, output, members, steps)
  return [...groups.values()].map((group) => group.output)
}

function fold(operation: AggregateNode['operation'], output: Series, members: readonly Series[], steps: number): void {
  const column = new Float64Array(members.length)
  for (let step = 0; step < steps; step++) {
    let count = 0
    for (const member of members) if (member.present[step] === 1) column[count++] = member.values[step]
    if (count === 0) continue
    output.present[step] = 1
    output.values[step] = foldValues(operation, column, count)
  }
}

function foldValues(operation: AggregateNode['operation'], column: Float64Array, count: number): number {
  switch (operation) {
    case 'count':
      return count
    case 'stdvar':
      return variance(column, 0, count)
    case 'stddev':
      return Math.sqrt(variance(column, 0, count))
    case 'avg': {
      let average = 0
      for (let index = 0; index < count; index++) average += (column[index] - average) / (index + 1)
      return average
    }
    case 'min':
    case 'max': {
      let best = column[0]
      for (let index = 1; index < count; index++) {
        if ((operation === 'max' ? best < column[index] : best > column[index]) || Number.isNaN(best))
          best = column[index]
      }
      return best
    }
    default: {
      let total = 0
      for (let index = 0; index < count; index++) total += column[index]
      return total
    }
  }
}

/** topk and bottomk keep the series' own labels; which series are kept changes from step to step. */
function rank(members: readonly Series[], node: AggregateNode, steps: number): Series[] {
  const sign = node.operation === 'bottomk' ? 1 : -1
  const kept = new Map<Series, Series>()
  for (let step = 0; step < steps; step++) {
    const candidates = members.filter((member) => member.present[step] === 1)
    candidates.sort((a, b) => compareValues(a.values[step], b.values[step], sign))
    for (const member of candidates.slice(0, node.parameter)) {
      let output = kept.get(member)
      if (!output) kept.set(member, (output = createSeries(member.labels, steps)))
      output.present[step] = 1
      output.values[step] = member.values[step]
    }
  }
  const result = [...kept.values()]
  return steps === 1 ? result.sort((a, b) => compareValues(a.values[0], b.values[0], sign)) : result
}

function sortSeries(input: readonly Series[], isDescending: boolean): Series[] {
  return [...input].sort(
    (a, b) => compareValues(a.values[0], b.values[0], isDescending ? -1 : 1) || compareLabels(a.labels, b.labels),
  )
}

/** NaN goes last in both directions. */
function compareValues(a: number, b: number, sign: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
  return a === b ? 0 : sign * (a < b ? -1 : 1)
}
