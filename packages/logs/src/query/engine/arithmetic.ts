import type { BinaryOperation } from '../ast.ts'

/** Go's math.Mod is JavaScript's `%`; the rest is IEEE in both. */
export function arithmetic(operation: BinaryOperation, left: number, right: number): number {
  switch (operation) {
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return right === 0 ? Number.NaN : left / right
    case '%':
      return right === 0 ? Number.NaN : left % right
    default:
      return left ** right
  }
}

export function isComparison(operation: BinaryOperation): boolean {
  return (
    operation === '==' ||
    operation === '!=' ||
    operation === '>' ||
    operation === '>=' ||
    operation === '<' ||
    operation === '<='
  )
}

export function compareNumbers(operation: BinaryOperation, left: number, right: number): boolean {
  switch (operation) {
    case '==':
      return left === right
    case '!=':
      return left !== right
    case '>':
      return left > right
    case '>=':
      return left >= right
    case '<':
      return left < right
    default:
      return left <= right
  }
}

/** Two literals become one while parsing; a comparison is then 1 or 0. */
export function foldBinary(operation: BinaryOperation, left: number, right: number): number {
  return isComparison(operation) ? Number(compareNumbers(operation, left, right)) : arithmetic(operation, left, right)
}
