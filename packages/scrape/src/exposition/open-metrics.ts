import type { Labels } from '@quartet/model'

import { ExpositionError } from './entry.ts'
import type { EntryKind, ExpositionParser, ParsedExemplar } from './entry.ts'
import { latin1 } from './float.ts'
import { LineParser } from './line-parser.ts'
import type { PairRules } from './line-parser.ts'
import { byteQuote } from './quote.ts'
import { collectLabels, SeriesText } from './series-text.ts'
import {
  BRACE_CLOSE,
  BRACE_OPEN,
  COMMA,
  endOfLabelName,
  EQUAL,
  HASH,
  isLabelStart,
  isNameStart,
  NEWLINE,
  NUL,
  QUOTE,
  SPACE,
  Token,
} from './tokens.ts'

type State =
  | 'init'
  | 'family'
  | 'text'
  | 'labels'
  | 'labelValue'
  | 'value'
  | 'timestamp'
  | 'exemplar'
  | 'exemplarLabelValue'
  | 'exemplarValue'
  | 'exemplarTimestamp'

const TYPES = new Set(['counter', 'gauge', 'histogram', 'gaugehistogram', 'summary', 'info', 'stateset', 'unknown'])
const HAVE_CREATED = new Set(['counter', 'summary', 'histogram'])
const EXEMPLAR_PAIRS = { strict: true, exemplar: true }

/**
 * OpenMetrics text 1.0.0 as the scrape parser of Prometheus 3.8 takes it (model/textparse/openmetricslex.l,
 * openmetricsparse.go): blanks are significant and the body ends with `# EOF`. Whether families are well formed is not checked, as upstream.
 */
export class OpenMetricsParser extends LineParser implements ExpositionParser {
  protected readonly seriesPairs: PairRules = { strict: true, exemplar: false }
  readonly #skipCreated: boolean
  #state: State = 'init'
  #exemplarText = new SeriesText()
  #exemplar: ParsedExemplar | undefined

  /** @param options.skipCreated leaves out the `_created` series of counters, summaries and histograms */
  constructor(body: Uint8Array, options: { skipCreated?: boolean } = {}) {
    super(body)
    this.#skipCreated = options.skipCreated ?? false
  }

  next(): EntryKind {
    for (;;) {
      const kind = this.#nextEntry()
      if (kind !== 'series' || !this.#skipCreated || !this.#isCreated()) return kind
    }
  }

  #nextEntry(): EntryKind {
    this.entryStart = this.position
    this.#exemplar = undefined
    const token = this.nextToken()
    switch (token) {
      case Token.eofWord:
        if (this.nextToken() !== Token.end) throw new ExpositionError('unexpected data after # EOF')
        return 'end'
      case Token.end:
        throw new ExpositionError('data does not end with # EOF')
      case Token.help:
      case Token.type:
      case Token.unit:
        return this.#metadata(token)
      case Token.braceOpen:
        this.series.begin(-1, -1)
        return this.labelledSeries()
      case Token.metricName:
        return this.namedSeries()
      default:
        return this.fail('expected a valid start token', token)
    }
  }

  nextIfKnown(known: Uint8Array, start: number, end: number): boolean {
    if (this.#state !== 'init' || !this.startsWith(known, start, end)) return false
    if (this.bytes[this.position + end - start] !== SPACE) return false
    this.#exemplar = undefined
    this.#state = 'value'
    this.skipSeriesText(end - start)
    return true
  }

  exemplar(): ParsedExemplar | undefined {
    return this.#exemplar
  }

  #isCreated(): boolean {
    if (!HAVE_CREATED.has(this.familyType)) return false
    return this.decode(this.series.nameStart, this.series.nameEnd).endsWith('_created')
  }

  #metadata(kind: typeof Token.help | typeof Token.type | typeof Token.unit): 'help' | 'type' | 'unit' {
    this.readFamily(kind)
    if (this.nextToken() !== Token.text) throw new ExpositionError(`expected text in ${kind}`)
    // The token holds the blank before the text and the line break after it.
    const start = Math.min(this.tokenStart + 1, this.position - 1)
    const end = this.position - 1
    this.text = this.decode(start, end)
    if (kind === Token.help) {
      this.checkHelp(start, end)
      this.text = this.text.replaceAll(/\\["\\n]/g, (escape) => (escape === '\\n' ? '\n' : escape[1]))
      return 'help'
    }
    if (kind === Token.type) {
      if (!TYPES.has(this.text)) throw new ExpositionError(`invalid metric type ${byteQuote(this.bytes, start, end)}`)
      this.familyType = this.text
      return 'type'
    }
    if (this.text !== '' && !this.family.endsWith('_' + this.text)) {
      throw new ExpositionError(
        `unit ${JSON.stringify(this.text)} not a suffix of metric ${JSON.stringify(this.family)}`,
      )
    }
    return 'unit'
  }

  protected suffix(token: Token): void {
    this.value = this.#float(token, 'metric')
    this.timeMs = undefined
    let after = this.nextToken()
    if (after === Token.timestamp) {
      this.timeMs = this.#time('invalid timestamp')
      after = this.nextToken()
      if (after !== Token.linebreak && after !== Token.comment) this.fail('expected next entry after timestamp', after)
    }
    switch (after) {
      case Token.end:
        throw new ExpositionError('data does not end with # EOF')
      case Token.linebreak:
        return
      case Token.comment:
        this.#readExemplar()
        return
      default:
        this.fail('expected timestamp or comment', after)
    }
  }

  #readExemplar(): void {
    this.#exemplarText.begin(-1, -1)
    this.labelPairs(this.#exemplarText, EXEMPLAR_PAIRS)
    const labels: Labels = collectLabels(this.bytes, this.#exemplarText, undefined)
    const value = this.#float(this.nextToken(), 'exemplar labels')
    let timeMs: number | undefined
    let after = this.nextToken()
    if (after === Token.timestamp) {
      timeMs = this.#time('invalid exemplar timestamp')
      after = this.nextToken()
      if (after !== Token.linebreak) this.fail('expected next entry after exemplar timestamp', after)
    }
    if (after === Token.end) throw new ExpositionError('data does not end with # EOF')
    if (after !== Token.linebreak) this.fail('expected timestamp or comment', after)
    this.#exemplar = { labels, value, timeMs }
  }

  #float(token: Token, after: string): number {
    if (token !== Token.value) this.fail(`expected value after ${after}`, token)
    return this.number(this.tokenStart + 1, this.position)
  }

  #time(complaint: string): number {
    const seconds = this.number(this.tokenStart + 1, this.position)
    if (Number.isFinite(seconds)) return Math.trunc(seconds * 1000)
    const text = Number.isNaN(seconds) ? 'NaN' : seconds > 0 ? '+Inf' : '-Inf'
    throw new ExpositionError(`${complaint} ${text}`)
  }

  protected nextToken(): Token {
    const { bytes } = this
    const at = this.position
    if (at >= this.end) return Token.end
    this.tokenStart = at
    const byte = bytes[at]
    switch (this.#state) {
      case 'init':
        return this.#startToken(byte)
      case 'family':
        this.#state = 'text'
        return this.metricName()
      case 'text':
        return this.#restOfLine()
      case 'labels':
        return this.#labelToken(byte, 'labels', 'labelValue', 'value')
      case 'exemplar':
        return this.#labelToken(byte, 'exemplar', 'exemplarLabelValue', 'exemplarValue')
      case 'labelValue':
        this.#state = 'labels'
        return this.quotedText(Token.labelValue, false)
      case 'exemplarLabelValue':
        this.#state = 'exemplar'
        return this.#exemplarLabelValue()
      case 'value':
        if (byte === BRACE_OPEN) return this.#one('labels', Token.braceOpen)
        return this.#word(byte, 'timestamp', Token.value)
      case 'exemplarValue':
        return this.#word(byte, 'exemplarTimestamp', Token.value)
      case 'timestamp':
      case 'exemplarTimestamp':
        return this.#timestampToken(byte)
    }
  }

  #startToken(byte: number): Token {
    if (byte === BRACE_OPEN) return this.#one('labels', Token.braceOpen)
    if (byte === HASH && this.bytes[this.position + 1] === SPACE) return this.#keyword()
    if (!isNameStart(byte)) return Token.invalid
    this.#state = 'value'
    return this.metricName()
  }

  #keyword(): Token {
    const at = this.position + 2
    const word = latin1(this.bytes, at, Math.min(at + 5, this.end))
    const token = KEYWORDS[word]
    if (token !== undefined) {
      this.position = at + 5
      this.#state = 'family'
      return token
    }
    this.position = at
    if (!word.startsWith('EOF')) return Token.invalid
    this.position = at + 3 + (this.bytes[at + 3] === NEWLINE ? 1 : 0)
    return Token.eofWord
  }

  #restOfLine(): Token {
    const end = this.bytes.indexOf(NEWLINE, this.position)
    if (this.bytes[this.position] !== SPACE || end < 0) return Token.invalid
    this.position = end + 1
    this.#state = 'init'
    return Token.text
  }

  #one(state: State, token: Token): Token {
    this.position++
    this.#state = state
    return token
  }

  #labelToken(byte: number, inside: State, value: State, after: State): Token {
    if (isLabelStart(byte)) {
      this.position = endOfLabelName(this.bytes, this.position)
      return Token.labelName
    }
    switch (byte) {
      case QUOTE:
        return this.quotedText(Token.quoted, inside === 'labels')
      case BRACE_CLOSE:
        return this.#one(after, Token.braceClose)
      case EQUAL:
        return this.#one(value, Token.equal)
      case COMMA:
        return this.#one(inside, Token.comma)
      default:
        return Token.invalid
    }
  }

  /** Upstream's lexer takes NUL in the labels of a series, not in those of an exemplar. */
  #exemplarLabelValue(): Token {
    const start = this.position
    const token = this.quotedText(Token.labelValue, false)
    const nul = this.bytes.subarray(start, this.position).indexOf(NUL)
    if (nul < 0) return token
    this.position = start + nul
    return Token.invalid
  }

  /** A blank and the text up to the next blank or line break. */
  #word(byte: number, state: State, token: Token): Token {
    if (byte !== SPACE) return Token.invalid
    const { bytes } = this
    const start = this.position + 1
    let at = start
    while (at < this.end && bytes[at] !== SPACE && bytes[at] !== NEWLINE && bytes[at] !== NUL) at++
    this.position = at
    if (at === start) return Token.invalid
    this.#state = state
    return token
  }

  #timestampToken(byte: number): Token {
    if (byte === NEWLINE) return this.#one('init', Token.linebreak)
    const { bytes, position } = this
    const startsExemplar =
      this.#state === 'timestamp' &&
      byte === SPACE &&
      bytes[position + 1] === HASH &&
      bytes[position + 2] === SPACE &&
      bytes[position + 3] === BRACE_OPEN
    if (!startsExemplar) return this.#word(byte, this.#state, Token.timestamp)
    this.position += 4
    this.#state = 'exemplar'
    return Token.comment
  }
}

const KEYWORDS: Readonly<Record<string, typeof Token.help | typeof Token.type | typeof Token.unit>> = {
  'HELP ': Token.help,
  'TYPE ': Token.type,
  'UNIT ': Token.unit,
}
