import { kindOf, FAMILY_TYPES } from '../metric/family.ts'
import type { FamilyLabel, FamilyMetric, FamilyType, FamilyValue, MetricFamily } from '../metric/family.ts'
import { isLabelName, isMetricName } from './family-names.ts'
import type { NameRules } from './family-names.ts'
import { goChar, goQuoteBytes } from './go-quoted.ts'
import { parseGoFloat } from './go-float.ts'
import { decodeUtf8, isValidUtf8 } from './proto-reader.ts'

/** Text that is not the exposition format 0.0.4. The message is upstream's, with the line. */
export class FamilyTextError extends Error {
  readonly line: number
  constructor(line: number, message: string) {
    super(`text format parsing error in line ${line}: ${message}`)
    this.name = 'FamilyTextError'
    this.line = line
  }
}

/**
 * Reads the text format 0.0.4 into metric families by name, as strictly as expfmt (Pushgateway, textfile collector) does: unlike the
 * scrape parser it demands a newline at the end, puts summaries and histograms together and refuses damaged metadata.
 * Families without metrics are left out. Duplicate metrics are kept: whoever minds has to check.
 * @throws FamilyTextError
 */
export function parseFamilies(bytes: Uint8Array, rules: NameRules = 'utf8'): Map<string, MetricFamily> {
  const parser = new Parser(bytes, rules)
  while (parser.readLine());
  return parser.finish()
}

/** A family whose type and help may not have been told yet. */
interface Draft {
  readonly name: string
  help: string | undefined
  type: FamilyType | undefined
  readonly metrics: FamilyMetric[]
  /** Of summaries and histograms, by labels. */
  readonly parts: Map<string, FamilyMetric>
}

type Part = 'count' | 'sum' | 'other'

const [TAB, NEWLINE, SPACE, QUOTE, HASH, COMMA, COLON, EQUALS, BACKSLASH, OPEN, CLOSE] = Buffer.from('\t\n "#,:=\\{}')

class Parser {
  readonly #bytes: Uint8Array
  readonly #rules: NameRules
  readonly #drafts = new Map<string, Draft>()
  #at = 0
  #line = 0
  #part: Part = 'other'

  constructor(bytes: Uint8Array, rules: NameRules) {
    this.#bytes = bytes
    this.#rules = rules
  }

  finish(): Map<string, MetricFamily> {
    const families = new Map<string, MetricFamily>()
    for (const { help, metrics, name, type } of this.#drafts.values()) {
      if (metrics.length > 0) families.set(name, { name, help, type: type ?? 'UNTYPED', metrics })
    }
    return families
  }

  /** @returns false at the end of the input, which must be the start of a line */
  readLine(): boolean {
    this.#line++
    this.#skipBlanks()
    if (this.#at >= this.#bytes.length) return false
    const first = this.#bytes[this.#at]
    if (first === NEWLINE) this.#at++
    else if (first === HASH) this.#readComment()
    else this.#readSample()
    return true
  }

  #readComment(): void {
    this.#at++
    this.#skipBlanks()
    const keyword = this.#readWord()
    if (this.#take(NEWLINE)) return
    if (keyword !== 'HELP' && keyword !== 'TYPE') {
      this.#readRest()
      return
    }
    this.#skipBlanks()
    const name = this.#readName('metric')
    if (this.#take(NEWLINE)) return
    if (!isBlank(this.#peek())) this.#fail('invalid metric name in comment')
    const draft = this.#draftFor(name ?? '')
    this.#skipBlanks()
    if (this.#take(NEWLINE)) return
    if (keyword === 'HELP') this.#readHelp(draft)
    else this.#readType(draft)
  }

  #readHelp(draft: Draft): void {
    if (draft.help !== undefined) this.#fail(`second HELP line for metric name ${quote(draft.name)}`)
    const start = this.#at
    let text: number[] | undefined
    for (;;) {
      const byte = this.#peek()
      if (byte === NEWLINE) break
      if (byte === BACKSLASH) {
        text ??= [...this.#bytes.subarray(start, this.#at)]
        this.#at++
        text.push(this.#escaped())
      } else text?.push(byte)
      this.#at++
    }
    draft.help = text ? decodeAll(Uint8Array.from(text)) : decodeUtf8(this.#bytes, start, this.#at)
    this.#at++
  }

  #readType(draft: Draft): void {
    if (draft.type !== undefined)
      this.#fail(`second TYPE line for metric name ${quote(draft.name)}, or TYPE reported after samples`)
    const text = this.#readRest()
    const upper = text.toUpperCase() === 'GAUGEHISTOGRAM' ? 'GAUGE_HISTOGRAM' : text.toUpperCase()
    const type = FAMILY_TYPES.find((known) => known === upper)
    if (!type) this.#fail(`unknown metric type ${quote(text)}`)
    draft.type = type
  }

  #readSample(): void {
    const name = this.#peek() === OPEN ? undefined : this.#readName('metric')
    if (name === '' || (name === undefined && this.#peek() !== OPEN)) this.#fail('invalid metric name')
    let draft: Draft | undefined
    if (name !== undefined) {
      draft = this.#draftFor(name)
      draft.type ??= 'UNTYPED'
      this.#skipBlanks()
    }
    const labels: FamilyLabel[] = []
    if (this.#peek() === OPEN) draft = this.#readLabels(draft, labels)
    if (draft === undefined) this.#fail('invalid metric name')
    this.#skipBlanks()
    this.#readValue(draft, labels)
  }

  /** `{a="b","c.d"="e"}`, or `{"name.with.dots",a="b"}` when there was no name before. */
  #readLabels(outer: Draft | undefined, labels: FamilyLabel[]): Draft | undefined {
    let draft = outer
    this.#at++
    for (;;) {
      this.#skipBlanks()
      if (this.#take(CLOSE)) return draft
      const name = this.#readName('label')
      if (!name) this.#fail(`invalid label name for metric ${quote(draft?.name ?? '')}`)
      this.#skipBlanks()
      if (this.#peek() !== EQUALS) {
        const found = this.#peek()
        if (outer) this.#fail(`expected '=' after label name, found ${goChar(found)}`)
        if (draft) this.#fail(`multiple metric names for metric ${quote(draft.name)}`)
        if (found !== COMMA && found !== CLOSE) this.#fail(`unexpected end of metric name ${goChar(found)}`)
        draft = this.#draftFor(name)
        draft.type ??= 'UNTYPED'
        this.#take(COMMA)
        continue
      }
      this.#at++
      if (name === '__name__') this.#fail('label name "__name__" is reserved')
      if (!isLabelName(name, this.#rules)) this.#fail(`invalid label name ${quote(name)}`)
      if (labels.some((label) => label.name === name))
        this.#fail(`duplicate label names for metric ${quote(draft?.name ?? '')}`)
      const value = this.#readLabelValue()
      labels.push({ name, value })
      this.#skipBlanks()
      if (this.#take(COMMA)) continue
      if (this.#peek() !== CLOSE) this.#fail(`unexpected end of label value ${quote(value)}`)
    }
  }

  #readLabelValue(): string {
    this.#skipBlanks()
    const first = this.#peek()
    if (first !== QUOTE) this.#fail(`expected '"' at start of label value, found ${goChar(first)}`)
    const bytes = this.#readQuoted('label value')
    if (!isValidUtf8(bytes, 0, bytes.length)) this.#fail(`invalid label value ${goQuoteBytes(bytes)}`)
    return decodeAll(bytes)
  }

  #readValue(draft: Draft, labels: FamilyLabel[]): void {
    const [metric, bound] = this.#metricFor(draft, labels)
    const text = this.#readWord()
    const value = parseGoFloat(text)
    if (value === undefined) this.#fail(`expected float as value, got ${quote(text)}`)
    this.#addValue(draft, metric, bound, value)
    if (this.#take(NEWLINE)) return
    this.#skipBlanks()
    const time = this.#readWord()
    if (!/^[+-]?\d+$/.test(time)) this.#fail(`expected integer as timestamp, got ${quote(time)}`)
    metric.timestampMs = Number(time)
    const rest = this.#readRest()
    if (rest !== '') this.#fail(`spurious string after timestamp: ${quote(rest)}`)
  }

  /** The metric that the line belongs to, and the line's `quantile` or `le`. */
  #metricFor(draft: Draft, labels: FamilyLabel[]): [FamilyMetric, number | undefined] {
    const kind = kindOf(draft.type ?? 'UNTYPED')
    if (kind !== 'summary' && kind !== 'histogram') {
      const metric: FamilyMetric = { labels, timestampMs: undefined, value: { kind, value: 0 } }
      draft.metrics.push(metric)
      return [metric, undefined]
    }
    const boundName = kind === 'summary' ? 'quantile' : 'le'
    const boundText = labels.find(({ name }) => name === boundName)?.value
    const bound = boundText === undefined ? undefined : parseGoFloat(boundText)
    if (boundText !== undefined && bound === undefined)
      this.#fail(`expected float as value for '${boundName}' label, got ${quote(boundText)}`)
    const own = labels.filter(({ name }) => name !== boundName)
    const key = labelsSignature(own)
    const known = draft.parts.get(key)
    if (known) return [known, bound]
    const value: FamilyValue =
      kind === 'summary' ? { kind, count: 0, sum: 0, quantiles: [] } : { kind, count: 0, sum: 0, buckets: [] }
    const metric: FamilyMetric = { labels: own, timestampMs: undefined, value }
    draft.parts.set(key, metric)
    draft.metrics.push(metric)
    return [metric, bound]
  }

  #addValue(draft: Draft, metric: FamilyMetric, bound: number | undefined, number: number): void {
    const { value } = metric
    switch (value.kind) {
      case 'summary':
        if (this.#part === 'count') value.count = Math.trunc(number)
        else if (this.#part === 'sum') value.sum = number
        else if (bound !== undefined) value.quantiles.push({ quantile: bound, value: number })
        return
      case 'histogram':
        if (this.#part === 'count') {
          if (number < 0) this.#fail(`negative count for histogram ${quote(draft.name)}`)
          value.count = number
        } else if (this.#part === 'sum') value.sum = number
        else if (bound !== undefined) {
          if (number < 0) this.#fail(`negative bucket population for histogram ${quote(draft.name)}`)
          value.buckets.push({ upperBound: bound, count: number })
        }
        return
      default:
        metric.value = { kind: value.kind, value: number }
    }
  }

  /** The family of a name, or the summary or histogram that `name_sum` is a part of. */
  #draftFor(name: string): Draft {
    if (!isMetricName(name, this.#rules)) this.#fail(`invalid metric name ${quote(name)}`)
    this.#part = 'other'
    const own = this.#drafts.get(name)
    if (own) return own
    const [, base = '', suffix] = /^([^]+)_(count|sum|bucket)$/.exec(name) ?? []
    const whole = this.#drafts.get(base)
    const kind = whole?.type && kindOf(whole.type)
    if (whole && (kind === 'histogram' || (kind === 'summary' && suffix !== 'bucket'))) {
      this.#part = suffix === 'count' || suffix === 'sum' ? suffix : 'other'
      return whole
    }
    const draft: Draft = { name, help: undefined, type: undefined, metrics: [], parts: new Map() }
    this.#drafts.set(name, draft)
    return draft
  }

  /** A bare or quoted name; `undefined` when no name can start here. Leaves the position after it. */
  #readName(what: 'metric' | 'label'): string | undefined {
    const first = this.#peek()
    if (first === QUOTE) return decodeAll(this.#readQuoted(`${what} name`))
    const start = this.#at
    while (isNameByte(this.#peek(), this.#at > start, what)) this.#at++
    return this.#at === start ? undefined : decodeUtf8(this.#bytes, start, this.#at)
  }

  /** From the opening quote up to behind the closing one. */
  #readQuoted(what: string): Uint8Array {
    const start = ++this.#at
    let text: number[] | undefined
    for (;;) {
      const byte = this.#peek()
      const read = (): Uint8Array => (text ? Uint8Array.from(text) : this.#bytes.subarray(start, this.#at))
      if (byte === QUOTE) {
        const result = read()
        this.#at++
        return result
      }
      if (byte === NEWLINE) this.#fail(`${what} ${goQuoteBytes(read())} contains unescaped new-line`)
      if (byte === BACKSLASH) {
        text ??= [...this.#bytes.subarray(start, this.#at)]
        this.#at++
        text.push(this.#escaped())
      } else text?.push(byte)
      this.#at++
    }
  }

  /** What the character after a backslash stands for. */
  #escaped(): number {
    const byte = this.#peek()
    if (byte === BACKSLASH || byte === QUOTE) return byte
    if (byte === 0x6e) return NEWLINE!
    return this.#fail(`invalid escape sequence '\\${String.fromCharCode(byte)}'`)
  }

  #readWord(): string {
    const start = this.#at
    while (!isBlank(this.#peek()) && this.#peek() !== NEWLINE) this.#at++
    return decodeUtf8(this.#bytes, start, this.#at)
  }

  /** Up to the newline, which is taken. */
  #readRest(): string {
    const start = this.#at
    while (this.#peek() !== NEWLINE) this.#at++
    return decodeUtf8(this.#bytes, start, this.#at++)
  }

  #skipBlanks(): void {
    while (this.#at < this.#bytes.length && isBlank(this.#bytes[this.#at])) this.#at++
  }

  #take(byte: number | undefined): boolean {
    if (this.#peek() !== byte) return false
    this.#at++
    return true
  }

  #peek(): number {
    if (this.#at >= this.#bytes.length) this.#fail('unexpected end of input stream')
    return this.#bytes[this.#at]!
  }

  #fail(message: string): never {
    throw new FamilyTextError(this.#line, message)
  }
}

/** A key that is equal for equal labels whatever their order. */
export function labelsSignature(labels: readonly FamilyLabel[]): string {
  return labels
    .map(({ name, value }) => `${name}\xff${value}`)
    .sort()
    .join('\xfe')
}

function isBlank(byte: number | undefined): boolean {
  return byte === SPACE || byte === TAB
}

function isNameByte(byte: number, isInside: boolean, what: 'metric' | 'label'): boolean {
  if ((byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a) || byte === 0x5f) return true
  if (byte === COLON) return what === 'metric'
  return isInside && byte >= 0x30 && byte <= 0x39
}

function decodeAll(bytes: Uint8Array): string {
  return decodeUtf8(bytes, 0, bytes.length)
}

function quote(text: string): string {
  return goQuoteBytes(Buffer.from(text))
}
