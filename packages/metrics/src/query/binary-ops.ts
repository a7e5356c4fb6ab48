import type { ArithmeticOp, BinaryOp, ComparisonOp } from './syntax/ast.ts'

type Arithmetic = (a: number, b: number) => number
type Comparison = (a: number, b: number) => boolean

const arithmetic: Record<ArithmeticOp, Arithmetic> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '^': power,
  atan2: Math.atan2,
}

const comparisons: Record<ComparisonOp, Comparison> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '>': (a, b) => a > b,
  '<': (a, b) => a < b,
  '>=': (a, b) => a >= b,
  '<=': (a, b) => a <= b,
}

/** Go's math.Pow: unlike JavaScript's, 1 to any power is 1, and so is -1 to an infinite one. */
function power(a: number, b: number): number {
  if (a === 1 || (a === -1 && (b === Infinity || b === -Infinity))) return 1
  return a ** b
}

export function arithmeticOf(op: BinaryOp): Arithmetic | undefined {
  return Object.hasOwn(arithmetic, op) ? arithmetic[op as ArithmeticOp] : undefined
}

export function comparisonOf(op: BinaryOp): Comparison | undefined {
  return Object.hasOwn(comparisons, op) ? comparisons[op as ComparisonOp] : undefined
}
