import { compileRegex, matchesEmpty, RegexError } from '@quartet/query'
import type { Matcher } from '@quartet/query'
import { RANGE_OPERATIONS, VECTOR_OPERATIONS } from './ast.ts'
import type {
  BinaryOperation,
  Grouping,
  LabelFilter,
  MetricNode,
  QueryNode,
  RangeNode,
  RangeOperation,
  SelectorNode,
  UnwrapNode,
  VectorMatching,
  VectorOperation,
} from './ast.ts'
import { LogqlParseError } from './errors.ts'
import type { Token } from './lexer.ts'
import { PipelineParser } from './pipeline-parser.ts'
import { foldBinary } from './engine/arithmetic.ts'
import { goFloat } from './format-float.ts'

const NEEDS_UNWRAP = new Set<string>([
  'avg_over_time',
  'sum_over_time',
  'max_over_time',
  'min_over_time',
  'stddev_over_time',
  'stdvar_over_time',
  'quantile_over_time',
  'rate_counter',
  'first_over_time',
  'last_over_time',
])
const ALLOWS_UNWRAP = new Set<string>([...NEEDS_UNWRAP, 'rate', 'absent_over_time'])
const ALLOWS_GROUPING = new Set<string>([
  'avg_over_time',
  'stddev_over_time',
  'stdvar_over_time',
  'quantile_over_time',
  'max_over_time',
  'min_over_time',
  'first_over_time',
  'last_over_time',
])
const PRECEDENCE: Readonly<Record<string, number>> = {
  or: 1,
  and: 2,
  unless: 2,
  '==': 3,
  '!=': 3,
  '>': 3,
  '>=': 3,
  '<': 3,
  '<=': 3,
  '+': 4,
  '-': 4,
  '*': 5,
  '/': 5,
  '%': 5,
  '^': 6,
}
const SET_OPERATIONS = new Set(['or', 'and', 'unless'])
export const EMPTY_MATCHERS =
  'queries require at least one regexp or equality matcher that does not have an empty-compatible value. For instance, app=~".*" does not meet this requirement, but app=~".+" will'

/** @throws LogqlParseError */
export function parseLogql(text: string): QueryNode {
  const node = new Parser(text).query()
  checkMatchers(node)
  return node
}

/** A log query, not a metric one. @throws LogqlParseError */
export function parseLogSelector(text: string): SelectorNode {
  const node = parseLogql(text)
  if (node.kind !== 'selector') throw new LogqlParseError('only log selector is supported')
  return node
}

/** `{a="b", …}` alone. @throws LogqlParseError */
export function parseMatchers(text: string, options: { requireValue?: boolean } = {}): readonly Matcher[] {
  const matchers = new Parser(text).matchersOnly()
  if (options.requireValue !== false) checkSelector(matchers)
  return matchers
}

/** Label filter text such as `foo=5 and bar>1s`; for tests and for filters given apart from a query. */
export function parseLabelFilter(text: string): LabelFilter {
  return new Parser(text).labelFilterOnly()
}

function checkMatchers(node: QueryNode): void {
  switch (node.kind) {
    case 'selector':
      return checkSelector(node.matchers)
    case 'range':
      return checkSelector(node.range.selector.matchers)
    case 'aggregate':
    case 'label_replace':
      return checkMatchers(node.of)
    case 'binary':
      checkMatchers(node.left)
      return checkMatchers(node.right)
    case 'variants':
      for (const variant of node.variants) checkMatchers(variant)
      return checkSelector(node.of.selector.matchers)
    default:
  }
}

function checkSelector(matchers: readonly Matcher[]): void {
  if (!matchers.some((matcher) => !matchesEmpty(matcher))) throw new LogqlParseError(EMPTY_MATCHERS)
}

type AnyNode = QueryNode | { readonly kind: 'none' }

/** Metric expressions and log ranges. */
class Parser extends PipelineParser {
  query(): QueryNode {
    const node = this.expression(0)
    this.end()
    return node
  }

  /** Precedence climbing over binary operators; `^` binds to the right. */
  protected expression(minimum: number): QueryNode {
    this.enter()
    let left = this.unary()
    for (;;) {
      const token = this.peek()
      const operation = token.kind === 'mark' || token.kind === 'keyword' ? token.text : ''
      const precedence = Object.hasOwn(PRECEDENCE, operation) ? PRECEDENCE[operation] : 0
      if (precedence === 0 || precedence < minimum) break
      this.index++
      const { returnBool, matching } = this.binaryModifiers()
      const right = this.expression(operation === '^' ? precedence : precedence + 1)
      left = this.binary(operation as BinaryOperation, left, right, { returnBool, matching })
    }
    this.depth--
    return left
  }

  protected unary(): QueryNode {
    const token = this.peek()
    if (this.isMark('+') || this.isMark('-')) {
      this.index++
      const number = this.expect('number', 'NUMBER')
      return { kind: 'literal', value: token.text === '-' ? -number.value : number.value }
    }
    if (token.kind === 'number') {
      this.index++
      return { kind: 'literal', value: token.value }
    }
    if (this.isMark('{')) return this.selector()
    if (this.isMark('(')) {
      this.index++
      const inner = this.expression(0)
      this.mark(')')
      return inner.kind === 'selector' ? { ...inner, stages: [...inner.stages, ...this.stages()] } : inner
    }
    if (token.kind === 'function') return this.function(token)
    return this.unexpected()
  }

  protected function(token: Token): MetricNode {
    if ((RANGE_OPERATIONS as readonly string[]).includes(token.text))
      return this.rangeAggregation(token.text as RangeOperation)
    if ((VECTOR_OPERATIONS as readonly string[]).includes(token.text))
      return this.vectorAggregation(token.text as VectorOperation)
    switch (token.text) {
      case 'label_replace':
        return this.labelReplace()
      case 'vector': {
        this.index++
        this.mark('(')
        const value = this.expect('number', 'NUMBER').value
        this.mark(')')
        return { kind: 'vector', value }
      }
      case 'variants':
        return this.variants()
      default:
        return this.unexpected()
    }
  }

  protected variants(): MetricNode {
    this.index++
    this.mark('(')
    const variants: MetricNode[] = []
    do variants.push(this.metric())
    while (this.takeMark(','))
    this.mark(')')
    if (this.peek().text !== 'of') this.unexpected(['of'])
    this.index++
    this.mark('(')
    const of = this.range()
    this.mark(')')
    return { kind: 'variants', variants, of }
  }

  protected rangeAggregation(operation: RangeOperation): MetricNode {
    this.index++
    this.mark('(')
    let parameter: number | undefined
    if (this.peek().kind === 'number') {
      parameter = this.peek().value
      this.index++
      this.mark(',')
    } else if (!this.isMark('{') && !this.isMark('(')) this.unexpected(['NUMBER', '{', '('])
    const range = this.range()
    this.mark(')')
    const grouping = this.grouping()
    if (parameter === undefined && operation === 'quantile_over_time')
      throw new LogqlParseError(`parameter required for operation ${operation}`)
    if (parameter !== undefined && operation !== 'quantile_over_time')
      throw new LogqlParseError(`parameter ${goFloat(parameter)} not supported for operation ${operation}`)
    if (grouping && !ALLOWS_GROUPING.has(operation))
      throw new LogqlParseError(`grouping not allowed for ${operation} aggregation`)
    if (range.unwrap && !ALLOWS_UNWRAP.has(operation))
      throw new LogqlParseError(`invalid aggregation ${operation} with unwrap`)
    if (!range.unwrap && NEEDS_UNWRAP.has(operation))
      throw new LogqlParseError(`invalid aggregation ${operation} without unwrap`)
    return { kind: 'range', operation, range, parameter, grouping }
  }

  protected vectorAggregation(operation: VectorOperation): MetricNode {
    this.index++
    let grouping = this.grouping()
    this.mark('(')
    let parameterText: string | undefined
    let parameter = 0
    const next = this.tokens[this.index + 1]
    if (this.peek().kind === 'number' && next?.kind === 'mark' && next.text === ',') {
      parameterText = this.peek().text
      parameter = this.peek().value
      this.index += 2
    }
    const start = this.peek().start
    const of = this.metric()
    const ofText = this.lexer.text.slice(start, this.tokens[this.index].start).trim()
    this.mark(')')
    grouping ??= this.grouping()
    const isRanked = operation === 'topk' || operation === 'bottomk' || operation === 'approx_topk'
    if (isRanked) {
      if (parameterText === undefined) throw new LogqlParseError(`parameter required for operation ${operation}`)
      if (!/^[0-9]+$/.test(parameterText)) throw new LogqlParseError(`invalid parameter ${operation}(${parameterText},`)
      if (parameter <= 0)
        throw new LogqlParseError(`invalid parameter (must be greater than 0) ${operation}(${parameterText}`)
      if (operation === 'approx_topk' && grouping)
        throw new LogqlParseError('grouping not allowed for approx_topk aggregation')
    } else if (parameterText !== undefined) {
      throw new LogqlParseError(
        `unsupported parameter for operation ${operation}(${parameterText}, ${ofText}`.replace(', ', ','),
      )
    }
    return { kind: 'aggregate', operation, parameter, grouping, of }
  }

  protected labelReplace(): MetricNode {
    this.index++
    this.mark('(')
    const of = this.metric()
    const texts: string[] = []
    for (let index = 0; index < 4; index++) {
      this.mark(',')
      texts.push(this.expect('string', 'STRING').text)
    }
    this.mark(')')
    const [target, replacement, source, pattern] = texts
    try {
      compileRegex(pattern, { anchored: true })
    } catch (error) {
      if (error instanceof RegexError) throw new LogqlParseError(`invalid regex in label_replace: ${error.message}`)
      throw error
    }
    return { kind: 'label_replace', of, target, replacement, source, pattern }
  }

  protected metric(): MetricNode {
    const node = this.expression(0)
    if (node.kind !== 'selector') return node
    return this.unexpected()
  }

  /** A log range in all the places where upstream lets `[5m]`, `offset` and `unwrap` stand. */
  protected range(): RangeNode {
    if (this.isMark('(')) {
      const closing = this.closingParenthesis()
      this.enter()
      this.index++
      const inner = this.rangeOrSelector()
      this.depth--
      if (this.index !== closing) this.unexpected()
      this.index++
      const stages = this.stages()
      const selector = { ...inner.selector, stages: [...inner.selector.stages, ...stages] }
      const unwrap = inner.unwrap ?? this.unwrap()
      return this.rangeTail(selector, unwrap, inner.rangeNs, inner.offsetNs)
    }
    const { selector, unwrap, rangeNs, offsetNs } = this.rangeOrSelector()
    return this.rangeTail(selector, unwrap, rangeNs, offsetNs)
  }

  protected rangeOrSelector(): {
    selector: SelectorNode
    unwrap: UnwrapNode | undefined
    rangeNs: bigint | undefined
    offsetNs: bigint | undefined
  } {
    if (this.isMark('(')) {
      this.enter()
      this.index++
      const inner = this.rangeOrSelector()
      this.mark(')')
      this.depth--
      const selector = { ...inner.selector, stages: [...inner.selector.stages, ...this.stages()] }
      const unwrap = inner.unwrap ?? this.unwrap()
      return { selector, unwrap, ...this.rangeAndOffset(inner.rangeNs, inner.offsetNs) }
    }
    const matchers = this.matchers()
    const early = this.rangeAndOffset(undefined, undefined)
    const stages = this.stages()
    const unwrap = this.unwrap()
    return {
      selector: { kind: 'selector', matchers, stages },
      unwrap,
      ...this.rangeAndOffset(early.rangeNs, early.offsetNs),
    }
  }

  protected rangeTail(
    selector: SelectorNode,
    unwrap: UnwrapNode | undefined,
    rangeNs: bigint | undefined,
    offsetNs: bigint | undefined,
  ): RangeNode {
    const given = this.rangeAndOffset(rangeNs, offsetNs)
    if (given.rangeNs === undefined) return this.unexpected()
    return { selector, unwrap, rangeNs: given.rangeNs, offsetNs: given.offsetNs ?? 0n }
  }

  protected rangeAndOffset(
    rangeNs: bigint | undefined,
    offsetNs: bigint | undefined,
  ): { rangeNs: bigint | undefined; offsetNs: bigint | undefined } {
    let range = rangeNs
    let offset = offsetNs
    if (range === undefined && this.peek().kind === 'range') {
      range = BigInt(Math.trunc(this.peek().value))
      this.index++
    }
    if (range !== undefined && offset === undefined && this.isKeyword('offset')) {
      this.index++
      const sign = this.takeMark('-') ? -1 : 1
      offset = BigInt(Math.trunc(sign * this.expect('duration', 'DURATION').value))
    }
    return { rangeNs: range, offsetNs: offset }
  }

  protected closingParenthesis(): number {
    let depth = 0
    for (let index = this.index; index < this.tokens.length; index++) {
      const token = this.tokens[index]
      if (token.kind !== 'mark') continue
      if (token.text === '(') depth++
      else if (token.text === ')' && --depth === 0) return index
    }
    return -1
  }

  protected unwrap(): UnwrapNode | undefined {
    const next = this.tokens[this.index + 1]
    if (!this.isMark('|') || next?.text !== 'unwrap' || next.kind !== 'keyword') return undefined
    this.index += 2
    const token = this.peek()
    let conversion: UnwrapNode['conversion'] = ''
    let label: string
    if (
      token.kind === 'function' &&
      (token.text === 'bytes' || token.text === 'duration' || token.text === 'duration_seconds')
    ) {
      this.index++
      conversion = token.text
      this.mark('(')
      label = this.name()
      this.mark(')')
    } else label = this.name()
    const filters: LabelFilter[] = []
    while (this.takeMark('|')) filters.push(this.labelFilter(0))
    return { label, conversion, filters }
  }

  protected grouping(): Grouping | undefined {
    const without = this.isKeyword('without')
    if (!without && !this.isKeyword('by')) return undefined
    this.index++
    return { without, labels: this.labelList() }
  }

  protected labelList(): string[] {
    this.mark('(')
    const labels: string[] = []
    if (this.takeMark(')')) return labels
    do labels.push(this.name(['IDENTIFIER', ')']))
    while (this.takeMark(','))
    this.mark(')')
    return labels
  }

  protected binaryModifiers(): { returnBool: boolean; matching: VectorMatching | undefined } {
    const returnBool = this.isKeyword('bool')
    if (returnBool) this.index++
    const isOn = this.isKeyword('on')
    if (!isOn && !this.isKeyword('ignoring')) return { returnBool, matching: undefined }
    this.index++
    const labels = this.labelList()
    const isLeft = this.isKeyword('group_left')
    if (!isLeft && !this.isKeyword('group_right'))
      return { returnBool, matching: { card: 'one-to-one', on: isOn, labels, include: [] } }
    this.index++
    const include = this.isMark('(') ? this.labelList() : []
    return { returnBool, matching: { card: isLeft ? 'many-to-one' : 'one-to-many', on: isOn, labels, include } }
  }

  protected binary(
    operation: BinaryOperation,
    left: AnyNode,
    right: AnyNode,
    modifiers: { returnBool: boolean; matching: VectorMatching | undefined },
  ): MetricNode {
    const typeOf = (node: SelectorNode): string =>
      node.stages.length > 0 ? '*syntax.PipelineExpr' : '*syntax.MatchersExpr'
    if (left.kind === 'selector')
      throw new LogqlParseError(`unexpected type for left leg of binary operation (${operation}): ${typeOf(left)}`)
    if (right.kind === 'selector')
      throw new LogqlParseError(`unexpected type for right leg of binary operation (${operation}): ${typeOf(right)}`)
    if (left.kind === 'none' || right.kind === 'none') return this.unexpected()
    if (SET_OPERATIONS.has(operation)) {
      if (left.kind === 'literal')
        throw new LogqlParseError(
          `unexpected literal for left leg of logical/set binary operation (${operation}): ${left.value.toFixed(6)}`,
        )
      if (right.kind === 'literal')
        throw new LogqlParseError(
          `unexpected literal for right leg of logical/set binary operation (${operation}): ${right.value.toFixed(6)}`,
        )
    }
    if (left.kind === 'literal' && right.kind === 'literal')
      return { kind: 'literal', value: foldBinary(operation, left.value, right.value) }
    return { kind: 'binary', operation, returnBool: modifiers.returnBool, matching: modifiers.matching, left, right }
  }
}
