import { createMatcher, DurationError, parseDuration, quoteGo, QuoteError, RegexError, unquoteGo } from '@quartet/query'
import type { Matcher, MatchOp, TextRange } from '@quartet/query'
import type {
  AggregateExpr,
  AggregateOp,
  AtModifier,
  BinaryOp,
  Cardinality,
  DurationExpr,
  DurationOperand,
  Expr,
  NumberLiteral,
  VectorMatching,
  VectorSelector,
} from './ast.ts'
import { checkExpr } from './check.ts'
import { PromLexer } from './lexer.ts'
import type { Token } from './lexer.ts'
import { parseNumber } from './number.ts'
import { ParseError } from './parse-error.ts'
import type { ParseProblem } from './parse-error.ts'
import { functionSignature } from './signatures.ts'

/** Upstream's feature flags that change what may be written. */
export interface ParseOptions {
  /** promql-experimental-functions */
  readonly experimentalFunctions?: boolean
  /** promql-duration-expr */
  readonly durationExpressions?: boolean
  /** promql-extended-range-selectors */
  readonly extendedRangeSelectors?: boolean
}

/**
 * Parses and type-checks one expression.
 * @throws ParseError with every problem that was found
 */
export function parseExpr(query: string, options: ParseOptions = {}): Expr {
  return new Parser(query, options).expression()
}

/** The matchers of one series selector, as in the `match[]` parameter. @throws ParseError */
export function parseSelector(text: string): readonly Matcher[] {
  return new Parser(text, {}).selector()
}

/** Thrown to leave the grammar after a syntax error has been noted. */
class SyntaxAbort extends Error {
  isNotedByAggregate = false
}

const PRECEDENCE: Readonly<Record<string, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
  '>': 3,
  '<': 3,
  '>=': 3,
  '<=': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  atan2: 5,
  '^': 6,
}
const POWER = 6
const NO_RANGE: TextRange = { start: 0, end: 0 }
/**
 * More than any real query needs. Every open parenthesis, argument, operator and modifier counts for as long as it can deepen the
 * tree, so this bounds the recursion of the parser and of everything that walks the tree.
 */
const MAX_DEPTH = 500
const MAX_OPERATORS = 1000

const DURATION_WORDS = 'number, duration, or step()'

class Parser {
  readonly #query: string
  readonly #options: ParseOptions
  readonly #lexer: PromLexer
  readonly #problems: ParseProblem[] = []
  /** Where the grammar would recover: innermost last. */
  readonly #contexts: [context: string, expected: string][] = [['', '']]
  /** Range selectors over something that is not a selector; already reported. */
  readonly #broken = new WeakSet<Expr>()
  #token: Token
  #lookahead: Token | undefined
  #previousEnd = 0
  #lastClosing = 0
  #depth = 0
  #operators = 0

  constructor(query: string, options: ParseOptions) {
    this.#query = query
    this.#options = options
    this.#lexer = new PromLexer(query)
    this.#token = this.#read()
  }

  expression(): Expr {
    const expr = this.#attempt(() => {
      if (this.#isAtEnd()) {
        this.#problem('no expression found in input', NO_RANGE)
        throw new SyntaxAbort()
      }
      const parsed = this.#expr(0)
      if (!this.#isAtEnd()) this.#unexpected()
      return parsed
    })
    const checked =
      expr === undefined || this.#problems.length > 0
        ? undefined
        : checkExpr(expr, this.#query, (message, range) => this.#problem(message, range))
    if (checked === undefined || this.#problems.length > 0) throw new ParseError(this.#query, this.#problems)
    return checked
  }

  selector(): readonly Matcher[] {
    const selector = this.#attempt(() => {
      if (!isMetricName(this.#token) && !this.#is('{')) this.#unexpected()
      const parsed = this.#vectorSelector()
      if (!this.#isAtEnd()) this.#unexpected()
      return parsed
    })
    if (selector === undefined || this.#problems.length > 0) throw new ParseError(this.#query, this.#problems)
    return selector.matchers
  }

  #attempt<T>(parse: () => T): T | undefined {
    try {
      return parse()
    } catch (error) {
      if (error instanceof SyntaxAbort) return undefined
      throw error
    }
  }

  // Expressions, by precedence climbing.

  #expr(minPrecedence: number): Expr {
    this.#deepen()
    let left = this.#unary()
    for (;;) {
      const operator = this.#token
      const precedence = operator.kind === 'operator' ? PRECEDENCE[operator.id] : undefined
      if (precedence === undefined || precedence < minPrecedence) break
      this.#countOperator()
      this.#advance()
      const { returnBool, matching } = this.#binaryModifiers()
      const right = this.#expr(operator.id === '^' ? precedence : precedence + 1)
      left = {
        kind: 'binary',
        op: operator.id as BinaryOp,
        left,
        right,
        returnBool,
        matching,
        range: { start: left.range.start, end: right.range.end },
      }
    }
    this.#depth--
    return left
  }

  #unary(): Expr {
    const sign = this.#token
    if (sign.text !== '+' && sign.text !== '-') return this.#postfix(this.#primary())
    this.#advance()
    const expr = this.#expr(POWER)
    const range = { start: sign.start, end: expr.range.end }
    if (expr.kind === 'number') return { ...expr, value: sign.text === '-' ? -expr.value : expr.value, range }
    return { kind: 'unary', op: sign.text, expr, range }
  }

  #binaryModifiers(): { returnBool: boolean; matching: VectorMatching } {
    const returnBool = this.#acceptKeyword('bool')
    let matching: VectorMatching = { cardinality: 'one-to-one', isOn: false, labels: [], include: [] }
    const isOn = this.#acceptKeyword('on')
    if (!isOn && !this.#acceptKeyword('ignoring')) return { returnBool, matching }
    matching = { ...matching, isOn, labels: this.#groupingLabels() }
    const isLeft = this.#acceptKeyword('group_left')
    if (isLeft || this.#acceptKeyword('group_right')) {
      const cardinality: Cardinality = isLeft ? 'many-to-one' : 'one-to-many'
      const include = this.#is('(') ? this.#groupingLabels() : []
      matching = { ...matching, cardinality, include }
    }
    return { returnBool, matching }
  }

  #primary(): Expr {
    const token = this.#token
    switch (token.kind) {
      case 'number':
      case 'duration':
        return this.#number()
      case 'string':
        this.#advance()
        return { kind: 'string', value: this.#unquote(token), range: rangeOf(token) }
      case 'aggregator': {
        const next = this.#peek()
        const isCall = next.text === '(' || (next.kind === 'keyword' && (next.id === 'by' || next.id === 'without'))
        return isCall ? this.#aggregate() : this.#vectorSelector()
      }
      case 'identifier':
        return this.#peek().text === '(' ? this.#call() : this.#vectorSelector()
      default:
        if (token.text === '(' && token.kind === 'punctuation') return this.#paren()
        if (token.text === '{' || isMetricName(token)) return this.#vectorSelector()
        return this.#unexpected()
    }
  }

  #paren(): Expr {
    const start = this.#token.start
    this.#advance()
    const expr = this.#expr(0)
    this.#expect(')')
    return { kind: 'paren', expr, range: { start, end: this.#previousEnd } }
  }

  #number(): NumberLiteral {
    const token = this.#token
    this.#advance()
    if (token.kind === 'number') {
      const value = parseNumber(token.text)
      if (value === undefined) {
        const text = `strconv.ParseFloat: parsing ${quoteGo(token.text)}: value out of range`
        this.#problem(`error parsing number: ${text}`, rangeOf(this.#isAtEnd() ? token : this.#token))
      }
      return { kind: 'number', value: value ?? 0, isDuration: false, range: rangeOf(token) }
    }
    let ms = 0
    try {
      ms = parseDuration(token.text)
    } catch (error) {
      if (!(error instanceof DurationError)) throw error
      this.#problem(error.message, rangeOf(token))
    }
    return { kind: 'number', value: ms / 1000, isDuration: true, range: rangeOf(token) }
  }

  #call(): Expr {
    const name = this.#token
    this.#advance()
    const args = this.#callArguments()
    const range = { start: name.start, end: this.#previousEnd }
    const func = functionSignature(name.text)
    if (func === undefined) {
      this.#problem(`unknown function with name ${quoteGo(name.text)}`, rangeOf(name))
      return { kind: 'string', value: '', range }
    }
    if (func.isExperimental && this.#options.experimentalFunctions !== true) {
      this.#problem(`function ${quoteGo(name.text)} is not enabled`, rangeOf(name))
    }
    return { kind: 'call', func, args, range }
  }

  #callArguments(): Expr[] {
    this.#expect('(')
    const args: Expr[] = []
    if (this.#accept(')')) return args
    args.push(this.#expr(0))
    while (this.#is(',')) {
      const comma = this.#token
      this.#advance()
      if (this.#is(')')) this.#problem('trailing commas not allowed in function call args', rangeOf(comma))
      else args.push(this.#expr(0))
    }
    this.#expect(')')
    return args
  }

  #aggregate(): Expr {
    const operator = this.#token
    this.#advance()
    let modifier = this.#aggregateModifier()
    this.#contexts.push(['aggregation', ''])
    const args = this.#aggregateArguments(operator)
    this.#contexts.pop()
    modifier ??= this.#aggregateModifier()
    const range = { start: operator.start, end: this.#previousEnd }
    const { grouping, isWithout } = modifier ?? { grouping: [], isWithout: false }
    const op = operator.id as AggregateOp
    const hasParam = AGGREGATES_WITH_PARAM.has(op)
    const placeholder: Expr = { kind: 'string', value: '', range }
    const result = (expr: Expr, param?: Expr): AggregateExpr => ({
      kind: 'aggregate',
      op,
      expr,
      param,
      grouping,
      isWithout,
      range,
    })
    if (args.length === 0) {
      this.#problem('no arguments for aggregate expression provided', range)
      return result(placeholder)
    }
    if ((op === 'limitk' || op === 'limit_ratio') && this.#options.experimentalFunctions !== true) {
      const how = 'is experimental and must be enabled with --enable-feature=promql-experimental-functions'
      this.#problem(`${op}() ${how}`, range)
      return result(placeholder)
    }
    const wanted = hasParam ? 2 : 1
    if (args.length !== wanted) {
      const what = 'wrong number of arguments for aggregate expression provided'
      this.#problem(`${what}, expected ${wanted}, got ${args.length}`, range)
      return result(placeholder)
    }
    return hasParam ? result(args[1], args[0]) : result(args[0])
  }

  #aggregateArguments(operator: Token): Expr[] {
    try {
      return this.#callArguments()
    } catch (error) {
      if (error instanceof SyntaxAbort && !error.isNotedByAggregate) {
        error.isNotedByAggregate = true
        const range = { start: operator.start, end: Math.max(this.#lastClosing, 0) }
        this.#problem('no arguments for aggregate expression provided', range)
      }
      throw error
    }
  }

  #aggregateModifier(): { grouping: readonly string[]; isWithout: boolean } | undefined {
    const { kind, id } = this.#token
    if (kind !== 'keyword' || (id !== 'by' && id !== 'without')) return undefined
    this.#advance()
    return { grouping: this.#groupingLabels(), isWithout: id === 'without' }
  }

  #groupingLabels(): string[] {
    if (!this.#is('(')) this.#unexpected('grouping opts', '"("')
    this.#advance()
    const labels: string[] = []
    if (this.#accept(')')) return labels
    for (;;) {
      labels.push(this.#groupingLabel())
      if (this.#accept(')')) return labels
      if (!this.#is(',')) this.#unexpected('grouping opts', '"," or ")"')
      this.#advance()
      if (this.#accept(')')) return labels
    }
  }

  #groupingLabel(): string {
    const token = this.#token
    if (token.kind === 'string') {
      const name = this.#unquote(token)
      if (name === '') this.#unexpected('grouping opts', 'label')
      this.#advance()
      return name
    }
    if (!isLabelName(token)) this.#unexpected('grouping opts', 'label')
    this.#advance()
    return token.text
  }

  // Selectors.

  #vectorSelector(): VectorSelector {
    const start = this.#token.start
    let name = ''
    const matchers: Matcher[] = []
    if (!this.#is('{')) {
      name = this.#token.text
      this.#advance()
    }
    if (this.#is('{')) this.#labelMatchers(matchers)
    if (name !== '') matchers.push(createMatcher('__name__', '=', name))
    return {
      kind: 'vectorSelector',
      name,
      matchers,
      offsetMs: 0,
      offsetExpr: undefined,
      at: undefined,
      extension: undefined,
      range: { start, end: this.#previousEnd },
    }
  }

  #labelMatchers(into: Matcher[]): void {
    this.#advance()
    if (this.#accept('}')) return
    for (;;) {
      const matcher = this.#labelMatcher()
      if (matcher !== undefined) into.push(matcher)
      if (this.#accept('}')) return
      if (!this.#is(',')) this.#unexpected('label matching', '"," or "}"')
      this.#advance()
      if (this.#accept('}')) return
    }
  }

  #labelMatcher(): Matcher | undefined {
    const label = this.#token
    if (label.kind !== 'identifier' && label.kind !== 'string') {
      this.#unexpected('label matching', 'identifier or "}"')
    }
    this.#advance()
    const name = label.kind === 'string' ? this.#unquote(label) : label.text
    const operator = this.#token
    if (!['=', '!=', '=~', '!~'].includes(operator.text)) {
      if (label.kind === 'string') return createMatcher('__name__', '=', name)
      this.#unexpected('label matching', 'label matching operator')
    }
    this.#advance()
    const value = this.#token
    if (value.kind !== 'string') this.#unexpected('label matching', 'string')
    this.#advance()
    try {
      return createMatcher(name, operator.text as MatchOp, this.#unquote(value))
    } catch (error) {
      if (!(error instanceof RegexError)) throw error
      this.#problem(error.message, { start: label.start, end: value.end })
      return undefined
    }
  }

  /** Everything that may follow an expression binds tighter than any operator. */
  #postfix(start: Expr): Expr {
    let expr = start
    for (;;) {
      const { kind, id, text } = this.#token
      if (text === '[' && kind === 'punctuation') expr = this.#rangeOrSubquery(expr)
      else if (kind === 'keyword' && id === 'offset') expr = this.#offset(expr)
      else if (text === '@' && kind === 'operator') expr = this.#at(expr)
      else if (kind === 'keyword' && (id === 'anchored' || id === 'smoothed')) expr = this.#extension(expr, id)
      else return expr
    }
  }

  #rangeOrSubquery(expr: Expr): Expr {
    this.#countOperator()
    const open = this.#token
    this.#contexts.push(['subquery or range selector', DURATION_WORDS])
    this.#advance()
    const { ms: rangeMs, expr: rangeExpr } = this.#positiveDuration()
    this.#contexts.pop()
    if (this.#accept(']')) return this.#matrix(expr, { rangeMs, rangeExpr, open })
    if (!this.#is(':')) this.#unexpected('subquery or range', '":" or "]"')
    this.#advance()
    let stepMs = 0
    let stepExpr: DurationExpr | undefined
    if (!this.#is(']')) {
      this.#contexts.push(['subquery selector', 'number, duration, step(), or "]"'])
      ;({ ms: stepMs, expr: stepExpr } = this.#positiveDuration())
      this.#contexts.pop()
      if (!this.#is(']')) this.#unexpected('subquery selector', '"]"')
    }
    this.#advance()
    const range = { start: expr.range.start, end: this.#previousEnd }
    const shift = { offsetMs: 0, offsetExpr: undefined, at: undefined }
    return { kind: 'subquery', expr, rangeMs, rangeExpr, stepMs, stepExpr, ...shift, range }
  }

  #matrix(expr: Expr, found: { rangeMs: number; rangeExpr: DurationExpr | undefined; open: Token }): Expr {
    const { rangeMs, rangeExpr, open } = found
    const range = { start: expr.range.start, end: this.#previousEnd }
    const isSelector = expr.kind === 'vectorSelector'
    let complaint = ''
    if (!isSelector) complaint = 'ranges only allowed for vector selectors'
    else if (expr.offsetMs !== 0) complaint = 'no offset modifiers allowed before range'
    else if (expr.at?.kind === 'time') complaint = 'no @ modifiers allowed before range'
    if (complaint !== '') this.#problem(complaint, { start: open.start, end: this.#previousEnd })
    const selector = isSelector ? expr : EMPTY_SELECTOR
    const matrix: Expr = { kind: 'matrixSelector', selector, rangeMs, rangeExpr, range }
    if (!isSelector) this.#broken.add(matrix)
    return matrix
  }

  #offset(expr: Expr): Expr {
    this.#contexts.push(['offset', DURATION_WORDS])
    this.#advance()
    const operand = this.#offsetDuration()
    this.#contexts.pop()
    const offset =
      operand.kind === 'number'
        ? { offsetMs: toMs(operand.value), offsetExpr: undefined }
        : { offsetMs: 0, offsetExpr: operand }
    const isSet = (shift: VectorSelector | Extract<Expr, { kind: 'subquery' }>): boolean =>
      shift.offsetMs !== 0 || shift.offsetExpr !== undefined
    return this.#shift(expr, 'offset modifier', isSet, 'offset may not be set multiple times', offset)
  }

  #at(expr: Expr): Expr {
    this.#advance()
    let at: AtModifier
    if (this.#token.kind === 'preprocessor' && (this.#token.id === 'start' || this.#token.id === 'end')) {
      const kind = this.#token.id
      this.#advance()
      if (!this.#is('(')) this.#unexpected('@', 'timestamp')
      this.#advance()
      if (!this.#is(')')) this.#unexpected('@', 'timestamp')
      this.#advance()
      at = { kind }
    } else {
      const sign = this.#token.text
      if (sign === '+' || sign === '-') this.#advance()
      if (this.#token.kind !== 'number' && this.#token.kind !== 'duration') this.#unexpected('@', 'timestamp')
      const { value } = this.#number()
      const seconds = sign === '-' ? -value : value
      if (!Number.isFinite(seconds) || Math.abs(seconds) >= 2 ** 63) {
        this.#problem(`timestamp out of bounds for @ modifier: ${formatFixed(seconds)}`, expr.range)
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
    const range = { start: expr.range.start, end: this.#previousEnd }
    switch (expr.kind) {
      case 'vectorSelector':
      case 'subquery':
        if (isSet(expr)) this.#problem(complaint, expr.range)
        return { ...expr, ...change, range }
      case 'matrixSelector':
        if (this.#broken.has(expr)) {
          this.#problem('ranges only allowed for vector selectors', expr.range)
          return expr
        }
        if (isSet(expr.selector)) this.#problem(complaint, expr.range)
        return { ...expr, selector: { ...expr.selector, ...change }, range }
      default: {
        const where = 'must be preceded by an instant vector selector or range vector selector or a subquery'
        this.#problem(`${what} ${where}`, expr.range)
        return expr
      }
    }
  }

  #extension(expr: Expr, extension: 'anchored' | 'smoothed'): Expr {
    this.#advance()
    if (this.#options.extendedRangeSelectors !== true) {
      this.#problem(`${extension} modifier is experimental and not enabled`, expr.range)
      return expr
    }
    if (expr.kind === 'subquery') {
      this.#problem(`${extension} modifier is not supported for subqueries`, expr.range)
      return expr
    }
    const selector = expr.kind === 'matrixSelector' ? expr.selector : expr
    if (selector.kind !== 'vectorSelector') {
      this.#problem(`${extension} modifier not implemented`, expr.range)
      return expr
    }
    if (selector.extension !== undefined && selector.extension !== extension) {
      this.#problem('anchored and smoothed modifiers cannot be used together', expr.range)
    }
    return expr.kind === 'matrixSelector'
      ? { ...expr, selector: { ...selector, extension } }
      : { ...selector, extension }
  }

  // Durations and arithmetic on them.

  #positiveDuration(): { ms: number; expr: DurationExpr | undefined } {
    const operand = this.#duration(0)
    if (operand.kind !== 'number') return { ms: 0, expr: operand }
    if (operand.value <= 0) this.#problem('duration must be greater than 0', operand.range)
    return { ms: toMs(operand.value), expr: undefined }
  }

  #duration(minPrecedence: number): DurationOperand {
    this.#deepen()
    const operand = this.#durationTail(this.#durationUnary(), minPrecedence)
    this.#depth--
    return operand
  }

  #durationTail(start: DurationOperand, minPrecedence: number): DurationOperand {
    let left = start
    for (;;) {
      const operator = this.#token
      const precedence = '+-*/%^'.includes(operator.text) ? PRECEDENCE[operator.text] : undefined
      if (operator.kind !== 'operator' || precedence === undefined || precedence < minPrecedence) return left
      this.#countOperator()
      this.#advance()
      const right = this.#duration(operator.text === '^' ? precedence : precedence + 1)
      this.#requireDurationExpressions(left.range)
      left = this.#durationOperation(operator, left, right)
    }
  }

  #durationOperation(operator: Token, left: DurationOperand, right: DurationOperand): DurationOperand {
    const isZero = right.kind === 'number' && right.value === 0
    if (isZero && (operator.text === '/' || operator.text === '%')) {
      this.#problem(operator.text === '/' ? 'division by zero' : 'modulo by zero', rangeOf(operator))
      return { kind: 'number', value: 0, isDuration: false, range: NO_RANGE }
    }
    const op = operator.text as '+' | '-' | '*' | '/' | '%' | '^'
    const range = { start: left.range.start, end: right.range.end }
    return { kind: 'operation', op, left, right, isWrapped: false, range }
  }

  #durationUnary(): DurationOperand {
    const sign = this.#token
    if (sign.text !== '+' && sign.text !== '-') return this.#durationPrimary()
    this.#advance()
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
    const token = this.#token
    if (token.kind === 'number' || token.kind === 'duration') {
      const number = this.#number()
      if (Math.abs(number.value) <= 2 ** 63 / 1e9) return number
      this.#problem('duration out of range', number.range)
      return { ...number, value: 0, range: NO_RANGE }
    }
    if (token.id === 'step' && token.kind === 'preprocessor') {
      this.#advance()
      this.#expect('(')
      this.#expect(')')
      return { kind: 'step', isWrapped: false, range: { start: token.start, end: this.#previousEnd } }
    }
    if (token.kind === 'aggregator' && (token.id === 'min' || token.id === 'max')) {
      this.#advance()
      this.#expect('(')
      const left = this.#duration(0)
      this.#expect(',')
      const right = this.#duration(0)
      this.#expect(')')
      const range = { start: token.start, end: this.#previousEnd }
      return { kind: 'operation', op: token.id, left, right, isWrapped: false, range }
    }
    if (token.text !== '(') this.#unexpected()
    this.#advance()
    const inner = this.#duration(0)
    this.#expect(')')
    this.#requireDurationExpressions(inner.range)
    return inner.kind === 'number' ? inner : { ...inner, isWrapped: true }
  }

  /** Behind `offset` an operator belongs to the expression outside, unless the duration began with a parenthesis. */
  #offsetDuration(): DurationOperand {
    const token = this.#token
    if (token.text === '(') return this.#durationTail(this.#durationPrimary(), 0)
    if (token.text !== '+' && token.text !== '-') return this.#durationPrimary()
    this.#advance()
    return this.#signed(token, this.#durationPrimary())
  }

  #requireDurationExpressions(range: TextRange): void {
    if (this.#options.durationExpressions === true) return
    this.#problem('experimental duration expression is not enabled', range)
  }

  #deepen(): void {
    if (++this.#depth <= MAX_DEPTH) return
    this.#problem(`expression is nested more than ${MAX_DEPTH} levels deep`, rangeOf(this.#token))
    throw new SyntaxAbort()
  }

  #countOperator(): void {
    if (++this.#operators <= MAX_OPERATORS) return
    this.#problem(`expression has more than ${MAX_OPERATORS} operators`, rangeOf(this.#token))
    throw new SyntaxAbort()
  }

  // Tokens.

  #read(): Token {
    const token = this.#lexer.next()
    if (token.kind === 'error' && this.#problems.at(-1)?.message !== token.text) {
      this.#problem(token.text, rangeOf(token))
    }
    return token
  }

  #advance(): void {
    const { kind, text, end } = this.#token
    this.#previousEnd = end
    if (kind === 'number' || kind === 'duration' || text === ')' || text === ']' || text === '}') {
      this.#lastClosing = end
    }
    this.#token = this.#lookahead ?? this.#read()
    this.#lookahead = undefined
  }

  #peek(): Token {
    return (this.#lookahead ??= this.#read())
  }

  #is(punctuation: string): boolean {
    return this.#token.kind === 'punctuation' && this.#token.text === punctuation
  }

  #isAtEnd(): boolean {
    return this.#token.kind === 'eof'
  }

  #accept(punctuation: string): boolean {
    if (!this.#is(punctuation)) return false
    this.#advance()
    return true
  }

  #acceptKeyword(word: string): boolean {
    if (this.#token.kind !== 'keyword' || this.#token.id !== word) return false
    this.#advance()
    return true
  }

  #expect(punctuation: string): void {
    if (!this.#accept(punctuation)) this.#unexpected()
  }

  #unquote(token: Token): string {
    try {
      return unquoteGo(token.text)
    } catch (error) {
      if (!(error instanceof QuoteError)) throw error
      this.#problem(`error unquoting string ${quoteGo(token.text)}: ${error.message}`, rangeOf(token))
      return ''
    }
  }

  #problem(message: string, range: TextRange): void {
    this.#problems.push({ message, range })
  }

  #unexpected(context?: string, expected?: string): never {
    const [outerContext, outerExpected] = this.#contexts[this.#contexts.length - 1]
    const where = context ?? outerContext
    const wanted = expected ?? (context === undefined ? outerExpected : '')
    if (this.#token.kind !== 'error') {
      let message = `unexpected ${describe(this.#token)}`
      if (where !== '') message += ` in ${where}`
      if (wanted !== '') message += `, expected ${wanted}`
      this.#problem(message, rangeOf(this.#token))
    }
    const abort = new SyntaxAbort()
    // What recovered further inside than the aggregation is no concern of it.
    abort.isNotedByAggregate = this.#token.kind !== 'error' && where !== 'aggregation'
    throw abort
  }
}

const AGGREGATES_WITH_PARAM: ReadonlySet<string> = new Set([
  'topk',
  'bottomk',
  'count_values',
  'quantile',
  'limitk',
  'limit_ratio',
])

const EMPTY_SELECTOR: VectorSelector = {
  kind: 'vectorSelector',
  name: '',
  matchers: [],
  offsetMs: 0,
  offsetExpr: undefined,
  at: undefined,
  extension: undefined,
  range: NO_RANGE,
}

function isMetricName(token: Token): boolean {
  switch (token.kind) {
    case 'identifier':
    case 'metricIdentifier':
    case 'aggregator':
    case 'preprocessor':
      return true
    case 'operator':
      return token.id === 'and' || token.id === 'or' || token.id === 'unless'
    case 'keyword':
      return ['by', 'offset', 'without', 'anchored', 'smoothed'].includes(token.id)
    default:
      return false
  }
}

function isLabelName(token: Token): boolean {
  if (token.kind === 'operator') return ['and', 'or', 'unless', 'atan2'].includes(token.id)
  if (token.kind === 'keyword') return token.id !== 'without'
  return isMetricName(token)
}

/** Upstream's Item.desc. */
function describe(token: Token): string {
  switch (token.kind) {
    case 'eof':
      return 'end of input'
    case 'identifier':
      return `identifier ${quoteGo(token.text)}`
    case 'metricIdentifier':
      return `metric identifier ${quoteGo(token.text)}`
    case 'keyword':
      return `<${token.text}>`
    case 'operator':
      return `<op:${token.text}>`
    case 'aggregator':
      return `<aggr:${token.text}>`
    case 'number':
    case 'duration':
    case 'string':
      return `${token.kind} ${shorten(token.text)}`
    default:
      return shorten(token.text)
  }
}

function shorten(text: string): string {
  return Buffer.byteLength(text) > 10 ? `${quoteGo([...text].slice(0, 10).join(''))}...` : quoteGo(text)
}

function rangeOf(token: Token): TextRange {
  return { start: token.start, end: token.end }
}

/** Upstream rounds to nanoseconds, then drops what is below a millisecond. */
function toMs(seconds: number): number {
  return Math.trunc(Math.round(seconds * 1e9) / 1e6)
}

/** Go's %f. */
function formatFixed(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return `${BigInt(value)}.000000`
}
