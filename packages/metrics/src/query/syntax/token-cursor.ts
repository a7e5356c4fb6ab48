import { quoteGo, QuoteError, unquoteGo } from '@quartet/query'
import type { TextRange } from '@quartet/query'
import { PromLexer } from './lexer.ts'
import type { Token } from './lexer.ts'
import type { ParseProblem } from './parse-error.ts'
import { describeToken, rangeOf } from './token-words.ts'

/** Thrown to leave the grammar after a syntax error has been noted. */
export class SyntaxAbort extends Error {
  isNotedByAggregate = false
}

/**
 * More than any real query needs. Every open parenthesis, argument, operator and modifier counts for as long as it can deepen the
 * tree, so this bounds the recursion of the parser and of everything that walks the tree.
 */
const MAX_DEPTH = 500
const MAX_OPERATORS = 1000

/** Where the parsers of one query are: the present token, what they complained about, and how deep they went. */
export class TokenCursor {
  readonly problems: ParseProblem[] = []
  readonly #lexer: PromLexer
  /** Where the grammar would recover: innermost last. */
  readonly #contexts: [context: string, expected: string][] = [['', '']]
  #token: Token
  #lookahead: Token | undefined
  #previousEnd = 0
  #lastClosing = 0
  #depth = 0
  #operators = 0

  constructor(query: string) {
    this.#lexer = new PromLexer(query)
    this.#token = this.#read()
  }

  get token(): Token {
    return this.#token
  }

  /** Where the token before the present one ended. */
  get previousEnd(): number {
    return this.#previousEnd
  }

  /** Where the last number or closing bracket ended. */
  get lastClosing(): number {
    return this.#lastClosing
  }

  /** From here on a syntax error is one of `context`. Ends with {@link leave}. */
  enter(context: string, expected: string): void {
    this.#contexts.push([context, expected])
  }

  leave(): void {
    this.#contexts.pop()
  }

  advance(): void {
    const { kind, text, end } = this.#token
    this.#previousEnd = end
    if (kind === 'number' || kind === 'duration' || text === ')' || text === ']' || text === '}') {
      this.#lastClosing = end
    }
    this.#token = this.#lookahead ?? this.#read()
    this.#lookahead = undefined
  }

  peek(): Token {
    return (this.#lookahead ??= this.#read())
  }

  is(punctuation: string): boolean {
    return this.#token.kind === 'punctuation' && this.#token.text === punctuation
  }

  isAtEnd(): boolean {
    return this.#token.kind === 'eof'
  }

  accept(punctuation: string): boolean {
    if (!this.is(punctuation)) return false
    this.advance()
    return true
  }

  acceptKeyword(word: string): boolean {
    if (this.#token.kind !== 'keyword' || this.#token.id !== word) return false
    this.advance()
    return true
  }

  expect(punctuation: string): void {
    if (!this.accept(punctuation)) this.unexpected()
  }

  unquote(token: Token): string {
    try {
      return unquoteGo(token.text)
    } catch (error) {
      if (!(error instanceof QuoteError)) throw error
      this.problem(`error unquoting string ${quoteGo(token.text)}: ${error.message}`, rangeOf(token))
      return ''
    }
  }

  problem(message: string, range: TextRange): void {
    this.problems.push({ message, range })
  }

  unexpected(context?: string, expected?: string): never {
    const [outerContext, outerExpected] = this.#contexts[this.#contexts.length - 1]
    const where = context ?? outerContext
    const wanted = expected ?? (context === undefined ? outerExpected : '')
    if (this.#token.kind !== 'error') {
      let message = `unexpected ${describeToken(this.#token)}`
      if (where !== '') message += ` in ${where}`
      if (wanted !== '') message += `, expected ${wanted}`
      this.problem(message, rangeOf(this.#token))
    }
    const abort = new SyntaxAbort()
    // What recovered further inside than the aggregation is no concern of it.
    abort.isNotedByAggregate = this.#token.kind !== 'error' && where !== 'aggregation'
    throw abort
  }

  deepen(): void {
    if (++this.#depth <= MAX_DEPTH) return
    this.problem(`expression is nested more than ${MAX_DEPTH} levels deep`, rangeOf(this.#token))
    throw new SyntaxAbort()
  }

  /** Undoes {@link deepen}. */
  surface(): void {
    this.#depth--
  }

  countOperator(): void {
    if (++this.#operators <= MAX_OPERATORS) return
    this.problem(`expression has more than ${MAX_OPERATORS} operators`, rangeOf(this.#token))
    throw new SyntaxAbort()
  }

  #read(): Token {
    const token = this.#lexer.next()
    if (token.kind === 'error' && this.problems.at(-1)?.message !== token.text) {
      this.problem(token.text, rangeOf(token))
    }
    return token
  }
}
