import type { StepGrid } from '@quartet/query'
import type { AtModifier, DurationOperand, Expr, TimeShift } from './syntax/ast.ts'
import { children } from './syntax/ast.ts'
import { TIME_DEPENDENT } from './syntax/signatures.ts'
import { EvaluationError } from './errors.ts'

/**
 * Whether an expression has the same result at every step, because everything in it looks at a fixed time (`@`). Such an
 * expression is evaluated once and its result repeated.
 */
export function isStepInvariant(expr: Expr): boolean {
  switch (expr.kind) {
    case 'number':
    case 'string':
      return true
    case 'vectorSelector':
      return expr.at !== undefined
    case 'matrixSelector':
      return expr.selector.at !== undefined
    case 'subquery':
      return expr.at !== undefined
    case 'call':
      if (TIME_DEPENDENT.has(expr.func.name)) return false
      return expr.args.every(isStepInvariant)
    default:
      return children(expr).every(isStepInvariant)
  }
}

/** Puts the query's own start, end and step in place of `start()`, `end()` and duration expressions. */
export function resolveTimes(expr: Expr, grid: StepGrid, stepMs: number): Expr {
  const shiftOf = <T extends TimeShift>(shift: T): T => ({
    ...shift,
    at: resolveAt(shift.at, grid),
    offsetMs: shift.offsetExpr === undefined ? shift.offsetMs : durationMs(shift.offsetExpr, stepMs, true),
  })
  const resolve = (inner: Expr): Expr => resolveTimes(inner, grid, stepMs)
  switch (expr.kind) {
    case 'number':
    case 'string':
      return expr
    case 'vectorSelector':
      return shiftOf(expr)
    case 'matrixSelector': {
      const rangeMs = expr.rangeExpr === undefined ? expr.rangeMs : durationMs(expr.rangeExpr, stepMs, false)
      return { ...expr, rangeMs, selector: shiftOf(expr.selector) }
    }
    case 'subquery': {
      const rangeMs = expr.rangeExpr === undefined ? expr.rangeMs : durationMs(expr.rangeExpr, stepMs, false)
      const innerStepMs = expr.stepExpr === undefined ? expr.stepMs : durationMs(expr.stepExpr, stepMs, false)
      return { ...shiftOf(expr), rangeMs, stepMs: innerStepMs, expr: resolve(expr.expr) }
    }
    case 'paren':
    case 'unary':
      return { ...expr, expr: resolve(expr.expr) }
    case 'aggregate':
      return { ...expr, expr: resolve(expr.expr), param: expr.param === undefined ? undefined : resolve(expr.param) }
    case 'binary':
      return { ...expr, left: resolve(expr.left), right: resolve(expr.right) }
    case 'call':
      return { ...expr, args: expr.args.map(resolve) }
  }
}

function resolveAt(at: AtModifier | undefined, grid: StepGrid): AtModifier | undefined {
  if (at === undefined || at.kind === 'time') return at
  return { kind: 'time', timeMs: at.kind === 'start' ? grid.startMs : grid.endMs }
}

function durationMs(expr: DurationOperand, stepMs: number, mayBeNegative: boolean): number {
  const seconds = durationSeconds(expr, stepMs)
  if (seconds <= 0 && !mayBeNegative) throw new EvaluationError('duration must be greater than 0')
  if (Math.abs(seconds) > 2 ** 63 / 1e9) throw new EvaluationError('duration is out of range')
  return Math.trunc(seconds * 1000)
}

function durationSeconds(expr: DurationOperand, stepMs: number): number {
  if (expr.kind === 'number') return expr.value
  if (expr.kind === 'step') return stepMs / 1000
  const right = durationSeconds(expr.right, stepMs)
  if (expr.left === undefined) return expr.op === '-' ? -right : right
  const left = durationSeconds(expr.left, stepMs)
  switch (expr.op) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      if (right === 0) throw new EvaluationError('division by zero')
      return left / right
    case '%':
      if (right === 0) throw new EvaluationError('modulo by zero')
      return left % right
    case '^':
      return left ** right
    case 'min':
      return Math.min(left, right)
    case 'max':
      return Math.max(left, right)
  }
}
