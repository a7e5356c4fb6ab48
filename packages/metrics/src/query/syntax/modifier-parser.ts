import { EMPTY_SELECTOR } from './ast.ts'
import type { AtModifier, DurationExpr, Expr, VectorSelector } from './ast.ts'
import { toMs } from './duration-parser.ts'
import type { DurationParser } from './duration-parser.ts'
import type { Token } from './lexer.ts'
import { numberLiteral } from './number-literal.ts'
import type { TokenCursor } from './token-cursor.ts'

const DURATION_WORDS = 'number, duration, or step()'

/** What follows an expression: ranges, subqueries, `offset`, `@` and the extended range selectors. */
export class ModifierParser {
  readonly #cursor: TokenCursor
  readonly #durations: DurationParser
  readonly #isExtensionEnabled: boolean
  /** Range selectors over something that is not a selector; already reported. */
  readonly #broken = new WeakSet<Expr>()

  constructor(options: { cursor: TokenCursor; durations: DurationParser; isExtensionEnabled: boolean }) {
    this.#cursor = options.cursor
    this.#durations = options.durations
    this.#isExtensionEnabled = options.isExtensionEnabled
  }

  /** Everything that may follow an expression binds tighter than any operator. */
  postfix(start: Expr): Expr {
    let expr = start
    for (;;) {
      const { kind, id, text } = this.#cursor.token
      if (text === '[' && kind === 'punctuation') expr = this.#rangeOrSubquery(expr)
      else if (kind === 'keyword' && id === 'offset') expr = this.#offset(expr)
      else if (text === '@' && kind === 'operator') expr = this.#at(expr)
      else if (kind === 'keyword' && (id === 'anchored' || id === 'smoothed')) expr = this.#extension(expr, id)
      else return expr
    }
  }

  #rangeOrSubquery(expr: Expr): Expr {
    this.#cursor.countOperator()
    const open = this.#cursor.token
    this.#cursor.enter('subquery or range selector', DURATION_WORDS)
    this.#cursor.advance()
    const { ms: rangeMs, expr: rangeExpr } = this.#durations.positive()
    this.#cursor.leave()
    if (this.#cursor.accept(']')) return this.#matrix(expr, { rangeMs, rangeExpr, open })
    if (!this.#cursor.is(':')) this.#cursor.unexpected('subquery or range', '":" or "]"')
    this.#cursor.advance()
    let stepMs = 0
    let stepExpr: DurationExpr | undefined
    if (!this.#cursor.is(']')) {
      this.#cursor.enter('subquery selector', 'number, duration, step(), or "]"')
      ;({ ms: stepMs, expr: stepExpr } = this.#durations.positive())
      this.#cursor.leave()
      if (!this.#cursor.is(']')) this.#cursor.unexpected('subquery selector', '"]"')
    }
    this.#cursor.advance()
    const range = { start: expr.range.start, end: this.#cursor.previousEnd }
    const shift = { offsetMs: 0, offsetExpr: undefined, at: undefined }
    return { kind: 'subquery', expr, rangeMs, rangeExpr, stepMs, stepExpr, ...shift, range }
  }

  #matrix(expr: Expr, found: { rangeMs: number; rangeExpr: DurationExpr | undefined; open: Token }): Expr {
    const { rangeMs, rangeExpr, open } = found
    const range = { start: expr.range.start, end: this.#cursor.previousEnd }
    const isSelector = expr.kind === 'vectorSelector'
    let complaint = ''
    if (!isSelector) complaint = 'ranges only allowed for vector selectors'
    else if (expr.offsetMs !== 0) complaint = 'no offset modifiers allowed before range'
    else if (expr.at?.kind === 'time') complaint = 'no @ modifiers allowed before range'
    if (complaint !== '') this.#cursor.problem(complaint, { start: open.start, end: this.#cursor.previousEnd })
    const selector = isSelector ? expr : EMPTY_SELECTOR
    const matrix: Expr = { kind: 'matrixSelector', selector, rangeMs, rangeExpr, range }
    if (!isSelector) this.#broken.add(matrix)
    return matrix
  }

  #offset(expr: Expr): Expr {
    this.#cursor.enter('offset', DURATION_WORDS)
    this.#cursor.advance()
    const operand = this.#durations.ofOffset()
    this.#cursor.leave()
    const offset =
      operand.kind === 'number'
        ? { offsetMs: toMs(operand.value), offsetExpr: undefined }
        : { offsetMs: 0, offsetExpr: operand }
    const isSet = (shift: VectorSelector | Extract<Expr, { kind: 'subquery' }>): boolean =>
      shift.offsetMs !== 0 || shift.offsetExpr !== undefined
    return this.#shift(expr, 'offset modifier', isSet, 'offset may not be set multiple times', offset)
  }

  #at(expr: Expr): Expr {
    this.#cursor.advance()
    let at: AtModifier
    if (
      this.#cursor.token.kind === 'preprocessor' &&
      (this.#cursor.token.id === 'start' || this.#cursor.token.id === 'end')
    ) {
      const kind = this.#cursor.token.id
      this.#cursor.advance()
      if (!this.#cursor.is('(')) this.#cursor.unexpected('@', 'timestamp')
      this.#cursor.advance()
      if (!this.#cursor.is(')')) this.#cursor.unexpected('@', 'timestamp')
      this.#cursor.advance()
      at = { kind }
    } else {
      const sign = this.#cursor.token.text
      if (sign === '+' || sign === '-') this.#cursor.advance()
      if (this.#cursor.token.kind !== 'number' && this.#cursor.token.kind !== 'duration')
        this.#cursor.unexpected('@', 'timestamp')
      const { value } = numberLiteral(this.#cursor)
      const seconds = sign === '-' ? -value : value
      if (!Number.isFinite(seconds) || Math.abs(seconds) >= 2 ** 63) {
        this.#cursor.problem(`timestamp out of bounds for @ modifier: ${formatFixed(seconds)}`, expr.range)
      }
      at = { kind: 'time', timeMs: Math.round(seconds * 1000) }
    }
    const isSet = (shift: VectorSelector | Extract<Expr, { kind: 'subquery' }>): boolean => shift.at !== undefined
    return this.#shift(expr, '@ modifier', isSet, '@ <timestamp> may not be set multiple times', { at })
  }

  /** Puts an offset or @ on a selector, range selector or subquery. */
  #shift(
    expr: Expr,
    what: string,
    isSet: (shift: VectorSelector | Extract<Expr, { kind: 'subquery' }>) => boolean,
    complaint: string,
    change: { at: AtModifier } | { offsetMs: number; offsetExpr: DurationExpr | undefined },
  ): Expr {
    const range = { start: expr.range.start, end: this.#cursor.previousEnd }
    switch (expr.kind) {
      case 'vectorSelector':
      case 'subquery':
        if (isSet(expr)) this.#cursor.problem(complaint, expr.range)
        return { ...expr, ...change, range }
      case 'matrixSelector':
        if (this.#broken.has(expr)) {
          this.#cursor.problem('ranges only allowed for vector selectors', expr.range)
          return expr
        }
        if (isSet(expr.selector)) this.#cursor.problem(complaint, expr.range)
        return { ...expr, selector: { ...expr.selector, ...change }, range }
      default: {
        const where = 'must be preceded by an instant vector selector or range vector selector or a subquery'
        this.#cursor.problem(`${what} ${where}`, expr.range)
        return expr
      }
    }
  }

  #extension(expr: Expr, extension: 'anchored' | 'smoothed'): Expr {
    this.#cursor.advance()
    if (!this.#isExtensionEnabled) {
      this.#cursor.problem(`${extension} modifier is experimental and not enabled`, expr.range)
      return expr
    }
    if (expr.kind === 'subquery') {
      this.#cursor.problem(`${extension} modifier is not supported for subqueries`, expr.range)
      return expr
    }
    const selector = expr.kind === 'matrixSelector' ? expr.selector : expr
    if (selector.kind !== 'vectorSelector') {
      this.#cursor.problem(`${extension} modifier not implemented`, expr.range)
      return expr
    }
    if (selector.extension !== undefined && selector.extension !== extension) {
      this.#cursor.problem('anchored and smoothed modifiers cannot be used together', expr.range)
    }
    return expr.kind === 'matrixSelector'
      ? { ...expr, selector: { ...selector, extension } }
      : { ...selector, extension }
  }
}

/** Go's %f. */
function formatFixed(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return `${BigInt(value)}.000000`
}
