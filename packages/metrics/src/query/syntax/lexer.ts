import { isAlpha, isAlphaNumeric, isDigit, isSpace, Lexer, quoteGo } from '@quartet/query'

export type TokenKind =
  | 'eof'
  | 'error'
  | 'identifier'
  | 'metricIdentifier'
  | 'number'
  | 'duration'
  | 'string'
  | 'keyword'
  | 'operator'
  | 'aggregator'
  | 'preprocessor'
  | 'punctuation'

export interface Token {
  readonly kind: TokenKind
  /** As written; for an error its message. */
  readonly text: string
  /** Lower-case for keywords, operators and aggregators, otherwise as `text`. */
  readonly id: string
  readonly start: number
  readonly end: number
}

const KEYWORDS = new Map<string, TokenKind>()
for (const word of ['and', 'or', 'unless', 'atan2']) KEYWORDS.set(word, 'operator')
for (const word of ['sum', 'avg', 'count', 'min', 'max', 'group', 'stddev', 'stdvar']) KEYWORDS.set(word, 'aggregator')
for (const word of ['topk', 'bottomk', 'count_values', 'quantile', 'limitk', 'limit_ratio'])
  KEYWORDS.set(word, 'aggregator')
for (const word of ['offset', 'smoothed', 'anchored', 'by', 'without', 'on', 'ignoring']) KEYWORDS.set(word, 'keyword')
for (const word of ['group_left', 'group_right', 'bool']) KEYWORDS.set(word, 'keyword')
for (const word of ['start', 'end', 'step']) KEYWORDS.set(word, 'preprocessor')
KEYWORDS.set('inf', 'number')
KEYWORDS.set('nan', 'number')

const DIGITS = '0123456789'

/** Scans PromQL as upstream's lexer does, down to how far it reads before it complains: error texts quote that. */
export class PromLexer extends Lexer {
  #start = 0
  #parenDepth = 0
  #isBraceOpen = false
  #isBracketOpen = false
  #gotColon = false
  #gotDuration = false
  /** The text between a bracket and its first number or duration has rules of its own. */
  #isDurationExpr = false
  #failed: Token | undefined

  /** The next token; after an error always that error. */
  next(): Token {
    if (this.#failed !== undefined) return this.#failed
    for (;;) {
      this.#skipBlanks()
      this.#start = this.offset
      const token = this.#scan()
      if (token !== undefined) return token
    }
  }

  #scan(): Token | undefined {
    if (this.#isBraceOpen) return this.#insideBraces()
    if (this.#isDurationExpr) return this.#durationExpression()
    return this.#statement()
  }

  #skipBlanks(): void {
    for (;;) {
      this.skipSpace()
      if (this.peek() !== 35 /* # */ || this.#isDurationExpr) return
      while (!this.isAtEnd && this.peek() !== 10 && this.peek() !== 13) this.offset++
    }
  }

  #statement(): Token | undefined {
    if (this.isAtEnd) {
      if (this.#parenDepth !== 0) return this.#fail('unclosed left parenthesis')
      if (this.#isBracketOpen) return this.#fail('unclosed left bracket')
      return this.#token('eof')
    }
    const char = this.#takeChar()
    switch (char) {
      case ',':
        return this.#token('punctuation')
      case '*':
      case '/':
      case '%':
      case '+':
      case '-':
      case '^':
      case '@':
        return this.#token('operator')
      case '=':
        if (this.accept('=')) return this.#token('operator')
        if (this.peek() === 126) return this.#fail("unexpected character after '=': '~'")
        return this.#token('punctuation')
      case '!':
        if (this.accept('=')) return this.#token('operator')
        return this.#fail(`unexpected character after '!': ${quoteRune(this.#peekChar())}`)
      case '<':
      case '>':
        this.accept('=')
        return this.#token('operator')
      case '"':
      case "'":
        return this.#string(char)
      case '`':
        return this.#rawString()
      case '(':
        this.#parenDepth++
        return this.#token('punctuation')
      case ')':
        return this.#closeParen()
      case '{':
        this.#isBraceOpen = true
        return this.#token('punctuation')
      case '[':
        if (this.#isBracketOpen) return this.#fail(`unexpected left bracket ${quoteRune(char)}`)
        this.#gotColon = false
        this.#gotDuration = false
        this.#isBracketOpen = true
        this.#isDurationExpr = true
        return this.#token('punctuation')
      case ']':
        if (!this.#isBracketOpen) return this.#fail(`unexpected right bracket ${quoteRune(char)}`)
        this.#isBracketOpen = false
        return this.#token('punctuation')
      default:
        return this.#statementWord(char)
    }
  }

  #statementWord(char: string): Token {
    const code = char.charCodeAt(0)
    if (isDigit(code) || (char === '.' && isDigit(this.peek()))) {
      this.offset--
      return this.#numberOrDuration()
    }
    if (!isAlpha(code) && char !== ':') return this.#fail(`unexpected character: ${quoteRune(char)}`)
    if (!this.#isBracketOpen) {
      this.offset--
      return this.#keywordOrIdentifier()
    }
    if (char === ':') {
      if (this.#gotColon) return this.#fail(`unexpected colon ${quoteRune(char)}`)
      this.#gotColon = true
      return this.#token('punctuation')
    }
    const keyword = 'sSmM'.includes(char) ? this.#durationKeyword() : undefined
    return keyword ?? this.#fail(`unexpected character: ${quoteRune(char)}, expected ':'`)
  }

  #durationExpression(): Token {
    if (this.isAtEnd) return this.#fail('unexpected end of input in duration expression')
    const char = this.#takeChar()
    switch (char) {
      case ']':
        this.#isBracketOpen = false
        this.#isDurationExpr = false
        this.#gotColon = false
        return this.#token('punctuation')
      case ':':
        if (!this.#gotDuration) return this.#failHere('unexpected colon before duration in duration expression')
        if (this.#gotColon) return this.#failHere('unexpected repeated colon in duration expression')
        this.#gotColon = true
        return this.#token('punctuation')
      case '(':
        this.#parenDepth++
        return this.#token('punctuation')
      case ')':
        return this.#closeParen()
      case ',':
        return this.#token('punctuation')
      case '+':
      case '-':
      case '*':
      case '/':
      case '%':
      case '^':
        return this.#token('operator')
      default: {
        const keyword = 'sSmM'.includes(char) ? this.#durationKeyword() : undefined
        if (keyword !== undefined) return keyword
        if (!isDigit(char.charCodeAt(0)) && !(char === '.' && isDigit(this.peek()))) {
          return this.#fail(`unexpected character in duration expression: ${quoteRune(char)}`)
        }
        this.offset--
        this.#gotDuration = true
        this.#isDurationExpr = false
        return this.#numberOrDuration()
      }
    }
  }

  #insideBraces(): Token {
    if (this.isAtEnd) return this.#fail('unexpected end of input inside braces')
    const char = this.#takeChar()
    switch (char) {
      case ',':
        return this.#token('punctuation')
      case '"':
      case "'":
        return this.#string(char)
      case '`':
        return this.#rawString()
      case '=':
        return this.accept('~') ? this.#token('operator') : this.#token('punctuation')
      case '!':
        if (this.accept('~') || this.accept('=')) return this.#token('operator')
        return this.#fail(`unexpected character after '!' inside braces: ${quoteRune(this.#peekChar())}`)
      case '{':
        return this.#fail(`unexpected left brace ${quoteRune(char)}`)
      case '}':
        this.#isBraceOpen = false
        return this.#token('punctuation')
      default:
        if (!isAlpha(char.charCodeAt(0))) return this.#fail(`unexpected character inside braces: ${quoteRune(char)}`)
        while (isAlphaNumeric(this.peek())) this.offset++
        return this.#token('identifier')
    }
  }

  #closeParen(): Token {
    this.#parenDepth--
    if (this.#parenDepth < 0) return this.#failHere("unexpected right parenthesis ')'")
    return this.#token('punctuation')
  }

  #keywordOrIdentifier(): Token {
    while (isAlphaNumeric(this.peek()) || this.peek() === 58) this.offset++
    const word = this.text.slice(this.#start, this.offset)
    const kind = KEYWORDS.get(word.toLowerCase())
    if (kind !== undefined) return this.#token(kind, word.toLowerCase())
    return this.#token(word.includes(':') ? 'metricIdentifier' : 'identifier')
  }

  #durationKeyword(): Token | undefined {
    while (isAlpha(this.peek())) this.offset++
    const word = this.text.slice(this.#start, this.offset).toLowerCase()
    if (word === 'step') return this.#token('preprocessor', word)
    if (word === 'min' || word === 'max') return this.#token('aggregator', word)
    return undefined
  }

  #numberOrDuration(): Token {
    if (this.#scanNumber()) return this.#token('number')
    if (this.#scanRestOfDuration()) return this.#token('duration')
    return this.#fail(`bad number or duration syntax: ${quoteGo(this.text.slice(this.#start, this.offset))}`)
  }

  /** One unit has to come next, then more digits and units, then nothing alphanumeric; reads one too far when it fails. */
  #scanRestOfDuration(): boolean {
    if (!this.acceptAny('smhdwy')) return false
    this.acceptAny('s')
    while (this.acceptAny(DIGITS)) {
      this.#takeRun(DIGITS)
      if (!this.acceptAny('smhdw')) return false
      this.acceptAny('s')
    }
    if (!isAlphaNumeric(this.peek())) return true
    this.offset++
    return false
  }

  #scanNumber(): boolean {
    let digits = DIGITS
    const isHex = this.acceptAny('0') && this.acceptAny('xX')
    if (isHex) {
      this.acceptAny('_')
      digits = '0123456789abcdefABCDEF'
    }
    this.acceptAny('.')
    this.acceptAny(digits)
    let hasDot = false
    let hasExponent = false
    while (this.#isNext(`${digits}._eE`)) {
      if (this.#isNext('.') && hasDot) {
        this.offset++
        return false
      }
      if (this.#isNext('eE') && hasExponent) {
        this.offset++
        return false
      }
      if (this.acceptAny('.')) {
        hasDot = true
        if (this.acceptAny('_.') || isHex) return false
      } else if (this.acceptAny('eE')) {
        hasExponent = true
        this.acceptAny('+-')
        if (this.acceptAny('._eE') || this.isAtEnd) return false
      } else if (this.acceptAny('_')) {
        if (this.acceptAny('._eE') || this.isAtEnd) return false
      } else {
        this.#takeRun(digits)
      }
    }
    return this.offset > this.#start && !isAlphaNumeric(this.peek())
  }

  #string(quote: string): Token {
    for (;;) {
      if (this.isAtEnd) return this.#fail('unterminated quoted string')
      const char = this.#takeChar()
      if (char === '\n') return this.#fail('unterminated quoted string')
      if (char === quote) return this.#token('string')
      if (char === '\ufffd') return this.#fail('invalid UTF-8 rune')
      const problem = char === '\\' ? this.#escape(quote) : undefined
      if (problem !== undefined) return this.#fail(problem)
    }
  }

  /** The complaint about a bad escape sequence, if any. */
  #escape(quote: string): string | undefined {
    if (this.isAtEnd) return 'escape sequence not terminated'
    const char = this.#takeChar()
    if ('abfnrtv\\'.includes(char) || char === quote) return undefined
    if (char >= '0' && char <= '7') return this.#escapeDigits({ count: 3, base: 8, limit: 255, already: char })
    if (char === 'x') return this.#escapeDigits({ count: 2, base: 16, limit: 255, already: '' })
    if (char === 'u') return this.#escapeDigits({ count: 4, base: 16, limit: 0x10ffff, already: '' })
    if (char === 'U') return this.#escapeDigits({ count: 8, base: 16, limit: 0x10ffff, already: '' })
    return `unknown escape sequence ${describeRune(char)}`
  }

  #escapeDigits(rule: { count: number; base: number; limit: number; already: string }): string | undefined {
    let value = rule.already === '' ? 0 : parseInt(rule.already, rule.base)
    for (let left = rule.count - rule.already.length; left > 0; left--) {
      if (this.isAtEnd) return 'escape sequence not terminated'
      const char = this.#takeChar()
      const digit = /^[0-9a-fA-F]$/.test(char) ? parseInt(char, 16) : 16
      if (digit >= rule.base) return `illegal character ${describeRune(char)} in escape sequence`
      value = value * rule.base + digit
    }
    const isInvalid = value > rule.limit || (value >= 0xd800 && value < 0xe000)
    return isInvalid ? 'escape sequence is an invalid Unicode code point' : undefined
  }

  #rawString(): Token {
    const end = this.text.indexOf('`', this.offset)
    this.offset = end < 0 ? this.text.length : end + 1
    return end < 0 ? this.#fail('unterminated raw string') : this.#token('string')
  }

  #isNext(set: string): boolean {
    return !this.isAtEnd && set.includes(this.text[this.offset])
  }

  #takeRun(set: string): void {
    while (this.#isNext(set)) this.offset++
  }

  #peekChar(): string {
    const code = this.text.codePointAt(this.offset)
    return code === undefined ? '\ufffd' : String.fromCodePoint(code)
  }

  #takeChar(): string {
    const char = this.#peekChar()
    this.offset += char.length
    return char
  }

  #token(kind: TokenKind, id?: string): Token {
    const text = this.text.slice(this.#start, this.offset)
    return { kind, text, id: id ?? text, start: this.#start, end: this.offset }
  }

  #fail(message: string): Token {
    this.#failed = { kind: 'error', text: message, id: message, start: this.#start, end: this.text.length }
    return this.#failed
  }

  /** For errors that upstream notices after having emitted the token. */
  #failHere(message: string): Token {
    this.#start = this.offset
    return this.#fail(message)
  }
}

export { isSpace }

/** Go's `%q` of a rune. */
function quoteRune(char: string): string {
  if (char === "'") return "'\\''"
  if (char === '"') return "'\"'"
  return `'${quoteGo(char).slice(1, -1)}'`
}

/** Go's `%#U`: U+002E '.'. */
function describeRune(char: string): string {
  const code = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
  return `U+${code} '${char}'`
}
