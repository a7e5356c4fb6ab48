import { isDigit, Lexer, QuoteError, unquoteGo } from '@quartet/query'
import { LogqlParseError } from './errors.ts'
import { parseBytes, parseDurationNs, UnitError } from '../config/units.ts'

export type TokenKind =
  | 'identifier'
  | 'string'
  | 'number'
  | 'duration'
  | 'bytes'
  | 'range'
  | 'flag'
  | 'keyword'
  | 'function'
  | 'mark'
  | 'end'

export interface Token {
  readonly kind: TokenKind
  /** The text for marks, keywords and functions; the value of a string; the name of an identifier. */
  readonly text: string
  /** Of a number (as is), a duration or range (nanoseconds) or a size (bytes). */
  readonly value: number
  readonly start: number
  readonly end: number
}

const KEYWORDS = new Set(
  (
    'by without bool offset on ignoring group_left group_right or and unless json logfmt regexp pattern unpack ' +
    'line_format label_format decolorize drop keep unwrap of'
  ).split(' '),
)
/** Words that are functions when `(`, `by` or `without` follows, and plain names otherwise. */
export const FUNCTIONS = new Set(
  (
    'rate rate_counter count_over_time bytes_rate bytes_over_time avg_over_time sum_over_time min_over_time ' +
    'max_over_time stdvar_over_time stddev_over_time quantile_over_time first_over_time last_over_time absent_over_time ' +
    'sum avg max min count stddev stdvar bottomk topk approx_topk sort sort_desc label_replace vector variants ' +
    'bytes duration duration_seconds ip'
  ).split(' '),
)
const MARKS = [
  '|=',
  '|~',
  '|>',
  '!=',
  '!~',
  '!>',
  '=~',
  '==',
  '>=',
  '<=',
  '{',
  '}',
  '(',
  ')',
  '[',
  ']',
  ',',
  '.',
  '|',
  '=',
  '>',
  '<',
  '+',
  '-',
  '*',
  '/',
  '%',
  '^',
]

/** Splits a query into tokens. @throws LogqlParseError with upstream's text and position */
export class LogqlLexer extends Lexer {
  tokens(): Token[] {
    const tokens: Token[] = []
    for (;;) {
      const token = this.#next()
      tokens.push(token)
      if (token.kind === 'end') return tokens
    }
  }

  #next(): Token {
    this.skipSpace()
    while (this.peek() === 35) {
      this.skipLine()
      this.skipSpace()
    }
    const start = this.offset
    const make = (kind: TokenKind, text: string, value = 0): Token => ({ kind, text, value, start, end: this.offset })
    const code = this.peek()
    if (code < 0) return make('end', '$end')
    if (code === 34 || code === 96) return make('string', this.#string(start))
    if (isDigit(code) || (code === 46 && isDigit(this.peek(1)))) return this.#number(start, false)
    if (code === 45 && this.peek(1) === 45) {
      const flag = /^--[a-zA-Z-]+/.exec(this.text.slice(start))?.[0]
      if (flag !== undefined) {
        this.offset += flag.length
        return make('flag', flag.slice(2))
      }
    }
    if (code === 91) return this.#range(start)
    const word = this.identifier()
    if (word !== undefined) return this.#word(word, start)
    const mark = MARKS.find((candidate) => this.startsWith(candidate))
    if (mark === undefined) {
      this.offset++
      throw this.fail(start, `syntax error: unexpected ${JSON.stringify(this.text[start])}`)
    }
    this.offset += mark.length
    return make('mark', mark)
  }

  #word(word: string, start: number): Token {
    const make = (kind: TokenKind): Token => ({ kind, text: word, value: 0, start, end: this.offset })
    if (KEYWORDS.has(word)) return make('keyword')
    if (FUNCTIONS.has(word) && this.#isCalled(word)) return make('function')
    return make('identifier')
  }

  #isCalled(word: string): boolean {
    const rest = this.text.slice(this.offset, this.offset + 400).trimStart()
    return rest.startsWith('(') || (word !== 'ip' && /^(?:by|without)\b\s*\(/.test(rest))
  }

  #string(start: number): string {
    const quote = this.text[start]
    let end = start + 1
    while (end < this.text.length && this.text[end] !== quote) {
      if (quote === '"' && this.text[end] === '\\') end++
      else if (quote === '"' && this.text[end] === '\n') throw this.fail(start, 'literal not terminated')
      end++
    }
    if (end >= this.text.length) throw this.fail(start, 'literal not terminated')
    this.offset = end + 1
    try {
      return unquoteGo(this.text.slice(start, end + 1))
    } catch (error) {
      if (error instanceof QuoteError) throw this.fail(start, error.message)
      throw error
    }
  }

  /** A number, a duration such as `1h30m` or a size such as `10KB`. */
  #number(start: number, isNegative: boolean): Token {
    const text =
      /^(?:0[xX][0-9a-fA-F]+|[0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?(?![0-9a-zA-Zµμ.])|[0-9.]+[a-zA-Zµμ][0-9a-zA-Zµμ.]*|[0-9]+\.?)/.exec(
        this.text.slice(start),
      )?.[0] ?? ''
    this.offset = start + text.length
    const sign = isNegative ? -1 : 1
    const make = (kind: TokenKind, value: number): Token => ({
      kind,
      text,
      value: sign * value,
      start,
      end: this.offset,
    })
    const number = Number(text)
    if (!Number.isNaN(number)) return make('number', number)
    try {
      return make('duration', parseDurationNs(text))
    } catch (error) {
      if (!(error instanceof UnitError)) throw error
      const bytes = parseBytes(text)
      if (bytes === undefined) throw this.fail(start, `syntax error: unexpected ${JSON.stringify(text)}`)
      return make('bytes', bytes)
    }
  }

  /** `[5m]`. */
  #range(start: number): Token {
    const close = this.text.indexOf(']', start)
    if (close < 0) throw this.fail(start, "missing closing ']' in duration")
    const text = this.text.slice(start + 1, close).trim()
    this.offset = close + 1
    try {
      return { kind: 'range', text, value: parseDurationNs(text), start, end: this.offset }
    } catch (error) {
      if (!(error instanceof UnitError)) throw error
      throw new LogqlParseError(
        error.message.replace(/^time: /, '').replace('invalid duration', 'not a valid duration string:'),
        0,
        this.columnOf(start) + 1,
      )
    }
  }

  columnOf(offset: number): number {
    return Buffer.byteLength(this.text.slice(this.text.lastIndexOf('\n', offset - 1) + 1, offset)) + 1
  }

  fail(offset: number, message: string): LogqlParseError {
    return new LogqlParseError(message, this.text.slice(0, offset).split('\n').length, this.columnOf(offset))
  }
}

/** How upstream's grammar calls a token in its error messages. */
export function tokenName(token: Token): string {
  switch (token.kind) {
    case 'identifier':
      return 'IDENTIFIER'
    case 'string':
      return 'STRING'
    case 'number':
      return 'NUMBER'
    case 'duration':
      return 'DURATION'
    case 'bytes':
      return 'BYTES'
    case 'range':
      return 'RANGE'
    case 'flag':
      return 'PARSER_FLAG'
    case 'function':
      return token.text === 'ip' ? 'ip' : token.text.toUpperCase()
    default:
      return token.text
  }
}
