import { createMatcher, RegexError } from '@quartet/query'
import type { Matcher, MatchOp } from '@quartet/query'
import type { VectorSelector } from './ast.ts'
import type { TokenCursor } from './token-cursor.ts'
import { isLabelName } from './token-words.ts'

/** Series selectors and lists of label names. */
export class SelectorParser {
  readonly #cursor: TokenCursor

  constructor(cursor: TokenCursor) {
    this.#cursor = cursor
  }

  groupingLabels(): string[] {
    if (!this.#cursor.is('(')) this.#cursor.unexpected('grouping opts', '"("')
    this.#cursor.advance()
    const labels: string[] = []
    if (this.#cursor.accept(')')) return labels
    for (;;) {
      labels.push(this.#groupingLabel())
      if (this.#cursor.accept(')')) return labels
      if (!this.#cursor.is(',')) this.#cursor.unexpected('grouping opts', '"," or ")"')
      this.#cursor.advance()
      if (this.#cursor.accept(')')) return labels
    }
  }

  #groupingLabel(): string {
    const token = this.#cursor.token
    if (token.kind === 'string') {
      const name = this.#cursor.unquote(token)
      if (name === '') this.#cursor.unexpected('grouping opts', 'label')
      this.#cursor.advance()
      return name
    }
    if (!isLabelName(token)) this.#cursor.unexpected('grouping opts', 'label')
    this.#cursor.advance()
    return token.text
  }

  vectorSelector(): VectorSelector {
    const start = this.#cursor.token.start
    let name = ''
    const matchers: Matcher[] = []
    if (!this.#cursor.is('{')) {
      name = this.#cursor.token.text
      this.#cursor.advance()
    }
    if (this.#cursor.is('{')) this.#labelMatchers(matchers)
    if (name !== '') matchers.push(createMatcher('__name__', '=', name))
    return {
      kind: 'vectorSelector',
      name,
      matchers,
      offsetMs: 0,
      offsetExpr: undefined,
      at: undefined,
      extension: undefined,
      range: { start, end: this.#cursor.previousEnd },
    }
  }

  #labelMatchers(into: Matcher[]): void {
    this.#cursor.advance()
    if (this.#cursor.accept('}')) return
    for (;;) {
      const matcher = this.#labelMatcher()
      if (matcher !== undefined) into.push(matcher)
      if (this.#cursor.accept('}')) return
      if (!this.#cursor.is(',')) this.#cursor.unexpected('label matching', '"," or "}"')
      this.#cursor.advance()
      if (this.#cursor.accept('}')) return
    }
  }

  #labelMatcher(): Matcher | undefined {
    const label = this.#cursor.token
    if (label.kind !== 'identifier' && label.kind !== 'string') {
      this.#cursor.unexpected('label matching', 'identifier or "}"')
    }
    this.#cursor.advance()
    const name = label.kind === 'string' ? this.#cursor.unquote(label) : label.text
    const operator = this.#cursor.token
    if (!['=', '!=', '=~', '!~'].includes(operator.text)) {
      if (label.kind === 'string') return createMatcher('__name__', '=', name)
      this.#cursor.unexpected('label matching', 'label matching operator')
    }
    this.#cursor.advance()
    const value = this.#cursor.token
    if (value.kind !== 'string') this.#cursor.unexpected('label matching', 'string')
    this.#cursor.advance()
    try {
      return createMatcher(name, operator.text as MatchOp, this.#cursor.unquote(value))
    } catch (error) {
      if (!(error instanceof RegexError)) throw error
      this.#cursor.problem(error.message, { start: label.start, end: value.end })
      return undefined
    }
  }
}
