import { compareText } from '@quartet/model'
import { compileRegex, formatGoDuration, quoteGo } from '@quartet/query'

/** A TraceQL value. Integers and durations are doubles: exact within 2^53. */
export type Static =
  | { readonly type: 'nil' }
  | { readonly type: 'int' | 'float' | 'duration'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'status'; readonly value: Status }
  | { readonly type: 'kind'; readonly value: Kind }
  /** A list, or the values that the events or links of one span have. */
  | { readonly type: 'array'; readonly value: readonly Static[] }

export type StaticType = Static['type']

export const STATUSES = ['unset', 'ok', 'error'] as const
export const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'] as const
export type Status = (typeof STATUSES)[number]
export type Kind = (typeof KINDS)[number]

export const NIL: Static = { type: 'nil' }
export const TRUE: Static = { type: 'bool', value: true }
export const FALSE: Static = { type: 'bool', value: false }

export type CompareOp = '=' | '!=' | '<' | '<=' | '>' | '>=' | '=~' | '!~'
export type ArithmeticOp = '+' | '-' | '*' | '/' | '%' | '^'

export function isNumeric(type: StaticType): type is 'int' | 'float' | 'duration' {
  return type === 'int' || type === 'float' || type === 'duration'
}

/** A test of one value against a literal, decided once. Values of other types never match, not even with `!=`. */
export function compileTest(op: CompareOp, literal: Static): (value: Static) => boolean {
  if (literal.type === 'array' || literal.type === 'nil') return () => false
  const test = scalarTest(op, literal)
  // A list matches when any member does, for the negative operators too.
  return (value) => (value.type === 'array' ? value.value.some(test) : test(value))
}

function scalarTest(op: CompareOp, literal: Exclude<Static, { type: 'array' | 'nil' }>): (value: Static) => boolean {
  if (op === '=~' || op === '!~') {
    if (literal.type !== 'string') return () => false
    const regex = compileRegex(literal.value, { anchored: true })
    const expected = op === '=~'
    return (value) => value.type === 'string' && regex.test(value.value) === expected
  }
  const accepts = ORDERINGS[op]
  if (literal.type === 'string') {
    return (value) => value.type === 'string' && accepts(compareText(value.value, literal.value))
  }
  if (isNumeric(literal.type)) {
    const right = literal.value as number
    return (value) => isNumeric(value.type) && acceptsNumber(op, (value as { value: number }).value, right)
  }
  if (op !== '=' && op !== '!=') return () => false
  return (value) => value.type === literal.type && (value.value === literal.value) === (op === '=')
}

const ORDERINGS: Record<Exclude<CompareOp, '=~' | '!~'>, (order: number) => boolean> = {
  '=': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
}

/** NaN is unequal to everything and neither smaller nor larger, as in IEEE. */
export function acceptsNumber(op: CompareOp, left: number, right: number): boolean {
  switch (op) {
    case '=':
      return left === right
    case '!=':
      return left !== right
    case '<':
      return left < right
    case '<=':
      return left <= right
    case '>':
      return left > right
    case '>=':
      return left >= right
    case '=~':
    case '!~':
      return false
  }
}

export function compare(op: CompareOp, left: Static, right: Static): boolean {
  if (left.type === 'array') return right.type !== 'array' && compileTest(op, right)(left)
  // Regular expressions may stand on either side of a list.
  if (right.type === 'array') return compileTest(MIRRORED[op], left)(right)
  return compileTest(op, right)(left)
}

const MIRRORED: Record<CompareOp, CompareOp> = {
  '=': '=',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
  '=~': '=~',
  '!~': '!~',
}

export function mirror(op: CompareOp): CompareOp {
  return MIRRORED[op]
}

/** nil when an operand is not a number, and for a whole division by zero. */
export function calculate(op: ArithmeticOp, left: Static, right: Static): Static {
  if (!isNumeric(left.type) || !isNumeric(right.type)) return NIL
  const a = (left as { value: number }).value
  const b = (right as { value: number }).value
  const isWhole = left.type === 'int' && right.type === 'int'
  if (isWhole && b === 0 && (op === '/' || op === '%')) return NIL
  const value = OPERATIONS[op](a, b)
  if (isWhole) return { type: 'int', value: Math.trunc(value) }
  return { type: left.type === 'duration' || right.type === 'duration' ? 'duration' : 'float', value }
}

const OPERATIONS: Record<ArithmeticOp, (a: number, b: number) => number> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  '^': (a, b) => a ** b,
}

/** As it is written in a query. */
export function formatStatic(value: Static): string {
  switch (value.type) {
    case 'nil':
      return 'nil'
    case 'string':
      return quoteGo(value.value)
    case 'int':
      return String(value.value)
    case 'float':
      return formatFloat(value.value)
    case 'duration':
      return formatGoDuration(BigInt(Math.trunc(value.value)))
    case 'bool':
    case 'status':
    case 'kind':
      return String(value.value)
    case 'array':
      return `[${value.value.map(formatStatic).join(', ')}]`
  }
}

/** As a tag value in an answer: like {@link formatStatic}, but strings without quotes. */
export function staticText(value: Static): string {
  return value.type === 'string' ? value.value : formatStatic(value)
}

function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  const text = String(value)
  return text.replace(/e([+-])(\d)$/, 'e$10$2')
}
