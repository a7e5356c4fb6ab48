import type { TextRange } from '@quartet/query'
import type { DurationExpr, DurationOperand } from './ast.ts'
import type { Token } from './lexer.ts'
import { numberLiteral } from './number-literal.ts'
import { POWER, PRECEDENCE } from './precedence.ts'
import type { TokenCursor } from './token-cursor.ts'
import { rangeOf } from './token-words.ts'

const NO_RANGE: TextRange = { start: 0, end: 0 }

/** Durations, and with promql-duration-expr arithmetic on them. */
export class DurationParser {
  readonly #cursor: TokenCursor
  readonly #isArithmeticEnabled: boolean

  constructor(cursor: TokenCursor, isArithmeticEnabled: boolean) {
    this.#cursor = cursor
    this.#isArithmeticEnabled = isArithmeticEnabled
  }

  positive(): { ms: number; expr: DurationExpr | undefined } {
    const operand = this.#duration(0)
    if (operand.kind !== 'number') return { ms: 0, expr: operand }
    if (operand.value <= 0) this.#cursor.problem('duration must be greater than 0', operand.range)
    return { ms: toMs(operand.value), expr: undefined }
  }

  #duration(minPrecedence: number): DurationOperand {
    this.#cursor.deepen()
    const operand = this.#durationTail(this.#durationUnary(), minPrecedence)
    this.#cursor.surface()
    return operand
  }

  #durationTail(start: DurationOperand, minPrecedence: number): DurationOperand {
    let left = start
    for (;;) {
      const operator = this.#cursor.token
      const precedence = '+-*/%^'.includes(operator.text) ? PRECEDENCE[operator.text] : undefined
      if (operator.kind !== 'operator' || precedence === undefined || precedence < minPrecedence) return left
      this.#cursor.countOperator()
      this.#cursor.advance()
      const right = this.#duration(operator.text === '^' ? precedence : precedence + 1)
      this.#requireDurationExpressions(left.range)
      left = this.#durationOperation(operator, left, right)
    }
  }

  #durationOperation(operator: Token, left: DurationOperand, right: DurationOperand): DurationOperand {
    const isZero = right.kind === 'number' && right.value === 0
    if (isZero && (operator.text === '/' || operator.text === '%')) {
      this.#cursor.problem(operator.text === '/' ? 'division by zero' : 'modulo by zero', rangeOf(operator))
      return { kind: 'number', value: 0, isDuration: false, range: NO_RANGE }
    }
    const op = operator.text as '+' | '-' | '*' | '/' | '%' | '^'
    const range = { start: left.range.start, end: right.range.end }
    return { kind: 'operation', op, left, right, isWrapped: false, range }
  }

  #durationUnary(): DurationOperand {
    const sign = this.#cursor.token
    if (sign.text !== '+' && sign.text !== '-') return this.#durationPrimary()
    this.#cursor.advance()
    return this.#signed(sign, this.#duration(POWER))
  }

  #signed(sign: Token, operand: DurationOperand): DurationOperand {
    const range = { start: sign.start, end: operand.range.end }
    if (operand.kind === 'number') {
      return { ...operand, value: sign.text === '-' ? -operand.value : operand.value, range }
    }
    if (sign.text === '+') return operand
    return { kind: 'operation', op: '-', left: undefined, right: operand, isWrapped: false, range }
  }

  #durationPrimary(): DurationOperand {
    const token = this.#cursor.token
    if (token.kind === 'number' || token.kind === 'duration') {
      const number = numberLiteral(this.#cursor)
      if (Math.abs(number.value) <= 2 ** 63 / 1e9) return number
      this.#cursor.problem('duration out of range', number.range)
      return { ...number, value: 0, range: NO_RANGE }
    }
    if (token.id === 'step' && token.kind === 'preprocessor') {
      this.#cursor.advance()
      this.#cursor.expect('(')
      this.#cursor.expect(')')
      return { kind: 'step', isWrapped: false, range: { start: token.start, end: this.#cursor.previousEnd } }
    }
    if (token.kind === 'aggregator' && (token.id === 'min' || token.id === 'max')) {
      this.#cursor.advance()
      this.#cursor.expect('(')
      const left = this.#duration(0)
      this.#cursor.expect(',')
      const right = this.#duration(0)
      this.#cursor.expect(')')
      const range = { start: token.start, end: this.#cursor.previousEnd }
      return { kind: 'operation', op: token.id, left, right, isWrapped: false, range }
    }
    if (token.text !== '(') this.#cursor.unexpected()
    this.#cursor.advance()
    const inner = this.#duration(0)
    this.#cursor.expect(')')
    this.#requireDurationExpressions(inner.range)
    return inner.kind === 'number' ? inner : { ...inner, isWrapped: true }
  }

  /** Behind `offset` an operator belongs to the expression outside, unless the duration began with a parenthesis. */
  ofOffset(): DurationOperand {
    const token = this.#cursor.token
    if (token.text === '(') return this.#durationTail(this.#durationPrimary(), 0)
    if (token.text !== '+' && token.text !== '-') return this.#durationPrimary()
    this.#cursor.advance()
    return this.#signed(token, this.#durationPrimary())
  }

  #requireDurationExpressions(range: TextRange): void {
    if (this.#isArithmeticEnabled) return
    this.#cursor.problem('experimental duration expression is not enabled', range)
  }
}

/** Upstream rounds to nanoseconds, then drops what is below a millisecond. */
export function toMs(seconds: number): number {
  return Math.trunc(Math.round(seconds * 1e9) / 1e6)
}
