import type { Matcher, TextRange } from '@quartet/query'
import { EvaluationError } from '../errors.ts'

export type ValueType = 'scalar' | 'vector' | 'matrix' | 'string' | 'none'

export type ArithmeticOp = '+' | '-' | '*' | '/' | '%' | '^' | 'atan2'
export type ComparisonOp = '==' | '!=' | '>' | '<' | '>=' | '<='
export type SetOp = 'and' | 'or' | 'unless'
export type BinaryOp = ArithmeticOp | ComparisonOp | SetOp

export type AggregateOp =
  | 'sum'
  | 'avg'
  | 'count'
  | 'min'
  | 'max'
  | 'group'
  | 'stddev'
  | 'stdvar'
  | 'topk'
  | 'bottomk'
  | 'count_values'
  | 'quantile'
  | 'limitk'
  | 'limit_ratio'

export interface NumberLiteral {
  readonly kind: 'number'
  readonly value: number
  /** Written as a duration; printed as one. */
  readonly isDuration: boolean
  readonly range: TextRange
}

export interface StringLiteral {
  readonly kind: 'string'
  readonly value: string
  /** As it was written, with its quotes. */
  readonly literal: string
  readonly range: TextRange
}

/** `@ 1603774568`, `@ start()`, `@ end()`. */
export type AtModifier = { readonly kind: 'time'; readonly timeMs: number } | { readonly kind: 'start' | 'end' }

/** What selectors and subqueries share: where in time they look. */
export interface TimeShift {
  /** Valid when `offsetExpr` is undefined or has been resolved by the engine. */
  readonly offsetMs: number
  readonly offsetExpr: DurationExpr | undefined
  readonly at: AtModifier | undefined
}

export interface VectorSelector extends TimeShift {
  readonly kind: 'vectorSelector'
  /** The name in front of the braces, or ''. */
  readonly name: string
  /** The name's own matcher comes last. */
  readonly matchers: readonly Matcher[]
  readonly extension: 'anchored' | 'smoothed' | undefined
  readonly range: TextRange
}

/** Selects nothing by itself: a place to begin from. */
export const EMPTY_SELECTOR: VectorSelector = {
  kind: 'vectorSelector',
  name: '',
  matchers: [],
  offsetMs: 0,
  offsetExpr: undefined,
  at: undefined,
  extension: undefined,
  range: { start: 0, end: 0 },
}

export interface MatrixSelector {
  readonly kind: 'matrixSelector'
  readonly selector: VectorSelector
  readonly rangeMs: number
  readonly rangeExpr: DurationExpr | undefined
  readonly range: TextRange
}

export interface SubqueryExpr extends TimeShift {
  readonly kind: 'subquery'
  readonly expr: Expr
  readonly rangeMs: number
  readonly rangeExpr: DurationExpr | undefined
  /** 0 takes the engine's default step. */
  readonly stepMs: number
  readonly stepExpr: DurationExpr | undefined
  readonly range: TextRange
}

export interface AggregateExpr {
  readonly kind: 'aggregate'
  readonly op: AggregateOp
  readonly expr: Expr
  readonly param: Expr | undefined
  readonly grouping: readonly string[]
  readonly isWithout: boolean
  readonly range: TextRange
}

export type Cardinality = 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many'

export interface VectorMatching {
  readonly cardinality: Cardinality
  readonly isOn: boolean
  readonly labels: readonly string[]
  /** Labels of group_left or group_right. */
  readonly include: readonly string[]
}

export interface BinaryExpr {
  readonly kind: 'binary'
  readonly op: BinaryOp
  readonly left: Expr
  readonly right: Expr
  readonly returnBool: boolean
  /** Undefined unless both sides are vectors. */
  readonly matching: VectorMatching | undefined
  readonly range: TextRange
}

export interface UnaryExpr {
  readonly kind: 'unary'
  readonly op: '+' | '-'
  readonly expr: Expr
  readonly range: TextRange
}

export interface ParenExpr {
  readonly kind: 'paren'
  readonly expr: Expr
  readonly range: TextRange
}

export interface Call {
  readonly kind: 'call'
  readonly func: FunctionSignature
  readonly args: readonly Expr[]
  readonly range: TextRange
}

export type Expr =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | MatrixSelector
  | SubqueryExpr
  | AggregateExpr
  | BinaryExpr
  | UnaryExpr
  | ParenExpr
  | Call

/** Arithmetic on durations inside `[…]` and behind `offset` (promql-duration-expr). */
export type DurationExpr =
  | { readonly kind: 'step'; readonly isWrapped: boolean; readonly range: TextRange }
  | {
      readonly kind: 'operation'
      readonly op: '+' | '-' | '*' | '/' | '%' | '^' | 'min' | 'max'
      /** Undefined for a sign. */
      readonly left: DurationOperand | undefined
      readonly right: DurationOperand
      readonly isWrapped: boolean
      readonly range: TextRange
    }
export type DurationOperand = NumberLiteral | DurationExpr

export interface FunctionSignature {
  readonly name: string
  readonly argTypes: readonly ValueType[]
  /** How many more arguments than `argTypes` minus one may come: 0 none beyond, -1 any number. */
  readonly variadic: number
  readonly returns: ValueType
  readonly isExperimental: boolean
}

export function typeOf(expr: Expr): ValueType {
  switch (expr.kind) {
    case 'number':
      return 'scalar'
    case 'string':
      return 'string'
    case 'vectorSelector':
    case 'aggregate':
      return 'vector'
    case 'matrixSelector':
    case 'subquery':
      return 'matrix'
    case 'call':
      return expr.func.returns
    case 'paren':
    case 'unary':
      return typeOf(expr.expr)
    case 'binary':
      return typeOf(expr.left) === 'scalar' && typeOf(expr.right) === 'scalar' ? 'scalar' : 'vector'
  }
}

export function isComparison(op: BinaryOp): op is ComparisonOp {
  return op === '==' || op === '!=' || op === '>' || op === '<' || op === '>=' || op === '<='
}

export function isSetOp(op: BinaryOp): op is SetOp {
  return op === 'and' || op === 'or' || op === 'unless'
}

/** The expression inside any number of parentheses. */
export function unwrapParens(expr: Expr): Expr {
  return expr.kind === 'paren' ? unwrapParens(expr.expr) : expr
}

export function children(expr: Expr): readonly Expr[] {
  switch (expr.kind) {
    case 'number':
    case 'string':
    case 'vectorSelector':
      return []
    case 'matrixSelector':
      return [expr.selector]
    case 'subquery':
    case 'paren':
    case 'unary':
      return [expr.expr]
    case 'aggregate':
      return expr.param === undefined ? [expr.expr] : [expr.param, expr.expr]
    case 'binary':
      return [expr.left, expr.right]
    case 'call':
      return expr.args
  }
}

/** @throws Error unless it is a string literal, which the checker has seen to */
export function stringOf(expr: Expr): string {
  const inner = unwrapParens(expr)
  if (inner.kind !== 'string') throw new Error('a string literal was expected')
  return inner.value
}

/** The name of a label, given as a string. @throws EvaluationError when bytes of it are not UTF-8, which its value no longer shows */
export function labelNameOf(expr: Expr): string {
  const inner = unwrapParens(expr)
  const isReplaced = stringOf(expr).includes('\uFFFD')
  if (inner.kind === 'string' && isReplaced && !/\uFFFD|\\ufffd/i.test(inner.literal))
    throw new EvaluationError(`invalid label name ${inner.literal}`)
  return stringOf(expr)
}
