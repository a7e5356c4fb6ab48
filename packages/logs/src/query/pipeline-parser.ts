import { createMatcher, RegexError } from '@quartet/query'
import type { Matcher, MatchOp } from '@quartet/query'
import type {
  CompareOp,
  Extraction,
  LabelFilter,
  LabelFormat,
  LineOp,
  LineOperand,
  NamedMatcher,
  SelectorNode,
  StageNode,
} from './ast.ts'
import { LogqlParseError } from './errors.ts'
import { checkStage } from './stages/registry.ts'
import { TokenCursor } from './token-cursor.ts'

/** Selectors, line filters, stages and label filters. */
export class PipelineParser extends TokenCursor {
  matchersOnly(): readonly Matcher[] {
    const matchers = this.matchers()
    this.end()
    return matchers
  }

  labelFilterOnly(): LabelFilter {
    const filter = this.labelFilter(0)
    this.end()
    return filter
  }

  protected selector(): SelectorNode {
    return { kind: 'selector', matchers: this.matchers(), stages: this.stages() }
  }

  protected matchers(): Matcher[] {
    this.mark('{')
    const matchers: Matcher[] = []
    if (this.takeMark('}')) return matchers
    do {
      if (this.isMark('}') && matchers.length > 0) break
      const name = this.name(matchers.length === 0 ? ['IDENTIFIER', '}'] : ['IDENTIFIER'])
      matchers.push(this.matcher(name))
    } while (this.takeMark(','))
    if (!this.takeMark('}')) this.unexpected(['}', ','])
    return matchers
  }

  protected matcher(name: string): Matcher {
    const op = this.peek()
    if (op.kind !== 'mark' || !['=', '!=', '=~', '!~'].includes(op.text)) this.unexpected(['=', '=~', '!~', '!='])
    this.index++
    const value = this.expect('string', 'STRING').text
    return this.createMatcher(name, op.text as MatchOp, value)
  }

  protected createMatcher(name: string, op: MatchOp, value: string): Matcher {
    try {
      return createMatcher(name, op, value)
    } catch (error) {
      if (error instanceof RegexError) throw new LogqlParseError(error.message)
      throw error
    }
  }

  /** Line filters and pipeline stages, up to `unwrap`, a range, or whatever else ends them. */
  protected stages(): StageNode[] {
    const stages: StageNode[] = []
    for (;;) {
      const token = this.peek()
      if (token.kind !== 'mark') return stages
      let added: readonly StageNode[]
      if (token.text === '|') {
        const next = this.tokens[this.index + 1]
        if (next?.kind === 'keyword' && next.text === 'unwrap') return stages
        this.index++
        added = [this.stage()]
      } else if (['|=', '|~', '|>', '!=', '!~', '!>'].includes(token.text)) {
        const next = this.tokens[this.index + 1]
        if (token.text === '!=' && next?.kind !== 'string' && next?.text !== 'ip') return stages
        this.index++
        added = this.lineFilter(token.text as LineOp)
      } else return stages
      for (const stage of added) this.check(stage)
      stages.push(...added)
    }
  }

  protected check(stage: StageNode): void {
    const problem = checkStage(stage)
    // Upstream finds a wrong ip() only when the query runs.
    if (problem !== undefined && !(stage.kind === 'line' && problem.startsWith('ip:')))
      throw new LogqlParseError(problem)
  }

  /** A chain `|= "a" or "b"` is one filter; a negated chain is as many filters as it has operands. */
  protected lineFilter(op: LineOp): readonly StageNode[] {
    const operands: LineOperand[] = [this.lineOperand()]
    while (this.isKeyword('or')) {
      this.index++
      operands.push(this.lineOperand())
    }
    return op.startsWith('|')
      ? [{ kind: 'line', op, operands }]
      : operands.map((operand) => ({ kind: 'line', op, operands: [operand] }) as const)
  }

  protected lineOperand(): LineOperand {
    const token = this.peek()
    if (token.kind === 'function' && token.text === 'ip') {
      this.index++
      this.mark('(')
      const value = this.expect('string', 'STRING').text
      this.mark(')')
      return { value, isIp: true }
    }
    return { value: this.expect('string', 'STRING').text, isIp: false }
  }

  protected stage(): StageNode {
    const token = this.peek()
    if (token.kind === 'keyword') {
      switch (token.text) {
        case 'json':
          this.index++
          return { kind: 'json', extractions: this.extractions() }
        case 'logfmt': {
          this.index++
          const flags: string[] = []
          while (this.peek().kind === 'flag') flags.push(this.tokens[this.index++].text)
          const unknown = flags.find((flag) => flag !== 'strict' && flag !== 'keep-empty')
          if (unknown !== undefined)
            throw new LogqlParseError(`invalid logfmt parser: unknown parser flag "--${unknown}"`)
          return {
            kind: 'logfmt',
            strict: flags.includes('strict'),
            keepEmpty: flags.includes('keep-empty'),
            extractions: this.extractions(),
          }
        }
        case 'regexp':
        case 'pattern':
          this.index++
          return { kind: token.text, pattern: this.expect('string', 'STRING').text }
        case 'unpack':
        case 'decolorize':
          this.index++
          return { kind: token.text }
        case 'line_format':
          this.index++
          return { kind: 'line_format', template: this.expect('string', 'STRING').text }
        case 'label_format':
          this.index++
          return this.labelFormat()
        case 'drop':
        case 'keep':
          this.index++
          return { kind: token.text, labels: this.namedMatchers() }
        default:
      }
    }
    return { kind: 'label_filter', filter: this.labelFilter(0) }
  }

  protected extractions(): Extraction[] {
    const extractions: Extraction[] = []
    if (this.peek().kind !== 'identifier') return extractions
    do {
      const name = this.name()
      extractions.push({ name, expression: this.takeMark('=') ? this.expect('string', 'STRING').text : name })
    } while (this.takeMark(','))
    return extractions
  }

  protected labelFormat(): StageNode {
    const formats: LabelFormat[] = []
    const seen = new Set<string>()
    do {
      const name = this.name()
      this.mark('=')
      if (seen.has(name))
        throw new LogqlParseError(`multiple label name '${name}' not allowed in a single format operation`)
      seen.add(name)
      if (name === '__error__') throw new LogqlParseError(`${name} cannot be formatted`)
      if (this.peek().kind === 'string') formats.push({ name, template: this.expect('string', 'STRING').text })
      else formats.push({ name, rename: this.name(['IDENTIFIER', 'STRING']) })
    } while (this.takeMark(','))
    return { kind: 'label_format', formats }
  }

  protected namedMatchers(): NamedMatcher[] {
    const labels: NamedMatcher[] = []
    do {
      const name = this.name()
      const token = this.peek()
      const isMatcher =
        token.kind === 'mark' &&
        ['=', '!=', '=~', '!~'].includes(token.text) &&
        this.tokens[this.index + 1]?.kind === 'string'
      labels.push({ name, matcher: isMatcher ? this.matcher(name) : undefined })
    } while (this.takeMark(','))
    return labels
  }

  /** `or` binds less than `and`; a comma and juxtaposition are `and`. */
  protected labelFilter(minimum: number): LabelFilter {
    this.enter()
    let left = this.labelFilterTerm()
    for (;;) {
      const isOr = this.isKeyword('or')
      const isAnd = this.isKeyword('and') || this.isMark(',')
      const isAdjacent = this.peek().kind === 'identifier' || (this.isMark('(') && !isOr)
      if ((!isOr && !isAnd && !isAdjacent) || (isOr ? 1 : 2) <= minimum) break
      if (isOr || isAnd) this.index++
      const right = this.labelFilter(isOr ? 1 : 2)
      left = { kind: isOr ? 'or' : 'and', left, right }
    }
    this.depth--
    return left
  }

  protected labelFilterTerm(): LabelFilter {
    if (this.takeMark('(')) {
      const inner = this.labelFilter(0)
      this.mark(')')
      return inner
    }
    const name = this.name()
    const op = this.peek()
    if (op.kind !== 'mark' || !['=', '==', '!=', '=~', '!~', '>', '>=', '<', '<='].includes(op.text))
      return this.unexpected()
    this.index++
    const token = this.peek()
    const isEquality = op.text === '=' || op.text === '!='
    if (token.kind === 'string' && (isEquality || op.text === '=~' || op.text === '!~')) {
      this.index++
      return { kind: 'matcher', matcher: this.createMatcher(name, op.text as MatchOp, token.text) }
    }
    if (token.kind === 'function' && token.text === 'ip' && isEquality) {
      const pattern = this.lineOperand().value
      return { kind: 'ip', name, op: op.text as '=' | '!=', pattern }
    }
    if (op.text === '=~' || op.text === '!~') return this.unexpected(['STRING'])
    const isNegative = this.takeMark('-')
    if (!isNegative) this.takeMark('+')
    const number = this.peek()
    if (number.kind !== 'number' && number.kind !== 'duration' && number.kind !== 'bytes') return this.unexpected()
    this.index++
    return {
      kind: number.kind,
      name,
      op: (op.text === '=' ? '==' : op.text) as CompareOp,
      value: isNegative ? -number.value : number.value,
      text: (isNegative ? '-' : '') + number.text,
    }
  }
}
