import { areHistogramsEqual, compactHistogram, divideHistogram, RESET_GAUGE, scaleHistogram } from '@quartet/model'
import type { NativeHistogram } from '@quartet/model'
import type { Annotations } from './annotations.ts'
import {
  boundsReconciled,
  conflictingResets,
  incompatibleLayout,
  incompatibleTypes,
  tryCombine,
} from './histogram-notes.ts'
import { FLOAT, setHistogram } from './steps.ts'
import type { StepSeries } from './steps.ts'
import type { BinaryExpr } from './syntax/ast.ts'

/** What an operator gives: a number, a histogram, or for comparisons whether they hold. */
type Outcome = NativeHistogram | boolean | undefined

interface Operands {
  readonly left: NativeHistogram | number
  readonly right: NativeHistogram | number
  readonly expr: BinaryExpr
  readonly annotations: Annotations
}

/**
 * A binary operator at a step where at least one side is a histogram.
 * @returns whether `into` has got a point; `undefined` when both are floats, which is none of its business
 */
export function combinePoints(input: {
  left: StepSeries
  right: StepSeries
  into: StepSeries
  step: number
  expr: BinaryExpr
  annotations: Annotations
}): boolean | undefined {
  const { left, right, into, step, expr, annotations } = input
  const a = left.histograms?.[step]
  const b = right.histograms?.[step]
  const isLeftFloat = left.present[step] === FLOAT
  const isRightFloat = right.present[step] === FLOAT
  if (isLeftFloat && isRightFloat) return undefined
  const operands = {
    left: isLeftFloat ? left.values[step] : a!,
    right: isRightFloat ? right.values[step] : b!,
    expr,
    annotations,
  }
  return writeOutcome(combine(operands), operands, into, step)
}

/** As {@link combinePoints} for a vector and a scalar; changes the histogram of `series` at the step in place. */
export function combineWithScalar(input: {
  series: StepSeries
  step: number
  scalar: number
  isScalarLeft: boolean
  expr: BinaryExpr
  annotations: Annotations
}): void {
  const { series, step, scalar, isScalarLeft, expr, annotations } = input
  const histogram = series.histograms![step]!
  const operands = {
    left: isScalarLeft ? scalar : histogram,
    right: isScalarLeft ? histogram : scalar,
    expr,
    annotations,
  }
  const outcome = combine(operands)
  series.present[step] = 0
  writeOutcome(outcome, operands, series, step)
}

function writeOutcome(outcome: Outcome, { left, expr }: Operands, into: StepSeries, step: number): boolean {
  if (outcome === undefined) return false
  if (typeof outcome !== 'boolean') {
    setHistogram(into, step, outcome)
    return true
  }
  if (expr.returnBool) {
    into.values[step] = Number(outcome)
    into.present[step] = FLOAT
    return true
  }
  if (!outcome || typeof left === 'number') return false
  setHistogram(into, step, left)
  return true
}

function combine(operands: Operands): Outcome {
  const { left, right, expr, annotations } = operands
  const { op, range } = expr
  if (typeof left === 'number' && typeof right !== 'number') {
    if (op === '*') return compactHistogram(scaleHistogram(right, left))
  } else if (typeof left !== 'number' && typeof right === 'number') {
    if (op === '*') return compactHistogram(scaleHistogram(left, right))
    if (op === '/') return compactHistogram(divideHistogram(left, right))
  } else if (typeof left !== 'number' && typeof right !== 'number') {
    if (op === '+' || op === '-') return addOrSubtract(left, right, operands)
    if (op === '==') return areHistogramsEqual(left, right)
    if (op === '!=') return !areHistogramsEqual(left, right)
  }
  annotations.info(incompatibleTypes(typeName(left), op, typeName(right)), range)
  return undefined
}

function addOrSubtract(left: NativeHistogram, right: NativeHistogram, { expr, annotations }: Operands): Outcome {
  const isSum = expr.op === '+'
  const operation = isSum ? 'addition' : 'subtraction'
  const sum = tryCombine(left, right, isSum ? 1 : -1)
  if (sum === undefined) {
    annotations.warn(incompatibleLayout(expr.op), expr.range)
    return undefined
  }
  if (sum.hasHintConflict) annotations.warn(conflictingResets(operation), expr.range)
  if (sum.wereBoundsReconciled) annotations.info(boundsReconciled(operation), expr.range)
  const { histogram } = sum
  // A difference of two counters is no counter.
  return compactHistogram(isSum ? histogram : { ...histogram, resetHint: RESET_GAUGE })
}

function typeName(value: NativeHistogram | number): string {
  return typeof value === 'number' ? 'float' : 'histogram'
}
