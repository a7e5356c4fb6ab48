import type { Labels } from '@quartet/model'
import { compareText, hashLabels } from '@quartet/model'
import { quoteGo } from '@quartet/query'
import type { StepGrid, TextRange } from '@quartet/query'
import type { Annotations } from '../annotations.ts'
import { invalidQuantile, invalidRatio } from '../annotations.ts'
import { EvaluationError, NotSupportedError } from '../errors.ts'
import { Groups } from '../grouping.ts'
import type { Grouping } from '../grouping.ts'
import { quantileOfSorted, sortValues } from '../quantile.ts'
import { ignoredInAggregation } from '../histogram-notes.ts'
import { ABSENT, drain, dropHistograms, FLOAT, hasAny, HISTOGRAM, newSeries, ownSeries } from '../steps.ts'
import type { SeriesSink, StepSeries } from '../steps.ts'
import { histogramText } from '../histogram-text.ts'
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
  /** Where the aggregated expression stands. */
  readonly seriesRange: TextRange
}

/** Aggregations that must see all series of a group at once: topk, bottomk, limitk, quantile. */
export async function selectSeries(input: SelectingInput, sink: SeriesSink): Promise<void> {
  const groups = new Groups<{ labels: Labels; members: StepSeries[] }>(input.grouping, (labels) => ({
    labels,
    members: [],
  }))
  refuseNan(input)
  for (const one of input.series) {
    if (input.op !== 'limitk' && input.op !== 'limit_ratio') ignoreHistograms(input, one)
    groups.of(one.labels).members.push(one)
  }
  switch (input.op) {
    case 'topk':
    case 'bottomk':
    case 'limitk':
      for (const { members } of groups.all) await selectMembers(input, members, sink)
      return
    case 'limit_ratio':
      return drain(limitRatio(input), sink, input.checkpoint)
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

function ignoreHistograms({ op, annotations, seriesRange }: SelectingInput, series: StepSeries): void {
  if (series.histograms === undefined) return
  if (series.present.includes(HISTOGRAM)) annotations.info(ignoredInAggregation(op), seriesRange)
  dropHistograms(series)
}

/** Upstream looks at the parameter before it looks at any series. */
function refuseNan({ op, parameter }: SelectingInput): void {
  if (op === 'quantile' || !parameter.some(Number.isNaN)) return
  throw new EvaluationError(op === 'limit_ratio' ? 'Ratio value is NaN' : 'Parameter value is NaN')
}

/** Of each series whether it is among the chosen share is decided by its labels alone, so it stays the same over time. */
function* limitRatio({ series, grid, parameter, annotations, range }: SelectingInput): Iterable<StepSeries> {
  for (const ratio of parameter) {
    if (Math.abs(ratio) > 1) annotations.warn(invalidRatio(ratio, Math.sign(ratio)), range)
  }
  for (const one of series) {
    // Where in [0, 1) its hash lies.
    const share = Number(hashLabels(one.labels)) / 2 ** 64
    for (let step = 0; step < grid.count; step++) {
      const ratio = Math.max(-1, Math.min(1, parameter[step]))
      const isChosen = ratio >= 0 ? share < ratio : share >= 1 + ratio
      if (!isChosen) one.present[step] = ABSENT
    }
    if (hasAny(one.present)) yield one
  }
}

async function selectMembers(input: SelectingInput, members: readonly StepSeries[], sink: SeriesSink): Promise<void> {
  const { grid, op, parameter } = input
  const results = members.map((member) => ({ ...ownSeries(member), present: new Uint8Array(grid.count) }))
  const kept = new KeptMembers(op, members)
  let order: Int32Array = new Int32Array(0)
  for (let step = 0; step < grid.count; step++) {
    order = kept.select(step, limitOf(parameter[step], members.length))
    for (const index of order) results[index].present[step] = members[index].present[step]
    const pause = input.checkpoint()
    if (pause !== undefined) await pause
  }
  // An instant result comes best first; a range result is sorted by labels anyway.
  const shown = grid.count === 1 ? Array.from(order, (index) => results[index]) : results
  await drain(
    shown.filter(({ present }) => hasAny(present)),
    sink,
    input.checkpoint,
  )
}

/**
 * The k members to keep at a step. A binary heap with the worst of them at its root, worked on in the order of Go's
 * container/heap: which of equal values stay depends on it.
 */
class KeptMembers {
  readonly #op: AggregateOp
  readonly #members: readonly StepSeries[]
  readonly #heap: Int32Array
  #size = 0
  #step = 0

  constructor(op: AggregateOp, members: readonly StepSeries[]) {
    this.#op = op
    this.#members = members
    this.#heap = new Int32Array(members.length)
  }

  /** Positions of the kept members, best first; valid until the next call. */
  select(step: number, k: number): Int32Array {
    this.#step = step
    this.#size = 0
    const heap = this.#heap
    const isHeap = this.#op !== 'limitk'
    if (k === 0) return heap.subarray(0, 0)
    for (let index = 0; index < this.#members.length; index++) {
      if (this.#members[index].present[step] === ABSENT) continue
      if (this.#size < k) {
        heap[this.#size++] = index
        if (isHeap) this.#up(this.#size - 1)
      } else if (isHeap && this.#isBetter(index, heap[0])) {
        heap[0] = index
        this.#down(0)
      }
    }
    const kept = heap.subarray(0, this.#size)
    return isHeap ? kept.sort((a, b) => (this.#isWorse(a, b) ? 1 : this.#isWorse(b, a) ? -1 : 0)) : kept
  }

  #value(index: number): number {
    return this.#members[index].values[this.#step]
  }

  #isBetter(candidate: number, worst: number): boolean {
    const value = this.#value(candidate)
    const other = this.#value(worst)
    if (Number.isNaN(other)) return !Number.isNaN(value)
    return this.#op === 'topk' ? other < value : other > value
  }

  /** NaN is the worst; of two NaNs each is. */
  #isWorse(a: number, b: number): boolean {
    const left = this.#value(a)
    if (Number.isNaN(left)) return true
    return this.#op === 'topk' ? left < this.#value(b) : left > this.#value(b)
  }

  #up(from: number): void {
    const heap = this.#heap
    let child = from
    while (child > 0) {
      const parent = (child - 1) >> 1
      if (!this.#isWorse(heap[child], heap[parent])) return
      this.#swap(parent, child)
      child = parent
    }
  }

  #down(from: number): void {
    const heap = this.#heap
    let parent = from
    for (;;) {
      let child = 2 * parent + 1
      if (child >= this.#size) return
      if (child + 1 < this.#size && this.#isWorse(heap[child + 1], heap[child])) child++
      if (!this.#isWorse(heap[child], heap[parent])) return
      this.#swap(parent, child)
      parent = child
    }
  }

  #swap(a: number, b: number): void {
    const index = this.#heap[a]
    this.#heap[a] = this.#heap[b]
    this.#heap[b] = index
  }
}

function limitOf(parameter: number, most: number): number {
  if (parameter >= 2 ** 63) throw new EvaluationError(`Scalar value ${formatLarge(parameter)} overflows int64`)
  if (parameter <= -(2 ** 63)) throw new EvaluationError(`Scalar value ${formatLarge(parameter)} underflows int64`)
  return Math.max(0, Math.min(most, Math.trunc(parameter)))
}

/** As Go's %v shows what is beyond 64 bits. */
function formatLarge(value: number): string {
  return Number.isFinite(value) ? value.toExponential() : formatFloat(value)
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
export function* countValues(input: {
  label: string
  grouping: Grouping
  /** `without` takes the label of the values away again, and all values of a group are counted together. */
  isLabelDropped: boolean
  grid: StepGrid
  series: readonly StepSeries[]
}): Iterable<StepSeries> {
  const { label, isLabelDropped, grid } = input
  if (label === '') throw new EvaluationError(`invalid label name ${quoteGo(label)}`)
  // The value takes the label's place before series are grouped.
  const others: Grouping = {
    labelsOf: (labels) => input.grouping.labelsOf(labels).filter(([name]) => name !== label),
  }
  const groups = new Groups<{ labels: Labels; byValue: Map<string, StepSeries> }>(others, (labels) => ({
    labels,
    byValue: new Map(),
  }))
  for (const { labels, values, present, histograms } of input.series) {
    const group = groups.of(labels)
    for (let step = 0; step < grid.count; step++) {
      if (present[step] === ABSENT) continue
      const histogram = histograms?.[step]
      const value = histogram === undefined ? formatFloat(values[step]) : histogramText(histogram)
      const text = isLabelDropped ? '' : value
      let counted = group.byValue.get(text)
      if (counted === undefined) {
        counted = newSeries(isLabelDropped ? group.labels : withLabel(group.labels, label, text), grid.count)
        group.byValue.set(text, counted)
      }
      counted.values[step]++
      counted.present[step] = FLOAT
    }
  }
  for (const { byValue } of groups.all) yield* byValue.values()
}

function withLabel(labels: Labels, name: string, value: string): Labels {
  const index = labels.findIndex(([other]) => compareText(other, name) > 0)
  return labels.toSpliced(index < 0 ? labels.length : index, 0, [name, value])
}
