import type { Labels } from '@quartet/model'
import { compareText } from '@quartet/model'
import { quoteGo } from '@quartet/query'
import type { StepGrid, TextRange } from '@quartet/query'
import type { Annotations } from '../annotations.ts'
import { invalidQuantile } from '../annotations.ts'
import { EvaluationError, NotSupportedError } from '../errors.ts'
import { Groups } from '../grouping.ts'
import type { Grouping } from '../grouping.ts'
import { quantileOfSorted, sortValues } from '../quantile.ts'
import { ABSENT, FLOAT, hasAny, newSeries, ownSeries } from '../steps.ts'
import type { SeriesSink, StepSeries } from '../steps.ts'
import { formatFloat } from '../syntax/number.ts'
import type { AggregateOp } from '../syntax/ast.ts'

export interface SelectingInput {
  readonly op: AggregateOp
  readonly grouping: Grouping
  readonly grid: StepGrid
  readonly series: readonly StepSeries[]
  /** The scalar parameter per step. */
  readonly parameter: Float64Array
  readonly annotations: Annotations
  /** See QueryBudget.checkpoint. */
  readonly checkpoint: () => Promise<void> | undefined
  readonly range: TextRange
}

/** Aggregations that must see all series of a group at once: topk, bottomk, limitk, quantile. */
export async function selectSeries(input: SelectingInput, sink: SeriesSink): Promise<void> {
  const groups = new Groups<{ labels: Labels; members: StepSeries[] }>(input.grouping, (labels) => ({
    labels,
    members: [],
  }))
  refuseNan(input)
  for (const one of input.series) groups.of(one.labels).members.push(one)
  switch (input.op) {
    case 'topk':
    case 'bottomk':
    case 'limitk':
      for (const { members } of groups.all) await selectMembers(input, members, sink)
      return
    case 'quantile':
      for (const q of input.parameter) {
        if (!(q >= 0 && q <= 1)) input.annotations.warn(invalidQuantile(q), input.range)
      }
      for (const { labels, members } of groups.all) sink(await quantileOfGroup(input, labels, members))
      return
    default:
      throw new NotSupportedError(`aggregation ${input.op}`)
  }
}

/** Upstream looks at the parameter before it looks at any series. */
function refuseNan({ op, parameter }: SelectingInput): void {
  if (op === 'quantile' || !parameter.some(Number.isNaN)) return
  throw new EvaluationError(op === 'limit_ratio' ? 'Ratio value is NaN' : 'Parameter value is NaN')
}

async function selectMembers(input: SelectingInput, members: readonly StepSeries[], sink: SeriesSink): Promise<void> {
  const { grid, op, parameter } = input
  const results = members.map((member) => ({ ...ownSeries(member), present: new Uint8Array(grid.count) }))
  const candidates = new Int32Array(members.length)
  let order: Int32Array = candidates
  for (let step = 0; step < grid.count; step++) {
    const k = limitOf(parameter[step], members.length)
    let count = 0
    for (let index = 0; index < members.length; index++) {
      if (members[index].present[step] !== ABSENT) candidates[count++] = index
    }
    order = candidates.subarray(0, count)
    if (op !== 'limitk') order.sort((a, b) => rank(op, members[a].values[step], members[b].values[step]) || a - b)
    for (let index = 0; index < Math.min(k, count); index++) results[order[index]].present[step] = FLOAT
    const pause = input.checkpoint()
    if (pause !== undefined) await pause
  }
  // An instant result comes best first; a range result is sorted by labels anyway.
  const shown = grid.count === 1 ? Array.from(order, (index) => results[index]) : results
  for (const result of shown) if (hasAny(result.present)) sink(result)
}

/** Negative when a goes before b; NaN goes last. */
function rank(op: AggregateOp, a: number, b: number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1
  if (Number.isNaN(b)) return -1
  if (a === b) return 0
  return a > b === (op === 'topk') ? -1 : 1
}

function limitOf(parameter: number, most: number): number {
  if (parameter >= 2 ** 63) throw new EvaluationError(`Scalar value ${formatFloat(parameter)} overflows int64`)
  if (parameter <= -(2 ** 63)) throw new EvaluationError(`Scalar value ${formatFloat(parameter)} underflows int64`)
  return Math.max(0, Math.min(most, Math.trunc(parameter)))
}

async function quantileOfGroup(
  input: SelectingInput,
  labels: Labels,
  members: readonly StepSeries[],
): Promise<StepSeries> {
  const { grid, parameter } = input
  const result = newSeries(labels, grid.count)
  const scratch = new Float64Array(members.length)
  for (let step = 0; step < grid.count; step++) {
    let count = 0
    for (const member of members) if (member.present[step] !== ABSENT) scratch[count++] = member.values[step]
    if (count === 0) continue
    const sorted = sortValues(scratch.subarray(0, count))
    result.values[step] = quantileOfSorted(parameter[step], sorted, count)
    result.present[step] = FLOAT
    const pause = input.checkpoint()
    if (pause !== undefined) await pause
  }
  return result
}

/** count_values("label", v): one series per group and distinct value. */
export function countValues(
  input: { label: string; grouping: Grouping; grid: StepGrid; series: readonly StepSeries[] },
  sink: SeriesSink,
): void {
  const { label, grid } = input
  if (label === '') throw new EvaluationError(`invalid label name ${quoteGo(label)}`)
  const groups = new Groups<{ labels: Labels; byValue: Map<string, StepSeries> }>(input.grouping, (labels) => ({
    labels: labels.filter(([name]) => name !== label),
    byValue: new Map(),
  }))
  for (const { labels, values, present } of input.series) {
    const group = groups.of(labels)
    for (let step = 0; step < grid.count; step++) {
      if (present[step] === ABSENT) continue
      const text = formatFloat(values[step])
      let counted = group.byValue.get(text)
      if (counted === undefined) {
        counted = newSeries(withLabel(group.labels, label, text), grid.count)
        group.byValue.set(text, counted)
      }
      counted.values[step]++
      counted.present[step] = FLOAT
    }
  }
  for (const { byValue } of groups.all) for (const counted of byValue.values()) sink(counted)
}

function withLabel(labels: Labels, name: string, value: string): Labels {
  const index = labels.findIndex(([other]) => compareText(other, name) > 0)
  return labels.toSpliced(index < 0 ? labels.length : index, 0, [name, value])
}
