import type { Attribute, FieldExpression } from './ast.ts'
import { calculate, compare, compileTest, FALSE, isNumeric, mirror, NIL, TRUE } from './static.ts'
import type { ArithmeticOp, CompareOp, Static } from './static.ts'

/** What expressions need of the spans they run over. Rows are whatever the source counts with. */
export interface RowSource {
  value(attribute: Attribute): (row: number) => Static
  /** A comparison with a literal decided over a whole column; undefined when there is no column for it. */
  test?(attribute: Attribute, op: CompareOp, literal: Static): ((row: number) => boolean) | undefined
  /** Whether the attribute is there at all. */
  exists?(attribute: Attribute): ((row: number) => boolean) | undefined
}

const COMPARE_OPS = new Set(['=', '!=', '<', '<=', '>', '>=', '=~', '!~'])

/** Whether a span matches: true only for a true boolean. Decided once here, so that the loop over rows only calls. */
export function compilePredicate(expression: FieldExpression, source: RowSource): (row: number) => boolean {
  switch (expression.kind) {
    case 'static': {
      const isTrue = expression.value.type === 'bool' && expression.value.value
      return () => isTrue
    }
    case 'unary':
      return compileUnaryPredicate(expression, source)
    case 'binary':
      return compileBinaryPredicate(expression, source)
    case 'attribute': {
      const fast = source.test?.(expression.attribute, '=', TRUE)
      if (fast !== undefined) return fast
      return isTrueValue(source.value(expression.attribute))
    }
  }
}

function compileUnaryPredicate(
  expression: Extract<FieldExpression, { kind: 'unary' }>,
  source: RowSource,
): (row: number) => boolean {
  if (expression.op === 'exists') {
    const { operand } = expression
    const fast = operand.kind === 'attribute' ? source.exists?.(operand.attribute) : undefined
    if (fast !== undefined) return fast
    const value = compileValue(operand, source)
    return (row) => value(row).type !== 'nil'
  }
  return isTrueValue(compileValue(expression, source))
}

function compileBinaryPredicate(
  expression: Extract<FieldExpression, { kind: 'binary' }>,
  source: RowSource,
): (row: number) => boolean {
  const { left, op, right } = expression
  if (op === '&&' || op === '||') {
    const a = compilePredicate(left, source)
    const b = compilePredicate(right, source)
    return op === '&&' ? (row) => a(row) && b(row) : (row) => a(row) || b(row)
  }
  if (!COMPARE_OPS.has(op)) return () => false
  return compileComparison(left, op as CompareOp, right, source)
}

function compileComparison(
  left: FieldExpression,
  op: CompareOp,
  right: FieldExpression,
  source: RowSource,
): (row: number) => boolean {
  const literal = constantOf(right, source)
  if (literal !== undefined) {
    if (left.kind === 'attribute') {
      const fast = source.test?.(left.attribute, op, literal)
      if (fast !== undefined) return fast
    }
    const value = compileValue(left, source)
    const test = compileTest(op, literal)
    return (row) => test(value(row))
  }
  if (constantOf(left, source) !== undefined) return compileComparison(right, mirror(op), left, source)
  const a = compileValue(left, source)
  const b = compileValue(right, source)
  return (row) => compare(op, a(row), b(row))
}

/** The value of an expression without attributes. */
function constantOf(expression: FieldExpression, source: RowSource): Static | undefined {
  if (expression.kind === 'static') return expression.value
  if (expression.kind === 'attribute') return undefined
  if (expression.kind === 'unary') {
    return constantOf(expression.operand, source) === undefined ? undefined : compileValue(expression, source)(0)
  }
  const isConstant =
    constantOf(expression.left, source) !== undefined && constantOf(expression.right, source) !== undefined
  return isConstant ? compileValue(expression, source)(0) : undefined
}

export function compileValue(expression: FieldExpression, source: RowSource): (row: number) => Static {
  switch (expression.kind) {
    case 'static': {
      const { value } = expression
      return () => value
    }
    case 'attribute':
      return source.value(expression.attribute)
    case 'unary': {
      if (expression.op === 'exists') return asBool(compileUnaryPredicate(expression, source))
      const operand = compileValue(expression.operand, source)
      return expression.op === '!' ? (row) => not(operand(row)) : (row) => negate(operand(row))
    }
    case 'binary': {
      const { op } = expression
      if (op === '&&' || op === '||' || COMPARE_OPS.has(op)) return asBool(compileBinaryPredicate(expression, source))
      const left = compileValue(expression.left, source)
      const right = compileValue(expression.right, source)
      return (row) => calculate(op as ArithmeticOp, left(row), right(row))
    }
  }
}

function asBool(predicate: (row: number) => boolean): (row: number) => Static {
  return (row) => (predicate(row) ? TRUE : FALSE)
}

function isTrueValue(value: (row: number) => Static): (row: number) => boolean {
  return (row) => {
    const result = value(row)
    return result.type === 'bool' && result.value
  }
}

function not(value: Static): Static {
  return value.type === 'bool' ? (value.value ? FALSE : TRUE) : NIL
}

function negate(value: Static): Static {
  if (value.type === 'int' || value.type === 'float' || value.type === 'duration') {
    return { type: value.type, value: -value.value }
  }
  return NIL
}

/** Calls `visit` for every attribute that an expression names. */
export function visitAttributes(expression: FieldExpression, visit: (attribute: Attribute) => void): void {
  switch (expression.kind) {
    case 'static':
      return
    case 'attribute':
      visit(expression.attribute)
      return
    case 'unary':
      visitAttributes(expression.operand, visit)
      return
    case 'binary':
      visitAttributes(expression.left, visit)
      visitAttributes(expression.right, visit)
  }
}

export function numberOf(value: Static): number | undefined {
  return isNumeric(value.type) ? (value as { value: number }).value : undefined
}
