import type { Label, Labels } from '@quartet/model'
import { labelsFromPairs, labelsKey, labelValue, METRIC_NAME } from '@quartet/model'
import { quoteGo } from '@quartet/query'
import type { StepGrid } from '@quartet/query'
import type { Annotations } from './annotations.ts'
import { arithmeticOf, comparisonOf } from './binary-ops.ts'
import { EvaluationError } from './errors.ts'
import { groupBy, groupWithout } from './grouping.ts'
import { combinePoints } from './histogram-ops.ts'
import { ABSENT, copyPoint, drain, FLOAT, hasAny, newSeries, ownSeries, sameLabelset, SeriesMerger } from './steps.ts'
import type { Checkpoint, SeriesSink, StepSeries } from './steps.ts'
import type { BinaryExpr, VectorMatching } from './syntax/ast.ts'

export interface VectorPair {
  readonly expr: BinaryExpr
  readonly matching: VectorMatching
  readonly left: readonly StepSeries[]
  readonly right: readonly StepSeries[]
  readonly grid: StepGrid
  readonly delayNameRemoval: boolean
  readonly annotations: Annotations
  readonly checkpoint: Checkpoint
}

/** `and`, `or`, `unless`: which series of one side have a partner on the other, per step. */
export async function combineSets(pair: VectorPair, sink: SeriesSink): Promise<void> {
  const signature = signatureOf(pair.matching)
  const { grid, expr } = pair
  if (expr.op === 'or') {
    const presence = presenceBySignature(pair.left, signature, grid.count)
    // A series may come from the left at one step and from the right at another, and still is one.
    const merger = new SeriesMerger()
    for (const series of pair.left) merger.add(series)
    const unmatched = filterByPresence(pair.right, { signature, presence, keepsMatched: false })
    await drain(unmatched, (series) => merger.add(series), pair.checkpoint)
    return drain(merger.all, sink, pair.checkpoint)
  }
  const presence = presenceBySignature(pair.right, signature, grid.count)
  const filtered = filterByPresence(pair.left, { signature, presence, keepsMatched: expr.op === 'and' })
  return drain(filtered, sink, pair.checkpoint)
}

function presenceBySignature(
  series: readonly StepSeries[],
  signature: (labels: Labels) => string,
  count: number,
): Map<string, Uint8Array> {
  const bySignature = new Map<string, Uint8Array>()
  for (const { labels, present } of series) {
    const key = signature(labels)
    let seen = bySignature.get(key)
    if (seen === undefined) bySignature.set(key, (seen = new Uint8Array(count)))
    for (let step = 0; step < count; step++) if (present[step] !== ABSENT) seen[step] = 1
  }
  return bySignature
}

function* filterByPresence(
  series: readonly StepSeries[],
  rule: { signature: (labels: Labels) => string; presence: Map<string, Uint8Array>; keepsMatched: boolean },
): Iterable<StepSeries> {
  for (const one of series) {
    const partner = rule.presence.get(rule.signature(one.labels))
    if (partner === undefined) {
      if (!rule.keepsMatched) yield ownSeries(one)
      continue
    }
    const result = ownSeries(one)
    for (let step = 0; step < result.present.length; step++) {
      if ((partner[step] === 1) !== rule.keepsMatched) result.present[step] = ABSENT
    }
    if (hasAny(result.present)) yield result
  }
}

interface MatchGroup {
  readonly ones: Positioned[]
  readonly manys: Positioned[]
}

/** A series and its place on its side, which decides who is named first in an error. */
interface Positioned {
  readonly series: StepSeries
  readonly index: number
}

interface Output {
  readonly series: StepSeries
  readonly group: MatchGroup
}

/** Arithmetic and comparisons between vectors: every series of the "many" side meets its one partner, per step. */
export async function combineVectors(pair: VectorPair, sink: SeriesSink): Promise<void> {
  const { matching, grid } = pair
  const isSwapped = matching.cardinality === 'one-to-many'
  const many = isSwapped ? pair.right : pair.left
  const one = isSwapped ? pair.left : pair.right
  const groups = matchGroups(one, many, signatureOf(matching))
  const combine = combiner(pair, isSwapped)
  const outputs = new Map<string, Output>()
  const errors = new EarliestError()
  const matches = presenceOf(many, grid.count)
  for (const group of groups) {
    findDuplicates(group, { pair, isSwapped, matches }, errors)
    const isMatched = group.manys.length > 1 ? new Uint8Array(grid.count) : undefined
    for (const left of group.manys) {
      // Behind all errors of the "one" side, as upstream looks at that first.
      const rank = one.length + left.index
      for (const right of group.ones) {
        const scratch = newSeries([], grid.count)
        if (!combine(left.series, right.series, scratch)) continue
        scratch.labels = resultLabels(left.series.labels, right.series.labels, pair)
        scratch.dropName = pair.delayNameRemoval && (dropsName(pair.expr) || left.series.dropName)
        if (isMatched !== undefined && matching.cardinality === 'one-to-one') {
          findSecondMatches(scratch.present, isMatched, rank, errors)
        }
        addOutput(outputs, { series: scratch, group }, rank, errors)
      }
    }
    const pause = pair.checkpoint()
    if (pause !== undefined) await pause
  }
  errors.throwIfAny()
  return drain(
    Array.from(outputs.values(), ({ series }) => series),
    sink,
    pair.checkpoint,
  )
}

/** Upstream goes step by step and ends with the first error; here series come first, so errors wait for an earlier one. */
class EarliestError {
  #step = Infinity
  #rank = Infinity
  #make: (() => EvaluationError) | undefined

  /** No error at this step or behind it can come before the one that is known. */
  isLate(step: number): boolean {
    return step > this.#step
  }

  add(step: number, rank: number, make: () => EvaluationError): void {
    if (step > this.#step || (step === this.#step && rank >= this.#rank)) return
    this.#step = step
    this.#rank = rank
    this.#make = make
  }

  throwIfAny(): void {
    if (this.#make !== undefined) throw this.#make()
  }
}

function presenceOf(series: readonly StepSeries[], count: number): Uint8Array {
  const seen = new Uint8Array(count)
  for (const { present } of series) for (let step = 0; step < count; step++) seen[step] |= present[step]
  return seen
}

function findSecondMatches(present: Uint8Array, isMatched: Uint8Array, rank: number, errors: EarliestError): void {
  for (let step = 0; step < present.length; step++) {
    if (present[step] === ABSENT) continue
    if (isMatched[step] === 1) {
      const text = 'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)'
      errors.add(step, rank, () => new EvaluationError(text))
    }
    isMatched[step] = 1
  }
}

function addOutput(outputs: Map<string, Output>, output: Output, rank: number, errors: EarliestError): void {
  const key = labelsKey(output.series.labels)
  const existing = outputs.get(key)
  if (existing === undefined) {
    outputs.set(key, output)
    return
  }
  const target = existing.series
  const source = output.series
  for (let step = 0; step < source.present.length; step++) {
    if (source.present[step] === ABSENT) continue
    if (target.present[step] === ABSENT) {
      copyPoint(target, source, step)
    } else if (existing.group === output.group) {
      const text = 'multiple matches for labels: grouping labels must ensure unique matches'
      errors.add(step, rank, () => new EvaluationError(text))
    } else {
      // Found by upstream when the step is done.
      errors.add(step, Number.MAX_SAFE_INTEGER, sameLabelset)
    }
  }
}

/** Groups with anything on the "one" side: also those without a partner have to be free of duplicates. */
function matchGroups(
  one: readonly StepSeries[],
  many: readonly StepSeries[],
  signature: (labels: Labels) => string,
): Iterable<MatchGroup> {
  const groups = new Map<string, MatchGroup>()
  for (const [index, series] of one.entries()) {
    const key = signature(series.labels)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, { ones: [{ series, index }], manys: [] })
    else group.ones.push({ series, index })
  }
  const used = new Set<MatchGroup>()
  for (const [index, series] of many.entries()) {
    const group = groups.get(signature(series.labels))
    if (group === undefined) continue
    group.manys.push({ series, index })
    used.add(group)
  }
  // In the order of the "many" side, the rest behind them.
  for (const group of groups.values()) used.add(group)
  return used
}

/** Two of the "one" side at one step are an error, unless there is nothing at all on the other side then. */
function findDuplicates(
  { ones }: MatchGroup,
  { pair, isSwapped, matches }: { pair: VectorPair; isSwapped: boolean; matches: Uint8Array },
  errors: EarliestError,
): void {
  if (ones.length < 2) return
  for (let step = 0; step < matches.length && !errors.isLate(step); step++) {
    if (matches[step] === ABSENT) continue
    const [first, second] = ones.filter(({ series }) => series.present[step] !== ABSENT)
    if (second === undefined) continue
    errors.add(step, second.index, () => {
      const side = isSwapped ? 'left' : 'right'
      const matched = formatLabels(matchingLabels(second.series.labels, pair.matching))
      return new EvaluationError(
        `found duplicate series for the match group ${matched} on the ${side} hand-side of the operation: ` +
          `[${formatLabels(second.series.labels)}, ${formatLabels(first.series.labels)}]` +
          ';many-to-many matching not allowed: matching labels must be unique on one side',
      )
    })
  }
}

/** Fills `into` where both sides are present; answers whether there was any such step. */
function combiner(
  pair: VectorPair,
  isSwapped: boolean,
): (many: StepSeries, one: StepSeries, into: StepSeries) => boolean {
  const { op, returnBool } = pair.expr
  const calculate = arithmeticOf(op)
  const compare = comparisonOf(op)
  return (many, one, into) => {
    const left = isSwapped ? one : many
    const right = isSwapped ? many : one
    let isAny = false
    for (let step = 0; step < into.present.length; step++) {
      if (left.present[step] === ABSENT || right.present[step] === ABSENT) continue
      if (left.histograms !== undefined || right.histograms !== undefined) {
        const isKept = combinePoints({ left, right, into, step, expr: pair.expr, annotations: pair.annotations })
        if (isKept !== undefined) {
          isAny ||= isKept
          continue
        }
      }
      const a = left.values[step]
      const b = right.values[step]
      if (calculate !== undefined) {
        into.values[step] = calculate(a, b)
      } else {
        const isTrue = compare?.(a, b) === true
        if (!isTrue && !returnBool) continue
        into.values[step] = returnBool ? Number(isTrue) : a
      }
      into.present[step] = FLOAT
      isAny = true
    }
    return isAny
  }
}

function dropsName(expr: BinaryExpr): boolean {
  return expr.returnBool || arithmeticOf(expr.op) !== undefined
}

function resultLabels(many: Labels, one: Labels, pair: VectorPair): Labels {
  const { matching, expr, delayNameRemoval } = pair
  let labels: readonly Label[] = many
  if (dropsName(expr) && !delayNameRemoval) labels = labels.filter(([name]) => name !== METRIC_NAME)
  if (matching.cardinality === 'one-to-one') {
    return labels.filter(([name]) => matching.labels.includes(name) === matching.isOn)
  }
  if (matching.include.length === 0) return labels
  const kept = labels.filter(([name]) => !matching.include.includes(name))
  return labelsFromPairs([...kept, ...matching.include.map((name): Label => [name, labelValue(one, name)])])
}

function signatureOf(matching: VectorMatching): (labels: Labels) => string {
  const grouping = matching.isOn ? groupBy(matching.labels) : groupWithout(matching.labels)
  return (labels) => labelsKey(grouping.labelsOf(labels))
}

function matchingLabels(labels: Labels, matching: VectorMatching): Labels {
  return (matching.isOn ? groupBy(matching.labels) : groupWithout(matching.labels)).labelsOf(labels)
}

/** `{a="b", c="d"}`, Go's Labels.String. */
export function formatLabels(labels: Labels): string {
  const parts = labels.map(([name, value]) => {
    const shown = /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name) ? name : quoteGo(name)
    return `${shown}=${quoteGo(value)}`
  })
  return `{${parts.join(', ')}}`
}
