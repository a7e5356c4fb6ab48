import { LogqlParseError } from './errors.ts'
import { LogqlLexer, tokenName } from './lexer.ts'
import type { Token, TokenKind } from './lexer.ts'

const MAX_QUERY_BYTES = 128 * 1024
const MAX_DEPTH = 128

/** A cursor over the tokens of one query. */
export class TokenCursor {
  protected readonly lexer: LogqlLexer
  protected readonly tokens: readonly Token[]
  protected index = 0
  protected depth = 0

  constructor(text: string) {
    if (Buffer.byteLength(text) > MAX_QUERY_BYTES) {
      throw new LogqlParseError(`input size too long (${Buffer.byteLength(text)} > ${MAX_QUERY_BYTES})`)
    }
    this.lexer = new LogqlLexer(text)
    this.tokens = this.lexer.tokens()
  }

  protected end(): void {
    if (this.peek().kind !== 'end') this.unexpected()
  }

  protected name(expecting?: readonly string[]): string {
    const token = this.peek()
    if (token.kind !== 'identifier') return this.unexpected(expecting ?? ['IDENTIFIER'])
    this.index++
    return token.text
  }

  protected peek(): Token {
    return this.tokens[Math.min(this.index, this.tokens.length - 1)]
  }

  protected isMark(text: string): boolean {
    const token = this.peek()
    return token.kind === 'mark' && token.text === text
  }

  protected isKeyword(text: string): boolean {
    const token = this.peek()
    return token.kind === 'keyword' && token.text === text
  }

  protected takeMark(text: string): boolean {
    if (!this.isMark(text)) return false
    this.index++
    return true
  }

  protected mark(text: string): void {
    if (!this.takeMark(text)) this.unexpected([text])
  }

  protected expect(kind: TokenKind, name: string): Token {
    const token = this.peek()
    if (token.kind !== kind) return this.unexpected([name])
    this.index++
    return token
  }

  protected enter(): void {
    if (++this.depth > MAX_DEPTH) throw new LogqlParseError(`nested deeper than ${MAX_DEPTH} levels`)
  }

  protected unexpected(expecting: readonly string[] = []): never {
    const token = this.peek()
    const tail = expecting.length > 0 && expecting.length < 5 ? `, expecting ${expecting.join(' or ')}` : ''
    // Upstream reports the end of the input one column past the last character.
    throw this.lexer.fail(token.start, `syntax error: unexpected ${tokenName(token)}${tail}`)
  }
}
