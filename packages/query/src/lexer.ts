import type { Diagnostic } from './diagnostic.ts'
import { QuoteError, unquoteGo } from './go-quote.ts'

/** A string literal with the range it was read from, quotes included. */
export interface StringLiteral {
  readonly value: string
  readonly start: number
  readonly end: number
}

/** What a language calls an identifier. Codes are UTF-16 units; -1 is the end of the text. */
export interface IdentifierRule {
  readonly starts: (code: number) => boolean
  readonly continues: (code: number) => boolean
}

/**
 * The base of the hand-written lexers: a cursor over UTF-16 offsets with the moves that all the query languages share.
 * Subclasses add a `next()` that returns their tokens; problems are collected, so that one pass can report several.
 */
export class Lexer {
  readonly text: string
  readonly diagnostics: Diagnostic[] = []
  /** Where the next `take` reads. */
  offset: number

  constructor(text: string, offset = 0) {
    this.text = text
    this.offset = offset
  }

  get isAtEnd(): boolean {
    return this.offset >= this.text.length
  }

  /** The unit `ahead` of the cursor, or -1 past the end. */
  peek(ahead = 0): number {
    const index = this.offset + ahead
    return index < this.text.length ? this.text.charCodeAt(index) : -1
  }

  /** The unit at the cursor, moving past it; -1 at the end. */
  take(): number {
    return this.offset < this.text.length ? this.text.charCodeAt(this.offset++) : -1
  }

  startsWith(text: string): boolean {
    return this.text.startsWith(text, this.offset)
  }

  /** Moves past `text` when it comes next. */
  accept(text: string): boolean {
    if (!this.startsWith(text)) return false
    this.offset += text.length
    return true
  }

  /** Moves past one unit that is in `set`. */
  acceptAny(set: string): boolean {
    if (this.offset >= this.text.length || !set.includes(this.text[this.offset])) return false
    this.offset++
    return true
  }

  takeWhile(belongs: (code: number) => boolean): string {
    const start = this.offset
    while (this.offset < this.text.length && belongs(this.text.charCodeAt(this.offset))) this.offset++
    return this.text.slice(start, this.offset)
  }

  /** Moves past spaces, tabs and line ends. */
  skipSpace(): void {
    while (isSpace(this.peek())) this.offset++
  }

  /** Moves to the end of the line, in front of the line end. */
  skipLine(): void {
    const end = this.text.indexOf('\n', this.offset)
    this.offset = end < 0 ? this.text.length : end
  }

  identifier(rule: IdentifierRule = WORD): string | undefined {
    if (!rule.starts(this.peek())) return undefined
    const start = this.offset++
    while (rule.continues(this.peek())) this.offset++
    return this.text.slice(start, this.offset)
  }

  /** The text of an unsigned number: decimal with fraction and exponent, or `0x…`; undefined when none comes next. */
  number(): string | undefined {
    const match = NUMBER.exec(this.text.slice(this.offset, this.offset + 400))
    if (match === null) return undefined
    this.offset += match[0].length
    return match[0]
  }

  /**
   * A Go string literal (`"…"`, `'…'`, `` `…` ``) when a quote comes next. A bad one is reported and skipped to its closing
   * quote or the end of the line; its value is then `''`.
   */
  string(): StringLiteral | undefined {
    const start = this.offset
    const quote = this.text[start]
    if (quote !== '"' && quote !== "'" && quote !== '`') return undefined
    this.offset = literalEnd(this.text, start)
    const literal = this.text.slice(start, this.offset)
    if (literal.length < 2 || !literal.endsWith(quote)) {
      this.report('unterminated quoted string', start)
      return { value: '', start, end: this.offset }
    }
    try {
      return { value: unquoteGo(literal), start, end: this.offset }
    } catch (error) {
      if (!(error instanceof QuoteError)) throw error
      this.report(`invalid string literal: ${error.message}`, start)
      return { value: '', start, end: this.offset }
    }
  }

  /** Collects an error over `start` up to `end`, by default the cursor. */
  report(message: string, start: number, end: number = this.offset): void {
    this.diagnostics.push({ severity: 'error', message, range: { start, end } })
  }
}

const NUMBER = /^(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)/

/** Behind the closing quote; for an unterminated literal, the end of its line (or text, for back-quotes). */
function literalEnd(text: string, start: number): number {
  const quote = text[start]
  for (let index = start + 1; index < text.length; index++) {
    const char = text[index]
    if (char === quote) return index + 1
    if (quote === '`') continue
    if (char === '\n') return index
    if (char === '\\') index++
  }
  return text.length
}

export function isSpace(code: number): boolean {
  return code === 32 || code === 9 || code === 10 || code === 13
}

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57
}

/** ASCII letters and the underscore. */
export function isAlpha(code: number): boolean {
  return code === 95 || (code >= 97 && code <= 122) || (code >= 65 && code <= 90)
}

export function isAlphaNumeric(code: number): boolean {
  return isAlpha(code) || isDigit(code)
}

/** `[a-zA-Z_][a-zA-Z0-9_]*` */
export const WORD: IdentifierRule = { starts: isAlpha, continues: isAlphaNumeric }
