import { QuoteError, RegexError, unquoteGo } from '@quartet/query'
import { LabelMatcher, RESERVED } from './label-matcher.ts'
import type { MatcherType } from './label-matcher.ts'
import { MatcherError } from './matcher-error.ts'

type TokenKind = '{' | '}' | ',' | 'operator' | 'quoted' | 'unquoted'

interface Token {
  readonly kind: TokenKind
  readonly text: string
  /** In code points. */
  readonly start: number
  readonly end: number
}

const SPACE = /[\t\n\v\f\r \u0085\u00a0\p{Zs}\u2028\u2029]/u

/**
 * The strict syntax: names and values in UTF-8, quoted as Go strings where they hold reserved characters.
 * @throws MatcherError with the place in code points: `0:8: end of input: expected close brace`
 */
export function parseUtf8Matchers(input: string): LabelMatcher[] {
  return new Parser(input).parse()
}

class Parser {
  readonly #lexer: Lexer
  readonly #matchers: LabelMatcher[] = []
  #hasOpenBrace = false

  constructor(input: string) {
    this.#lexer = new Lexer(input)
  }

  parse(): LabelMatcher[] {
    const first = this.#lexer.peek()
    if (first === undefined) return []
    if (first.kind === '{') {
      this.#hasOpenBrace = true
      this.#lexer.next()
    }
    const next = this.#lexer.peek()
    if (next !== undefined && next.kind !== '}') this.#list()
    this.#closeBrace()
    this.#end()
    return this.#matchers
  }

  #list(): void {
    for (;;) {
      this.#matcher()
      const separator = this.#peekOr(['}', ','], 'expected a comma or close brace')
      if (separator === undefined || separator.kind === '}') return
      this.#lexer.next()
      const after = this.#peekOr(['}', 'unquoted', 'quoted'], 'expected a matcher or close brace after comma')
      if (after === undefined || after.kind === '}') return
    }
  }

  #matcher(): void {
    const name = unquote(this.#expect(['quoted', 'unquoted'], 'expected label name'))
    const operator = this.#expect(['operator'], "expected an operator such as '=', '!=', '=~' or '!~'")
    const value = unquote(this.#expect(['unquoted', 'quoted'], 'expected label value'))
    try {
      this.#matchers.push(new LabelMatcher(operator.text as MatcherType, name, value))
    } catch (error) {
      if (!(error instanceof RegexError)) throw error
      throw new MatcherError(`failed to create matcher: ${error.message}`, { cause: error })
    }
  }

  #closeBrace(): void {
    const token = this.#lexer.peek()
    if (this.#hasOpenBrace) {
      if (token?.kind === '}') this.#lexer.next()
      else if (token === undefined)
        throw new MatcherError(`0:${this.#lexer.column}: end of input: expected close brace`)
      else throw new MatcherError(`0:${this.#lexer.column}: ${unexpected(token)}: expected close brace`)
    } else if (token?.kind === '}') {
      this.#lexer.next()
      throw new MatcherError(`0:${this.#lexer.column}: }: expected opening brace`)
    }
  }

  #end(): void {
    const token = this.#peekOr(undefined, 'expected end of input')
    if (token) throw new MatcherError(`${token.start}:${token.end}: ${token.text}: expected end of input`)
  }

  #expect(kinds: readonly TokenKind[], wanted: string): Token {
    const token = this.#peekOr(kinds, wanted)
    if (token === undefined) throw new MatcherError(`end of input: ${wanted}`)
    this.#lexer.next()
    return token
  }

  #peekOr(kinds: readonly TokenKind[] | undefined, wanted: string): Token | undefined {
    let token
    try {
      token = this.#lexer.peek()
    } catch (error) {
      if (!(error instanceof MatcherError)) throw error
      throw new MatcherError(`${error.message}: ${wanted}`, { cause: error })
    }
    if (token && kinds && !kinds.includes(token.kind)) throw new MatcherError(`${unexpected(token)}: ${wanted}`)
    return token
  }
}

function unexpected(token: Token): string {
  return `${token.start}:${token.end}: unexpected ${token.text}`
}

function unquote(token: Token): string {
  if (token.kind !== 'quoted') return token.text
  const invalid = new MatcherError(`${token.start}:${token.end}: ${token.text}: invalid input`)
  try {
    const value = unquoteGo(token.text)
    // Bytes that are not UTF-8 come out as U+FFFD; one that was written as such is fine.
    if (value.includes('\ufffd') && !token.text.includes('\ufffd') && !/\\ufffd/i.test(token.text)) throw invalid
    return value
  } catch (error) {
    if (error instanceof QuoteError) throw invalid
    throw error
  }
}

class Lexer {
  readonly #chars: readonly string[]
  #at = 0
  #peeked: Token | undefined

  constructor(input: string) {
    this.#chars = [...input]
  }

  /** End of the last token that was taken, in code points. */
  get column(): number {
    return this.#at
  }

  next(): Token | undefined {
    const token = this.peek()
    this.#peeked = undefined
    if (token) this.#at = token.end
    return token
  }

  /** @returns undefined at the end */
  peek(): Token | undefined {
    this.#peeked ??= this.#scan()
    return this.#peeked
  }

  #scan(): Token | undefined {
    let start = this.#at
    while (start < this.#chars.length && SPACE.test(this.#chars[start])) start++
    const char = this.#chars[start]
    if (char === undefined) return undefined
    if (char === '{' || char === '}' || char === ',') return this.#token(char, start, start + 1)
    if (char === '=') return this.#token('operator', start, start + (this.#chars[start + 1] === '~' ? 2 : 1))
    if (char === '!') return this.#negation(start)
    if (char === '"') return this.#quoted(start)
    if (RESERVED.test(char)) throw new MatcherError(`${start}:${start + 1}: ${char}: invalid input`)
    let end = start + 1
    while (end < this.#chars.length && !RESERVED.test(this.#chars[end])) end++
    return this.#token('unquoted', start, end)
  }

  #negation(start: number): Token {
    const second = this.#chars[start + 1]
    if (second === '=' || second === '~') return this.#token('operator', start, start + 2)
    const what = second === undefined ? 'unexpected end of input,' : '!:'
    throw new MatcherError(`${start}:${start + 1}: ${what} expected one of '=~'`)
  }

  #quoted(start: number): Token {
    for (let end = start + 1; end < this.#chars.length; end++) {
      if (this.#chars[end] === '\\') end++
      else if (this.#chars[end] === '"') return this.#token('quoted', start, end + 1)
    }
    const rest = this.#chars.slice(start).join('')
    throw new MatcherError(`${start}:${this.#chars.length}: ${rest}: missing end "`)
  }

  #token(kind: TokenKind, start: number, end: number): Token {
    return { kind, text: this.#chars.slice(start, end).join(''), start, end }
  }
}
