import type {
  AggregateOp,
  Attribute,
  AttributeScope,
  FieldExpression,
  FieldOp,
  Intrinsic,
  MetricsAggregate,
  MetricsSecondStage,
  ScalarExpression,
  ScalarFilter,
  SpansetExpression,
  SpansetFilter,
  SpansetOp,
  Stage,
  TraceQlQuery,
} from './ast.ts'
import { parseError, tokenize } from './lexer.ts'
import type { Token } from './lexer.ts'
import { KINDS, NIL, STATUSES } from './static.ts'
import type { ArithmeticOp, CompareOp, Static } from './static.ts'

/**
 * Parses TraceQL as of Tempo 2.9. Only the grammar is checked; see check.ts for types.
 * @throws TraceQlError with upstream's text
 */
export function parseTraceQl(query: string): TraceQlQuery {
  return new Parser(query).query()
}

/** Binary operators by token. A higher level binds tighter; `&&` and `||` are on one level, as upstream. */
const LEVELS: ReadonlyMap<string, number> = new Map([
  ...(['AND', 'OR'] as const).map((type) => [type, 1] as const),
  ...(
    'EQ NEQ LT LTE GT GTE RE NRE DESC ANCE TILDE NOT_CHILD NOT_PARENT NOT_DESC NOT_ANCE ' +
    'UNION_CHILD UNION_PARENT UNION_DESC UNION_ANCE UNION_SIBL'
  )
    .split(' ')
    .map((type) => [type, 2] as const),
  ['ADD', 3],
  ['SUB', 3],
  ['MUL', 5],
  ['DIV', 5],
  ['MOD', 5],
  ['POW', 6],
])
const NOT_LEVEL = 4
const MINUS_LEVEL = 3
const MAX_DEPTH = 200

const COMPARISONS = new Set(['=', '!=', '<', '<=', '>', '>='])
const ARITHMETIC = new Set(['+', '-', '*', '/', '%', '^'])
const SPANSET_OPERATIONS = new Set('&& || > >> < << ~ !> !>> !< !<< !~ &> &>> &< &<< &~'.split(' '))
const FIELD_OPERATIONS = new Set('&& || = != < <= > >= =~ !~ + - * / % ^'.split(' '))

const INTRINSICS: ReadonlyMap<string, Intrinsic> = new Map(
  (
    'duration childCount name status statusMessage kind parent traceDuration rootName rootServiceName ' +
    'nestedSetLeft nestedSetRight nestedSetParent'
  )
    .split(' ')
    .map((name) => [name, name as Intrinsic]),
)

const SCOPED_INTRINSICS: ReadonlyMap<string, Intrinsic> = new Map(
  Object.entries({
    'trace:duration': 'traceDuration',
    'trace:rootName': 'rootName',
    'trace:rootService': 'rootServiceName',
    'trace:id': 'trace:id',
    'span:duration': 'duration',
    'span:name': 'name',
    'span:kind': 'kind',
    'span:status': 'status',
    'span:statusMessage': 'statusMessage',
    'span:id': 'span:id',
    'span:parentID': 'span:parentID',
    'event:name': 'event:name',
    'event:timeSinceStart': 'event:timeSinceStart',
    'link:traceID': 'link:traceID',
    'link:spanID': 'link:spanID',
    'instrumentation:name': 'instrumentation:name',
    'instrumentation:version': 'instrumentation:version',
  } satisfies Record<string, Intrinsic>),
)

type Term =
  | { readonly is: 'spanset'; readonly value: SpansetExpression }
  | { readonly is: 'scalar'; readonly value: ScalarExpression }
  | { readonly is: 'filter'; readonly value: ScalarFilter }

class Parser {
  readonly #query: string
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0

  constructor(query: string) {
    this.#query = query
    this.#tokens = tokenize(query)
  }

  query(): TraceQlQuery {
    const { stages, aggregate, metrics } = this.#pipeline(true)
    if (aggregate !== undefined) this.#unexpected()
    let secondStage: MetricsSecondStage | undefined
    if (metrics !== undefined && this.#accept('PIPE')) secondStage = this.#secondStage()
    const hints = this.#accept('WITH') ? this.#hints() : new Map<string, Static>()
    if (this.#peek.type !== '$end') this.#unexpected('with')
    return { stages, metrics, secondStage, hints }
  }

  /** Stages up to the end, `)` or `with`; at the top a metrics function may come last, in parentheses an aggregate. */
  #pipeline(isTop: boolean): {
    stages: Stage[]
    aggregate: ScalarExpression | undefined
    metrics: MetricsAggregate | undefined
  } {
    const stages: Stage[] = []
    for (let isFirst = true; ; isFirst = false) {
      const metrics = isTop && !isFirst ? this.#metrics() : undefined
      if (metrics !== undefined) return { stages, aggregate: undefined, metrics }
      const term = this.#stage(isFirst)
      if ('is' in term && term.is === 'scalar') return { stages, aggregate: term.value, metrics: undefined }
      stages.push('is' in term ? term.value : term)
      if (!this.#accept('PIPE')) return { stages, aggregate: undefined, metrics: undefined }
    }
  }

  #stage(isFirst: boolean): Stage | Term {
    if (this.#accept('BY')) {
      this.#expect('OPEN_PARENS', '(')
      const expression = this.#field(0)
      this.#expect('CLOSE_PARENS')
      return { kind: 'group', expression }
    }
    if (!isFirst && this.#accept('COALESCE')) {
      this.#expect('OPEN_PARENS', '(')
      this.#expect('CLOSE_PARENS', ')')
      return { kind: 'coalesce' }
    }
    if (this.#accept('SELECT')) return { kind: 'select', attributes: this.#attributes() }
    return this.#term(0)
  }

  /** Spanset and scalar expressions share their operators and brackets; which one it is shows when they are combined. */
  #term(minimum: number): Term {
    let left = this.#operand()
    for (;;) {
      const token = this.#peek
      const level = LEVELS.get(token.type)
      if (level === undefined || level <= minimum) return left
      this.#at++
      // `^` is right-associative.
      const right = this.#term(token.type === 'POW' ? level - 1 : level)
      left = this.#combine(token, left, right)
    }
  }

  #operand(): Term {
    const token = this.#peek
    switch (token.type) {
      case 'OPEN_BRACE':
        return { is: 'spanset', value: this.#filter() }
      case 'OPEN_PARENS':
        return this.#parenthesis()
      case 'COUNT':
      case 'MIN':
      case 'MAX':
      case 'AVG':
      case 'SUM':
        return { is: 'scalar', value: this.#aggregate() }
      case 'INTEGER':
      case 'FLOAT':
      case 'DURATION':
        this.#at++
        return { is: 'scalar', value: { kind: 'static', value: numberOf(token, 1) } }
      case 'SUB': {
        const number = this.#tokens[this.#at + 1]
        if (!['INTEGER', 'FLOAT', 'DURATION'].includes(number.type)) this.#unexpected()
        this.#at += 2
        return { is: 'scalar', value: { kind: 'static', value: numberOf(number, -1) } }
      }
      default: {
        const previous = this.#tokens[this.#at - 1]
        const isOperand = previous !== undefined && SPANSET_OPERATIONS.has(previous.text)
        return this.#unexpected(...(isOperand ? ['{', '('] : []))
      }
    }
  }

  #parenthesis(): Term {
    this.#enter()
    this.#at++
    const { stages, aggregate } = this.#pipeline(false)
    this.#depth--
    if (this.#peek.type !== 'CLOSE_PARENS') this.#unexpected(')', '|')
    this.#at++
    if (aggregate !== undefined) {
      return { is: 'scalar', value: stages.length === 0 ? aggregate : { kind: 'scalarPipeline', stages, aggregate } }
    }
    const only = stages[0]
    if (stages.length === 1 && (only.kind === 'filter' || only.kind === 'operation' || only.kind === 'pipeline')) {
      return { is: 'spanset', value: only }
    }
    return { is: 'spanset', value: { kind: 'pipeline', stages } }
  }

  #combine(token: Token, left: Term, right: Term): Term {
    const op = token.text
    if (left.is === 'spanset' && right.is === 'spanset' && SPANSET_OPERATIONS.has(op)) {
      const value = { kind: 'operation', op: op as SpansetOp, left: left.value, right: right.value } as const
      return { is: 'spanset', value }
    }
    if (left.is === 'scalar' && right.is === 'scalar' && areAlike(left.value, right.value, op)) {
      const operands = { left: left.value, right: right.value }
      if (ARITHMETIC.has(op)) {
        return { is: 'scalar', value: { kind: 'arithmetic', op: op as ArithmeticOp, ...operands } }
      }
      if (COMPARISONS.has(op))
        return { is: 'filter', value: { kind: 'scalarFilter', op: op as CompareOp, ...operands } }
    }
    return this.#unexpectedToken(token)
  }

  #aggregate(): ScalarExpression {
    const op = this.#take().value as AggregateOp
    this.#expect('OPEN_PARENS', '(')
    const expression = op === 'count' ? undefined : this.#field(0)
    this.#expect('CLOSE_PARENS', ...(op === 'count' ? [')'] : []))
    return { kind: 'aggregate', op, expression }
  }

  #filter(): SpansetFilter {
    const open = this.#take()
    if (this.#peek.type === 'CLOSE_BRACE') {
      const close = this.#take()
      const range = { start: open.start, end: close.end }
      return { kind: 'filter', expression: { kind: 'static', value: { type: 'bool', value: true }, range } }
    }
    const expression = this.#field(0)
    this.#expect('CLOSE_BRACE')
    return { kind: 'filter', expression }
  }

  #field(minimum: number): FieldExpression {
    this.#enter()
    let left = this.#fieldOperand()
    for (;;) {
      const token = this.#peek
      const level = FIELD_OPERATIONS.has(token.text) ? LEVELS.get(token.type) : undefined
      if (level === undefined || level <= minimum) break
      this.#at++
      const right = this.#field(token.type === 'POW' ? level - 1 : level)
      left = this.#binary(token, left, right)
    }
    this.#depth--
    return left
  }

  #binary(token: Token, left: FieldExpression, right: FieldExpression): FieldExpression {
    const op = token.text as FieldOp
    const range = { start: left.range.start, end: right.range.end }
    const isLeftNil = isNil(left)
    const isRightNil = isNil(right)
    if (isLeftNil !== isRightNil) {
      const other = isLeftNil ? right : left
      if (op === '!=' && other.kind !== 'static') return { kind: 'unary', op: 'exists', operand: other, range }
      if (op === '=') throw parseError(this.#query, token.start, 'syntax error: unexpected =')
    }
    return { kind: 'binary', op, left, right, range }
  }

  #fieldOperand(): FieldExpression {
    const token = this.#peek
    if (token.type === 'OPEN_PARENS') {
      this.#at++
      const inner = this.#field(0)
      this.#expect('CLOSE_PARENS')
      return inner
    }
    if (token.type === 'NOT' || token.type === 'SUB') {
      this.#at++
      const isNot = token.type === 'NOT'
      const operand = this.#field(isNot ? NOT_LEVEL : MINUS_LEVEL)
      return { kind: 'unary', op: isNot ? '!' : '-', operand, range: { start: token.start, end: operand.range.end } }
    }
    const value = staticOf(token)
    if (value !== undefined) {
      this.#at++
      return { kind: 'static', value, range: { start: token.start, end: token.end } }
    }
    const attribute = this.#attribute()
    return { kind: 'attribute', attribute, range: { start: token.start, end: this.#tokens[this.#at - 1].end } }
  }

  #attribute(): Attribute {
    const token = this.#peek
    if (token.type.endsWith('_COLON')) {
      this.#at++
      const name = `${token.text}${String(this.#peek.value)}`
      const intrinsic = SCOPED_INTRINSICS.get(name)
      if (intrinsic === undefined) this.#unexpected()
      this.#at++
      return { scope: 'none', isParent: false, name, intrinsic }
    }
    if (token.type === 'DOT' || token.type.endsWith('_DOT')) return this.#dotted()
    const intrinsic = INTRINSICS.get(String(token.value))
    if (intrinsic === undefined || token.type === 'IDENTIFIER' || token.type === 'STRING') this.#unexpected()
    this.#at++
    return { scope: 'none', isParent: false, name: intrinsic, intrinsic }
  }

  #dotted(): Attribute {
    let prefix = this.#take().text
    const isParent = prefix === 'parent.'
    if (isParent) {
      const next = this.#peek.type
      if (next === 'SPAN_DOT' || next === 'RESOURCE_DOT') prefix = this.#take().text
      else if (next !== 'IDENTIFIER') this.#unexpected('IDENTIFIER', 'resource.', 'span.')
      else prefix = '.'
    }
    if (this.#peek.type !== 'IDENTIFIER') this.#unexpected('IDENTIFIER')
    const name = String(this.#take().value)
    this.#expect('END_ATTRIBUTE', 'END_ATTRIBUTE')
    const scope: AttributeScope = prefix === '.' ? 'none' : (prefix.slice(0, -1) as AttributeScope)
    const intrinsic = isParent && scope === 'none' ? INTRINSICS.get(name) : undefined
    return { scope, isParent, name, intrinsic }
  }

  /** `(a, b)` with at least one attribute. */
  #attributes(): Attribute[] {
    this.#expect('OPEN_PARENS', '(')
    const attributes = [this.#attribute()]
    while (this.#accept('COMMA')) attributes.push(this.#attribute())
    this.#expect('CLOSE_PARENS', ',', ')')
    return attributes
  }

  #metrics(): MetricsAggregate | undefined {
    const token = this.#peek
    if (!METRICS.has(token.type)) return undefined
    this.#at++
    const name = String(token.value) as MetricsAggregate['name']
    this.#expect('OPEN_PARENS', '(')
    let attribute: Attribute | undefined
    let selection: SpansetFilter | undefined
    const quantiles: number[] = []
    if (name === 'compare') {
      if (this.#peek.type !== 'OPEN_BRACE') this.#unexpected('{')
      selection = this.#filter()
      while (this.#accept('COMMA')) this.#number()
    } else if (name !== 'rate' && name !== 'count_over_time') {
      attribute = this.#attribute()
      if (name === 'quantile_over_time') while (this.#accept('COMMA')) quantiles.push(this.#number())
    }
    this.#expect('CLOSE_PARENS')
    const by = this.#accept('BY') ? this.#attributes() : []
    return { name, attribute, quantiles, by, selection }
  }

  #number(): number {
    if (this.#peek.type !== 'FLOAT' && this.#peek.type !== 'INTEGER') this.#unexpected('INTEGER', 'FLOAT')
    return Number(this.#take().value)
  }

  #secondStage(): MetricsSecondStage {
    if (this.#peek.type !== 'TOPK' && this.#peek.type !== 'BOTTOMK') this.#unexpected('topk', 'bottomk')
    const name = this.#take().value as 'topk' | 'bottomk'
    this.#expect('OPEN_PARENS', '(')
    const limit = Number(this.#peek.value)
    this.#expect('INTEGER', 'INTEGER')
    this.#expect('CLOSE_PARENS', ')')
    return { name, limit }
  }

  #hints(): Map<string, Static> {
    const hints = new Map<string, Static>()
    this.#expect('OPEN_PARENS', '(')
    do {
      if (this.#peek.type !== 'IDENTIFIER') this.#unexpected('IDENTIFIER')
      const name = String(this.#take().value)
      this.#expect('EQ', '=')
      const value = staticOf(this.#peek)
      if (value === undefined) this.#unexpected()
      this.#at++
      hints.set(name, value)
    } while (this.#accept('COMMA'))
    this.#expect('CLOSE_PARENS', ',', ')')
    return hints
  }

  get #peek(): Token {
    return this.#tokens[this.#at]
  }

  #take(): Token {
    return this.#tokens[this.#at++]
  }

  #accept(type: string): boolean {
    if (this.#peek.type !== type) return false
    this.#at++
    return true
  }

  #expect(type: string, ...expected: string[]): void {
    if (!this.#accept(type)) this.#unexpected(...expected)
  }

  #unexpected(...expected: string[]): never {
    return this.#unexpectedToken(this.#peek, ...expected)
  }

  #unexpectedToken(token: Token, ...expected: string[]): never {
    const what = expected.length === 0 ? '' : `, expecting ${expected.join(' or ')}`
    throw parseError(this.#query, token.start, `syntax error: unexpected ${token.text}${what}`)
  }

  #enter(): void {
    if (++this.#depth > MAX_DEPTH) {
      throw parseError(this.#query, this.#peek.start, `query is nested deeper than ${MAX_DEPTH} levels`)
    }
  }
}

const METRICS = new Set(
  (
    'RATE COUNT_OVER_TIME MIN_OVER_TIME MAX_OVER_TIME AVG_OVER_TIME SUM_OVER_TIME QUANTILE_OVER_TIME ' +
    'HISTOGRAM_OVER_TIME COMPARE'
  ).split(' '),
)

function isNil(expression: FieldExpression): boolean {
  return expression.kind === 'static' && expression.value.type === 'nil'
}

function staticOf(token: Token): Static | undefined {
  const word = String(token.value)
  switch (token.type) {
    case 'STRING':
      return { type: 'string', value: word }
    case 'INTEGER':
    case 'FLOAT':
    case 'DURATION':
      return numberOf(token, 1)
    case 'TRUE':
    case 'FALSE':
      return { type: 'bool', value: token.type === 'TRUE' }
    case 'NIL':
      return NIL
    default: {
      const status = STATUSES.find((name) => token.type === `STATUS_${name.toUpperCase()}`)
      if (status !== undefined) return { type: 'status', value: status }
      const kind = KINDS.find((name) => token.type === `KIND_${name.toUpperCase()}`)
      return kind === undefined ? undefined : { type: 'kind', value: kind }
    }
  }
}

function numberOf(token: Token, sign: number): Static {
  const type = token.type === 'INTEGER' ? 'int' : token.type === 'FLOAT' ? 'float' : 'duration'
  return { type, value: sign * Number(token.value) }
}

/** Scalar pipelines combine with each other and, in a comparison, with a number on their right; nothing else. */
function areAlike(left: ScalarExpression, right: ScalarExpression, op: string): boolean {
  const isLeftPipeline = hasPipeline(left)
  if (isLeftPipeline === hasPipeline(right)) return true
  return isLeftPipeline && right.kind === 'static' && COMPARISONS.has(op)
}

function hasPipeline(expression: ScalarExpression): boolean {
  if (expression.kind === 'arithmetic') return hasPipeline(expression.left) || hasPipeline(expression.right)
  return expression.kind === 'scalarPipeline'
}
