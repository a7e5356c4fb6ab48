import { quoteGo } from '@quartet/query'
import type { Matcher, TextRange } from '@quartet/query'
import type { AggregateExpr, AggregateOp, BinaryOp, Cardinality, Expr, VectorMatching } from './ast.ts'
import { checkExpr } from './check.ts'
import { DurationParser } from './duration-parser.ts'
import type { Token } from './lexer.ts'
import { ModifierParser } from './modifier-parser.ts'
import { numberLiteral } from './number-literal.ts'
import { ParseError } from './parse-error.ts'
import { POWER, PRECEDENCE } from './precedence.ts'
import { SelectorParser } from './selector-parser.ts'
import { functionSignature } from './signatures.ts'
import { SyntaxAbort, TokenCursor } from './token-cursor.ts'
import { isMetricName, rangeOf } from './token-words.ts'

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

const NO_RANGE: TextRange = { start: 0, end: 0 }

class Parser {
  readonly #query: string
  readonly #options: ParseOptions
  readonly #cursor: TokenCursor
  readonly #selectors: SelectorParser
  readonly #modifiers: ModifierParser

  constructor(query: string, options: ParseOptions) {
    this.#query = query
    this.#options = options
    const cursor = new TokenCursor(query)
    this.#cursor = cursor
    this.#selectors = new SelectorParser(cursor)
    this.#modifiers = new ModifierParser({
      cursor,
      durations: new DurationParser(cursor, options.durationExpressions === true),
      isExtensionEnabled: options.extendedRangeSelectors === true,
    })
  }

  expression(): Expr {
    const expr = this.#attempt(() => {
      if (this.#cursor.isAtEnd()) {
        this.#cursor.problem('no expression found in input', NO_RANGE)
        throw new SyntaxAbort()
      }
      const parsed = this.#expr(0)
      if (!this.#cursor.isAtEnd()) this.#cursor.unexpected()
      return parsed
    })
    const checked =
      expr === undefined || this.#cursor.problems.length > 0
        ? undefined
        : checkExpr(expr, this.#query, (message, range) => this.#cursor.problem(message, range))
    if (checked === undefined || this.#cursor.problems.length > 0)
      throw new ParseError(this.#query, this.#cursor.problems)
    return checked
  }

  selector(): readonly Matcher[] {
    const selector = this.#attempt(() => {
      if (!isMetricName(this.#cursor.token) && !this.#cursor.is('{')) this.#cursor.unexpected()
      const parsed = this.#selectors.vectorSelector()
      if (!this.#cursor.isAtEnd()) this.#cursor.unexpected()
      return parsed
    })
    if (selector === undefined || this.#cursor.problems.length > 0)
      throw new ParseError(this.#query, this.#cursor.problems)
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
    this.#cursor.deepen()
    let left = this.#unary()
    for (;;) {
      const operator = this.#cursor.token
      const precedence = operator.kind === 'operator' ? PRECEDENCE[operator.id] : undefined
      if (precedence === undefined || precedence < minPrecedence) break
      this.#cursor.countOperator()
      this.#cursor.advance()
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
    this.#cursor.surface()
    return left
  }

  #unary(): Expr {
    const sign = this.#cursor.token
    if (sign.text !== '+' && sign.text !== '-') return this.#modifiers.postfix(this.#primary())
    this.#cursor.advance()
    const expr = this.#expr(POWER)
    const range = { start: sign.start, end: expr.range.end }
    if (expr.kind === 'number') return { ...expr, value: sign.text === '-' ? -expr.value : expr.value, range }
    return { kind: 'unary', op: sign.text, expr, range }
  }

  #binaryModifiers(): { returnBool: boolean; matching: VectorMatching } {
    const returnBool = this.#cursor.acceptKeyword('bool')
    let matching: VectorMatching = { cardinality: 'one-to-one', isOn: false, labels: [], include: [] }
    const isOn = this.#cursor.acceptKeyword('on')
    if (!isOn && !this.#cursor.acceptKeyword('ignoring')) return { returnBool, matching }
    matching = { ...matching, isOn, labels: this.#selectors.groupingLabels() }
    const isLeft = this.#cursor.acceptKeyword('group_left')
    if (isLeft || this.#cursor.acceptKeyword('group_right')) {
      const cardinality: Cardinality = isLeft ? 'many-to-one' : 'one-to-many'
      const include = this.#cursor.is('(') ? this.#selectors.groupingLabels() : []
      matching = { ...matching, cardinality, include }
    }
    return { returnBool, matching }
  }

  #primary(): Expr {
    const token = this.#cursor.token
    switch (token.kind) {
      case 'number':
      case 'duration':
        return numberLiteral(this.#cursor)
      case 'string':
        this.#cursor.advance()
        return { kind: 'string', value: this.#cursor.unquote(token), literal: token.text, range: rangeOf(token) }
      case 'aggregator': {
        const next = this.#cursor.peek()
        const isCall = next.text === '(' || (next.kind === 'keyword' && (next.id === 'by' || next.id === 'without'))
        return isCall ? this.#aggregate() : this.#selectors.vectorSelector()
      }
      case 'identifier':
        return this.#cursor.peek().text === '(' ? this.#call() : this.#selectors.vectorSelector()
      default:
        if (token.text === '(' && token.kind === 'punctuation') return this.#paren()
        if (token.text === '{' || isMetricName(token)) return this.#selectors.vectorSelector()
        return this.#cursor.unexpected()
    }
  }

  #startsExpression(): boolean {
    const token = this.#cursor.token
    switch (token.kind) {
      case 'number':
      case 'duration':
      case 'string':
      case 'aggregator':
      case 'identifier':
      // Not read at all: said by whoever asks for it.
      case 'error':
        return true
      default:
        return ['(', '{', '+', '-'].includes(token.text) || isMetricName(token)
    }
  }

  #paren(): Expr {
    const start = this.#cursor.token.start
    this.#cursor.advance()
    const expr = this.#expr(0)
    this.#cursor.expect(')')
    return { kind: 'paren', expr, range: { start, end: this.#cursor.previousEnd } }
  }

  #call(): Expr {
    const name = this.#cursor.token
    this.#cursor.advance()
    const args = this.#callArguments()
    const range = { start: name.start, end: this.#cursor.previousEnd }
    const func = functionSignature(name.text)
    if (func === undefined) {
      this.#cursor.problem(`unknown function with name ${quoteGo(name.text)}`, rangeOf(name))
      return { kind: 'string', value: '', literal: '""', range }
    }
    if (func.isExperimental && this.#options.experimentalFunctions !== true) {
      this.#cursor.problem(`function ${quoteGo(name.text)} is not enabled`, rangeOf(name))
    }
    return { kind: 'call', func, args, range }
  }

  #callArguments(): Expr[] {
    this.#cursor.expect('(')
    const args: Expr[] = []
    if (this.#cursor.accept(')')) return args
    args.push(this.#expr(0))
    while (this.#cursor.is(',')) {
      const comma = this.#cursor.token
      this.#cursor.advance()
      if (!this.#startsExpression()) {
        this.#cursor.problem('trailing commas not allowed in function call args', rangeOf(comma))
        break
      }
      args.push(this.#expr(0))
    }
    this.#cursor.expect(')')
    return args
  }

  #aggregate(): Expr {
    const operator = this.#cursor.token
    this.#cursor.advance()
    let modifier = this.#aggregateModifier()
    this.#cursor.enter('aggregation', '')
    const args = this.#aggregateArguments(operator)
    this.#cursor.leave()
    modifier ??= this.#aggregateModifier()
    const range = { start: operator.start, end: this.#cursor.previousEnd }
    const { grouping, isWithout } = modifier ?? { grouping: [], isWithout: false }
    const op = operator.id as AggregateOp
    const hasParam = AGGREGATES_WITH_PARAM.has(op)
    const placeholder: Expr = { kind: 'string', value: '', literal: '""', range }
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
      this.#cursor.problem('no arguments for aggregate expression provided', range)
      return result(placeholder)
    }
    if ((op === 'limitk' || op === 'limit_ratio') && this.#options.experimentalFunctions !== true) {
      const how = 'is experimental and must be enabled with --enable-feature=promql-experimental-functions'
      this.#cursor.problem(`${op}() ${how}`, range)
      return result(placeholder)
    }
    const wanted = hasParam ? 2 : 1
    if (args.length !== wanted) {
      const what = 'wrong number of arguments for aggregate expression provided'
      this.#cursor.problem(`${what}, expected ${wanted}, got ${args.length}`, range)
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
        const range = { start: operator.start, end: Math.max(this.#cursor.lastClosing, 0) }
        this.#cursor.problem('no arguments for aggregate expression provided', range)
      }
      throw error
    }
  }

  #aggregateModifier(): { grouping: readonly string[]; isWithout: boolean } | undefined {
    const { kind, id } = this.#cursor.token
    if (kind !== 'keyword' || (id !== 'by' && id !== 'without')) return undefined
    this.#cursor.advance()
    return { grouping: this.#selectors.groupingLabels(), isWithout: id === 'without' }
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
