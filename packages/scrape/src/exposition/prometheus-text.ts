import { ExpositionError } from './entry.ts'
import type { EntryKind, ExpositionParser, ParsedExemplar } from './entry.ts'
import { latin1 } from './float.ts'
import { LineParser } from './line-parser.ts'
import type { PairRules } from './line-parser.ts'
import { byteQuote } from './quote.ts'
import {
  BRACE_CLOSE,
  BRACE_OPEN,
  COMMA,
  endOfLabelName,
  EQUAL,
  HASH,
  isDigit,
  isLabelStart,
  isNameStart,
  MINUS,
  NEWLINE,
  NUL,
  QUOTE,
  SPACE,
  TAB,
  Token,
} from './tokens.ts'

type State = 'init' | 'comment' | 'family' | 'text' | 'labels' | 'labelValue' | 'value' | 'timestamp'

const TYPES = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped'])

/**
 * The Prometheus text format 0.0.4 and 1.0.0, accepting and refusing what the scrape parser of Prometheus 3.8 does, with
 * its messages (model/textparse/promlex.l, promparse.go). The Pushgateway's parser is stricter and is another one.
 */
export class PrometheusTextParser extends LineParser implements ExpositionParser {
  protected readonly seriesPairs: PairRules = { strict: false, exemplar: false }
  #state: State = 'init'

  /** @param body the whole scrape; a missing last line break is supplied as upstream does. */
  constructor(body: Uint8Array) {
    super(terminated(body))
  }

  next(): EntryKind {
    for (;;) {
      this.entryStart = this.position
      const token = this.nextToken()
      switch (token) {
        case Token.end:
          return 'end'
        case Token.linebreak:
          continue
        case Token.help:
        case Token.type:
          return this.#metadata(token)
        case Token.comment:
          this.text = latin1(this.bytes, this.tokenStart, this.position)
          this.#lineBreak('linebreak expected after comment')
          return 'comment'
        case Token.braceOpen:
          this.series.begin(-1, -1)
          return this.labelledSeries()
        case Token.metricName:
          return this.namedSeries()
        default:
          this.fail('expected a valid start token', token)
      }
    }
  }

  nextIfKnown(known: Uint8Array, start: number, end: number): boolean {
    if (this.#state !== 'init' || !this.startsWith(known, start, end)) return false
    const separator = this.bytes[this.position + end - start]
    if (separator !== SPACE && separator !== TAB) return false
    this.#state = 'value'
    this.skipSeriesText(end - start)
    return true
  }

  exemplar(): ParsedExemplar | undefined {
    return undefined // the text format has none
  }

  #metadata(kind: typeof Token.help | typeof Token.type): 'help' | 'type' {
    this.readFamily(kind)
    this.nextToken() // the rest of the line, which may be empty; it begins with the blank behind the name
    const start = Math.min(this.tokenStart + 1, this.position)
    if (kind === Token.help) this.checkHelp(start, this.position)
    this.text = this.decode(start, this.position)
    if (kind === Token.help) this.text = this.text.replaceAll(/\\[\\n]/g, unescape)
    if (kind === Token.type && !TYPES.has(this.text)) {
      throw new ExpositionError(`invalid metric type ${byteQuote(this.bytes, start, this.position)}`)
    }
    this.#lineBreak('linebreak expected after metadata')
    if (kind === Token.help) return 'help'
    this.familyType = this.text
    return 'type'
  }

  #lineBreak(expected: string): void {
    const token = this.nextToken()
    if (token !== Token.linebreak) this.fail(expected, token)
  }

  protected suffix(token: Token): void {
    if (token !== Token.value) this.fail('expected value after metric', token)
    this.value = this.number(this.tokenStart, this.position)
    this.timeMs = undefined
    const after = this.nextToken()
    if (after === Token.linebreak) return
    if (after !== Token.timestamp) this.fail('expected timestamp or new record', after)
    this.timeMs = this.number(this.tokenStart, this.position)
    this.#lineBreak('expected next entry after timestamp')
  }

  protected nextToken(): Token {
    const { bytes } = this
    let at = this.position
    // Behind a family name the blank belongs to the text.
    if (this.#state !== 'text') while (bytes[at] === SPACE || bytes[at] === TAB) at++
    this.position = at
    if (at >= this.end) return Token.end
    this.tokenStart = at
    switch (this.#state) {
      case 'init':
        return this.#startToken(bytes[at])
      case 'comment':
      case 'family':
        this.#state = 'text'
        return this.metricName()
      case 'text':
        this.#state = 'init'
        return this.#restOfLine(Token.text)
      case 'labels':
        return this.#labelToken(bytes[at])
      case 'labelValue':
        this.#state = 'labels'
        return this.quotedText(Token.labelValue, true)
      case 'value':
        return this.#valueToken(bytes[at])
      case 'timestamp':
        return this.#timestampToken(bytes[at])
    }
  }

  #startToken(byte: number): Token {
    if (byte === NEWLINE) return this.#one('init', Token.linebreak)
    if (byte === BRACE_OPEN) return this.#one('labels', Token.braceOpen)
    if (byte === HASH) return this.#commentToken()
    if (!isNameStart(byte)) return Token.invalid
    this.#state = 'value'
    return this.metricName()
  }

  /** `# HELP ` and `# TYPE ` with any blanks; whatever else begins with `#` is a comment. */
  #commentToken(): Token {
    const { bytes } = this
    let at = this.position + 1
    while (bytes[at] === SPACE || bytes[at] === TAB) at++
    const word = latin1(bytes, at, Math.min(at + 4, this.end))
    const after = bytes[at + 4]
    const isKeyword =
      at > this.position + 1 && (word === 'HELP' || word === 'TYPE') && (after === SPACE || after === TAB)
    if (!isKeyword) return this.#restOfLine(Token.comment)
    this.position = at + 5
    this.#state = 'family'
    return word === 'HELP' ? Token.help : Token.type
  }

  #restOfLine(token: Token): Token {
    this.position = this.bytes.indexOf(NEWLINE, this.position)
    return token
  }

  #one(state: State, token: Token): Token {
    this.position++
    this.#state = state
    return token
  }

  #labelToken(byte: number): Token {
    if (isLabelStart(byte)) {
      this.position = endOfLabelName(this.bytes, this.position)
      return Token.labelName
    }
    switch (byte) {
      case QUOTE:
        return this.quotedText(Token.quoted, true)
      case BRACE_CLOSE:
        return this.#one('value', Token.braceClose)
      case EQUAL:
        return this.#one('labelValue', Token.equal)
      case COMMA:
        return this.#one('labels', Token.comma)
      default:
        return Token.invalid
    }
  }

  #valueToken(byte: number): Token {
    if (byte === BRACE_OPEN) return this.#one('labels', Token.braceOpen)
    const { bytes } = this
    let at = this.position
    for (; ; at++) {
      const next = bytes[at]
      if (next === NEWLINE || next === SPACE || next === TAB || next === BRACE_OPEN || next === NUL) break
    }
    if (at === this.position) return Token.invalid
    this.position = at
    this.#state = 'timestamp'
    return Token.value
  }

  #timestampToken(byte: number): Token {
    if (byte === NEWLINE) return this.#one('init', Token.linebreak)
    const digits = this.position + (byte === MINUS ? 1 : 0)
    let at = digits
    while (isDigit(this.bytes[at])) at++
    if (at === digits) return Token.invalid
    this.position = at
    return Token.timestamp
  }
}

function terminated(body: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(body.length + 1)
  bytes.set(body)
  bytes[body.length] = NEWLINE
  return bytes
}

function unescape(escape: string): string {
  return escape === '\\n' ? '\n' : escape[1]
}
