import type { Diagnostic } from '@quartet/query'
import { isLetter, isLetterOrDigit } from './identifier.ts'
import type { Token, TokenKind } from './token.ts'

const BYTE_ORDER_MARK = 0xfeff
const SINGLE: Readonly<Record<string, TokenKind>> = {
  '+': 'ADD',
  '-': 'SUB',
  '*': 'MUL',
  '/': 'DIV',
  '%': 'MOD',
  '^': 'POW',
  '{': 'LCURLY',
  '}': 'RCURLY',
  '(': 'LPAREN',
  ')': 'RPAREN',
  '[': 'LBRACK',
  ']': 'RBRACK',
  ',': 'COMMA',
  '.': 'DOT',
}
const WITH_EQUALS: Readonly<Record<string, readonly [plain: TokenKind, withEquals: TokenKind]>> = {
  '!': ['NOT', 'NEQ'],
  '=': ['ASSIGN', 'EQ'],
  '<': ['LT', 'LTE'],
  '>': ['GT', 'GTE'],
}
/** After these a line break ends the statement. */
const ENDS_STATEMENT = new Set<TokenKind>([
  'IDENT',
  'NUMBER',
  'FLOAT',
  'STRING',
  'NULL',
  'BOOL',
  'RCURLY',
  'RPAREN',
  'RBRACK',
])

/**
 * Turns Alloy source into tokens. Like upstream's scanner it never stops at an error: the diagnostic is recorded and a
 * token is returned, so that the parser can report everything at once.
 */
export class Scanner {
  readonly diagnostics: Diagnostic[] = []
  readonly #text: string
  readonly #insertTerminators: boolean
  #at = 0
  #mayTerminate = false

  constructor(text: string, options: { insertTerminators?: boolean } = {}) {
    this.#text = text
    this.#insertTerminators = options.insertTerminators ?? true
    this.#check()
    if (text.charCodeAt(0) === BYTE_ORDER_MARK) this.#next()
  }

  /** The next token, comments included; `EOF` for ever at the end. */
  scan(): Token {
    this.#skipBlank()
    const start = this.#at
    const character = this.#current()
    if (character === '') {
      if (this.#mayTerminate) return this.#terminator(start)
      return { kind: 'EOF', text: '', start, end: start }
    }
    if (character === '\n') {
      this.#next()
      return this.#terminator(start)
    }
    if (character === '/' && this.#isComment()) {
      if (this.#mayTerminate && this.#commentEndsLine()) return this.#terminator(start)
      const text = this.#comment()
      this.#mayTerminate = false
      return { kind: 'COMMENT', text, start, end: this.#at }
    }
    const kind = this.#token(character, start)
    if (kind !== 'ILLEGAL') this.#mayTerminate = this.#insertTerminators && ENDS_STATEMENT.has(kind)
    return { kind, text: this.#text.slice(start, this.#at), start, end: this.#at }
  }

  #token(character: string, start: number): TokenKind {
    if (isLetter(character)) return this.#identifier(start)
    if (isDecimal(character) || (character === '.' && isDecimal(this.#text[start + 1] ?? '')))
      return this.#number(start)
    this.#next()
    if (character === '"') return this.#string(start, '"')
    if (character === '`') return this.#string(start, '`')
    if (character === "'") {
      this.#error(start, 'illegal single-quoted string; use double quotes')
      this.#string(start, "'")
      this.#mayTerminate = this.#insertTerminators
      return 'ILLEGAL'
    }
    if (character === '|' || character === '&') {
      if (this.#current() === character) this.#next()
      else this.#error(this.#at, `missing second ${character} in ${character}${character}`)
      return character === '|' ? 'OR' : 'AND'
    }
    const pair = WITH_EQUALS[character]
    if (pair) {
      if (this.#current() !== '=') return pair[0]
      this.#next()
      return pair[1]
    }
    const single = SINGLE[character]
    if (single) return single
    if (character.charCodeAt(0) !== BYTE_ORDER_MARK) this.#error(start, `illegal character ${describe(character)}`)
    return 'ILLEGAL'
  }

  #identifier(start: number): TokenKind {
    while (isLetterOrDigit(this.#current())) this.#next()
    const text = this.#text.slice(start, this.#at)
    return text === 'null' ? 'NULL' : text === 'true' || text === 'false' ? 'BOOL' : 'IDENT'
  }

  #number(start: number): TokenKind {
    let kind: TokenKind = 'NUMBER'
    this.#digits()
    if (this.#current() === '.') {
      kind = 'FLOAT'
      this.#next()
      this.#digits()
    }
    if (this.#current() === 'e' || this.#current() === 'E') {
      kind = 'FLOAT'
      this.#next()
      if (this.#current() === '+' || this.#current() === '-') this.#next()
      if (this.#digits() === 0) this.#error(start, 'exponent has no digits')
    }
    return kind
  }

  #digits(): number {
    const start = this.#at
    while (isDecimal(this.#current())) this.#next()
    return this.#at - start
  }

  #string(start: number, quote: string): TokenKind {
    for (;;) {
      const character = this.#current()
      if (character === '' || (character === '\n' && quote !== '`')) {
        this.#error(start, 'string literal not terminated')
        return 'STRING'
      }
      this.#next()
      if (character === quote) return 'STRING'
      if (character === '\\' && quote !== '`') this.#escape()
    }
  }

  /** Checks one escape sequence; stops at an offending character without consuming it. */
  #escape(): void {
    const start = this.#at
    const character = this.#current()
    if (character !== '' && 'abfnrtv\\"'.includes(character)) return this.#next()
    const octal = character >= '0' && character <= '7'
    const size = octal ? 3 : character === 'x' ? 2 : character === 'u' ? 4 : character === 'U' ? 8 : 0
    if (size === 0) {
      return this.#error(start, character === '' ? 'escape sequence not terminated' : 'unknown escape sequence')
    }
    if (!octal) this.#next()
    let value = 0
    for (let count = 0; count < size; count++) {
      const digit = this.#current()
      if (!(octal ? /^[0-7]$/ : /^[0-9a-fA-F]$/).test(digit)) {
        const message =
          digit === '' ? 'escape sequence not terminated' : `illegal character ${describe(digit)} in escape sequence`
        return this.#error(start, message)
      }
      value = value * (octal ? 8 : 16) + Number.parseInt(digit, 16)
      this.#next()
    }
    const largest = octal || character === 'x' ? 255 : 0x10ffff
    if (value > largest || (value >= 0xd800 && value < 0xe000)) {
      this.#error(start, 'escape sequence is invalid Unicode code point')
    }
  }

  #isComment(): boolean {
    const second = this.#text[this.#at + 1]
    return second === '/' || second === '*'
  }

  /** Does nothing but comments and blanks stand between here and the end of the line? */
  #commentEndsLine(): boolean {
    const text = this.#text
    let at = this.#at
    for (;;) {
      if (text.startsWith('//', at)) return true
      if (!text.startsWith('/*', at)) return at >= text.length || text[at] === '\n'
      const end = text.indexOf('*/', at + 2)
      if (end < 0 || text.slice(at, end).includes('\n')) return true
      at = end + 2
      while (text[at] === ' ' || text[at] === '\t' || text[at] === '\r') at++
    }
  }

  #comment(): string {
    const start = this.#at
    const isBlock = this.#text[start + 1] === '*'
    this.#next()
    this.#next()
    if (isBlock) {
      const found = this.#text.indexOf('*/', this.#at)
      const end = found < 0 ? this.#text.length : found + 2
      while (this.#at < end) this.#next()
      if (found < 0) this.#error(start, 'block comment not terminated')
    } else {
      while (this.#current() !== '' && this.#current() !== '\n') this.#next()
    }
    return withoutCarriageReturns(this.#text.slice(start, this.#at), isBlock)
  }

  #terminator(start: number): Token {
    this.#mayTerminate = false
    return { kind: 'TERMINATOR', text: '\n', start, end: this.#at }
  }

  #skipBlank(): void {
    for (;;) {
      const character = this.#current()
      if (
        character === ' ' ||
        character === '\t' ||
        character === '\r' ||
        (character === '\n' && !this.#mayTerminate)
      ) {
        this.#next()
      } else return
    }
  }

  /** The character at the position, a whole code point, or `''` at the end. */
  #current(): string {
    const code = this.#text.codePointAt(this.#at)
    return code === undefined ? '' : String.fromCodePoint(code)
  }

  #next(): void {
    this.#at += this.#current().length
    this.#check()
  }

  #check(): void {
    const code = this.#text.charCodeAt(this.#at)
    if (code === 0) this.#error(this.#at, 'illegal character NUL')
    else if (code === BYTE_ORDER_MARK && this.#at > 0) this.#error(this.#at, 'illegal byte order mark')
  }

  #error(start: number, message: string): void {
    this.diagnostics.push({ severity: 'error', message, range: { start, end: start } })
  }
}

function isDecimal(character: string): boolean {
  return character >= '0' && character <= '9' && character.length === 1
}

/** As Go's `%#U` prints a character: `U+2026 '…'`. */
function describe(character: string): string {
  const code = character.codePointAt(0) ?? 0
  const hex = code.toString(16).toUpperCase().padStart(4, '0')
  return /\p{C}/u.test(character) ? `U+${hex}` : `U+${hex} '${character}'`
}

/** A carriage return that keeps `*` and `/` apart stays, or the comment would end early. */
function withoutCarriageReturns(comment: string, isBlock: boolean): string {
  if (!comment.includes('\r')) return comment
  let result = ''
  for (let index = 0; index < comment.length; index++) {
    const separates = isBlock && result.length > 2 && result.endsWith('*') && comment[index + 1] === '/'
    if (comment[index] !== '\r' || separates) result += comment[index]
  }
  return result
}
