import { isValidUtf8 } from '@quartet/model'
import type { Labels } from '@quartet/model'

import { ExpositionError } from './entry.ts'
import { isFloat, latin1, parseFloatBytes } from './float.ts'
import { byteQuote } from './quote.ts'
import { collectLabels, normalizedLabelOf, SeriesText } from './series-text.ts'
import { endOfName, endOfQuoted, isNameStart, QUOTE, Token, unexpected } from './tokens.ts'

export interface PairRules {
  /** OpenMetrics: a comma must stand between two pairs. */
  readonly strict: boolean
  /** A quoted text alone, which elsewhere is the metric's name, is refused. */
  readonly exemplar: boolean
}

/**
 * What the two text formats share: the current entry, the label pairs between braces, numbers, and errors with the
 * position. The lexers differ in white space and line ends, so each format brings its own {@link nextToken}.
 */
export abstract class LineParser {
  readonly bytes: Uint8Array
  seriesStart = 0
  seriesEnd = 0
  value = 0
  timeMs: number | undefined = undefined
  family = ''
  /** The last TYPE; upstream applies it to every series until the next one. */
  protected familyType = ''
  text = ''
  protected readonly end: number
  protected readonly series = new SeriesText()
  protected position = 0
  protected tokenStart = 0
  protected entryStart = 0

  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.end = bytes.length
  }

  protected abstract nextToken(): Token
  protected abstract readonly seriesPairs: PairRules
  /** Reads what stands behind the metric text: value, time, exemplar. `token` is the first of it. */
  protected abstract suffix(token: Token): void

  /** Whether exactly `known[start..end)` stands at the position, with more behind it. */
  protected startsWith(known: Uint8Array, start: number, end: number): boolean {
    const { bytes, position } = this
    const length = end - start
    if (position + length >= this.end) return false
    // The end differs more often than the beginning: labels of one family share their first bytes.
    for (let offset = length - 1; offset >= 0; offset--)
      if (bytes[position + offset] !== known[start + offset]) return false
    return true
  }

  /** Takes `length` bytes for the metric text of a series that is known already, and reads the rest of its line. */
  protected skipSeriesText(length: number): void {
    this.entryStart = this.seriesStart = this.position
    this.position = this.seriesEnd = this.position + length
    this.suffix(this.nextToken())
  }

  /** Reads a series line whose name was the last token. */
  protected namedSeries(): 'series' {
    this.series.begin(this.tokenStart, this.position)
    this.seriesStart = this.tokenStart
    this.seriesEnd = this.position
    const token = this.nextToken()
    if (token === Token.braceOpen) return this.labelledSeries()
    this.suffix(token)
    return 'series'
  }

  /** Reads a series line from behind its opening brace. */
  protected labelledSeries(): 'series' {
    if (!this.series.hasName) this.seriesStart = this.tokenStart
    this.labelPairs(this.series, this.seriesPairs)
    this.seriesEnd = this.position
    const token = this.nextToken()
    this.requireName()
    this.suffix(token)
    return 'series'
  }

  labels(): Labels {
    return collectLabels(this.bytes, this.series, normalizedLabelOf(this.familyType))
  }

  /** Reads the family name behind HELP, TYPE or UNIT into {@link family}. */
  protected readFamily(keyword: Token): void {
    const token = this.nextToken()
    if (token !== Token.metricName) this.fail(`expected metric name after ${keyword}`, token)
    const quoted = this.bytes[this.tokenStart] === QUOTE ? 1 : 0
    this.family = this.decode(this.tokenStart + quoted, this.position - quoted)
  }

  protected checkHelp(start: number, end: number): void {
    if (isValidUtf8(this.bytes, start, end)) return
    throw new ExpositionError(`help text ${byteQuote(this.bytes, start, end)} is not a valid utf8 string`)
  }

  protected requireName(): void {
    if (!this.series.hasName) throw new ExpositionError(`metric name not set while parsing: ${this.quoteEntry()}`)
  }

  /** Reads pairs up to and including the closing brace into `series`. */
  protected labelPairs(series: SeriesText, options: PairRules): void {
    let token = this.nextToken()
    while (token !== Token.braceClose) {
      if (token !== Token.labelName && token !== Token.quoted) this.fail('expected label name', token)
      const quoted = this.bytes[this.tokenStart] === QUOTE ? 1 : 0
      const nameStart = this.tokenStart + quoted
      const nameEnd = this.position - quoted
      token = this.nextToken()
      if (token === Token.comma || token === Token.braceClose) {
        if (options.exemplar) this.fail('expected label name', token)
        if (series.hasName) throw new ExpositionError(`metric name already set while parsing: ${this.quoteEntry()}`)
        series.setName(nameStart, nameEnd)
        if (token === Token.comma) token = this.nextToken()
        continue
      }
      if (token !== Token.equal) this.fail('expected equal', token)
      token = this.nextToken()
      if (token !== Token.labelValue) this.fail('expected label value', token)
      if (!isValidUtf8(this.bytes, this.tokenStart, this.position)) {
        throw new ExpositionError(`invalid UTF-8 label value: ${byteQuote(this.bytes, this.tokenStart, this.position)}`)
      }
      series.addPair(nameStart, nameEnd, this.tokenStart + 1, this.position - 1)
      token = this.nextToken()
      if (token === Token.comma) token = this.nextToken()
      else if (options.strict && token !== Token.braceClose) this.fail('expected comma or brace close', token)
    }
  }

  protected number(start: number, end: number): number {
    const value = parseFloatBytes(this.bytes, start, end)
    if (Number.isFinite(value) || isFloat(this.bytes, start, end)) return value
    const text = latin1(this.bytes, start, end)
    const reason =
      text.search(/[pP_]/) >= 0
        ? 'unsupported character in float'
        : `strconv.ParseFloat: parsing ${byteQuote(this.bytes, start, end)}: invalid syntax`
    throw new ExpositionError(`${reason} while parsing: ${this.quoteEntry()}`)
  }

  /** A token that is a metric name, bare or quoted, at the token's start; its end goes to {@link position}. */
  protected metricName(): Token {
    const at = this.tokenStart
    if (this.bytes[at] === QUOTE) return this.quotedText(Token.metricName, true)
    if (!isNameStart(this.bytes[at])) return Token.invalid
    this.position = endOfName(this.bytes, at)
    return Token.metricName
  }

  protected quotedText(token: Token, acrossLines: boolean): Token {
    if (this.bytes[this.position] !== QUOTE) return Token.invalid
    const end = endOfQuoted(this.bytes, this.position, this.end, acrossLines)
    this.position = end < 0 ? ~end : end
    return end < 0 ? Token.invalid : token
  }

  protected decode(start: number, end: number): string {
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset).toString('utf8', start, end)
  }

  protected quoteEntry(): string {
    return byteQuote(this.bytes, this.entryStart, this.position)
  }

  protected fail(expected: string, token: Token): never {
    const { entryStart, tokenStart, position, end } = this
    throw new ExpositionError(unexpected(this.bytes, { expected, token, entryStart, tokenStart, position, end }))
  }
}
