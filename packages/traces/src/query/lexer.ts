import { isAlpha, isAlphaNumeric, isDigit, Lexer, parseDuration, parseGoDuration } from '@quartet/query'
import { TraceQlError } from './ast.ts'

/** Token names are upstream's grammar names, because error texts quote some of them. */
export interface Token {
  readonly type: string
  /** How an error names it. */
  readonly text: string
  readonly value: string | number
  readonly start: number
  readonly end: number
}

const OPERATORS: readonly (readonly [text: string, type: string])[] = [
  ['!>>', 'NOT_DESC'],
  ['!<<', 'NOT_ANCE'],
  ['&>>', 'UNION_DESC'],
  ['&<<', 'UNION_ANCE'],
  ['>>', 'DESC'],
  ['<<', 'ANCE'],
  ['>=', 'GTE'],
  ['<=', 'LTE'],
  ['!>', 'NOT_CHILD'],
  ['!<', 'NOT_PARENT'],
  ['&>', 'UNION_CHILD'],
  ['&<', 'UNION_PARENT'],
  ['&~', 'UNION_SIBL'],
  ['=~', 'RE'],
  ['!~', 'NRE'],
  ['!=', 'NEQ'],
  ['&&', 'AND'],
  ['||', 'OR'],
  ['.', 'DOT'],
  ['{', 'OPEN_BRACE'],
  ['}', 'CLOSE_BRACE'],
  ['(', 'OPEN_PARENS'],
  [')', 'CLOSE_PARENS'],
  [',', 'COMMA'],
  ['=', 'EQ'],
  ['~', 'TILDE'],
  ['!', 'NOT'],
  ['>', 'GT'],
  ['<', 'LT'],
  ['+', 'ADD'],
  ['-', 'SUB'],
  ['/', 'DIV'],
  ['%', 'MOD'],
  ['*', 'MUL'],
  ['^', 'POW'],
  ['|', 'PIPE'],
]

/** Prefixes that begin an attribute (`span.x`) or a scoped intrinsic (`span:name`). */
const DOT_PREFIXES = ['instrumentation.', 'resource.', 'parent.', 'event.', 'link.', 'span.']
const COLON_PREFIXES = ['instrumentation:', 'trace:', 'event:', 'link:', 'span:']

const KEYWORDS: ReadonlyMap<string, string> = new Map(
  Object.entries({
    true: 'TRUE',
    false: 'FALSE',
    nil: 'NIL',
    ok: 'STATUS_OK',
    error: 'STATUS_ERROR',
    unset: 'STATUS_UNSET',
    unspecified: 'KIND_UNSPECIFIED',
    internal: 'KIND_INTERNAL',
    server: 'KIND_SERVER',
    client: 'KIND_CLIENT',
    producer: 'KIND_PRODUCER',
    consumer: 'KIND_CONSUMER',
    duration: 'IDURATION',
    childCount: 'CHILDCOUNT',
    name: 'NAME',
    status: 'STATUS',
    statusMessage: 'STATUS_MESSAGE',
    kind: 'KIND',
    rootName: 'ROOTNAME',
    rootServiceName: 'ROOTSERVICENAME',
    rootService: 'ROOTSERVICE',
    traceDuration: 'TRACEDURATION',
    nestedSetLeft: 'NESTEDSETLEFT',
    nestedSetRight: 'NESTEDSETRIGHT',
    nestedSetParent: 'NESTEDSETPARENT',
    id: 'ID',
    parentID: 'PARENT_ID',
    timeSinceStart: 'TIMESINCESTART',
    traceID: 'TRACE_ID',
    spanID: 'SPAN_ID',
    version: 'VERSION',
    parent: 'PARENT',
    count: 'COUNT',
    avg: 'AVG',
    max: 'MAX',
    min: 'MIN',
    sum: 'SUM',
    by: 'BY',
    coalesce: 'COALESCE',
    select: 'SELECT',
    with: 'WITH',
    rate: 'RATE',
    count_over_time: 'COUNT_OVER_TIME',
    min_over_time: 'MIN_OVER_TIME',
    max_over_time: 'MAX_OVER_TIME',
    avg_over_time: 'AVG_OVER_TIME',
    sum_over_time: 'SUM_OVER_TIME',
    quantile_over_time: 'QUANTILE_OVER_TIME',
    histogram_over_time: 'HISTOGRAM_OVER_TIME',
    compare: 'COMPARE',
    topk: 'TOPK',
    bottomk: 'BOTTOMK',
  }),
)

/** Splits a query into tokens; the last one is `$end`. @throws TraceQlError with line and column */
export function tokenize(query: string): readonly Token[] {
  return new TraceQlLexer(query).run()
}

class TraceQlLexer extends Lexer {
  readonly #tokens: Token[] = []

  run(): readonly Token[] {
    for (;;) {
      this.#skipSpaceAndComments()
      if (this.isAtEnd) break
      this.#token()
    }
    this.#push('$end', '$end', '', this.text.length)
    return this.#tokens
  }

  #token(): void {
    const start = this.offset
    const code = this.peek()
    if (isDigit(code) || (code === DOT && isDigit(this.peek(1)))) return this.#numeric()
    if (code === QUOTE || code === BACK_QUOTE) return this.#quoted()
    for (const prefix of DOT_PREFIXES) if (this.accept(prefix)) return this.#attribute(prefix, start)
    for (const prefix of COLON_PREFIXES) {
      if (this.accept(prefix)) return this.#push(`${prefix.slice(0, -1).toUpperCase()}_COLON`, prefix, prefix, start)
    }
    if (isAlpha(code)) {
      const word = this.takeWhile(isAlphaNumeric)
      const keyword = KEYWORDS.get(word)
      return this.#push(keyword ?? 'IDENTIFIER', keyword === undefined ? 'IDENTIFIER' : word, word, start)
    }
    for (const [text, type] of OPERATORS) {
      if (!this.accept(text)) continue
      if (type === 'DOT') this.#attribute('.', start)
      else this.#push(type, text, text, start)
      return
    }
    throw parseError(this.text, start, `syntax error: unexpected character ${JSON.stringify(this.text[start])}`)
  }

  /** Behind a scope prefix: its name, which may have quoted parts. `parent.` may be followed by another scope. */
  #attribute(prefix: string, start: number): void {
    const type = prefix === '.' ? 'DOT' : `${prefix.slice(0, -1).toUpperCase()}_DOT`
    this.#push(type, prefix, prefix, start)
    if (prefix === 'parent.') {
      for (const scope of ['resource.', 'span.']) {
        const at = this.offset
        if (this.accept(scope)) return this.#attribute(scope, at)
      }
    }
    const at = this.offset
    const name = this.#attributeName()
    if (name !== '') this.#push('IDENTIFIER', 'IDENTIFIER', name, at)
    this.#push('END_ATTRIBUTE', 'END_ATTRIBUTE', '', this.offset)
  }

  #attributeName(): string {
    let name = ''
    while (isAttributeCode(this.peek())) {
      if (this.peek() === QUOTE) name += this.#quotedPart()
      else name += this.text[this.offset++]
    }
    return name
  }

  #quotedPart(): string {
    const start = this.offset++
    let part = ''
    while (this.peek() !== QUOTE) {
      if (this.isAtEnd) throw parseError(this.text, start, 'unexpected EOF, expecting "')
      if (this.peek() === BACKSLASH && (this.peek(1) === QUOTE || this.peek(1) === BACKSLASH)) this.offset++
      part += this.text[this.offset++]
    }
    this.offset++
    return part
  }

  #quoted(): void {
    const literal = this.string()!
    const problem = this.diagnostics.at(0)
    if (problem !== undefined) throw parseError(this.text, literal.start, problem.message)
    this.#push('STRING', 'STRING', literal.value, literal.start)
  }

  #numeric(): void {
    const start = this.offset
    const duration = DURATION.exec(this.text.slice(start, start + 64))
    if (duration !== null) {
      this.offset += duration[0].length
      return this.#push('DURATION', 'DURATION', durationNs(duration[0]), start)
    }
    const text = /^(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?/.exec(this.text.slice(start, start + 400))![0]
    this.offset += text.length
    const isInteger = /^\d+$/.test(text)
    if (isInteger && BigInt(text) >= 1n << 63n) {
      throw parseError(this.text, start, `strconv.Atoi: parsing "${text}": value out of range`)
    }
    this.#push(isInteger ? 'INTEGER' : 'FLOAT', isInteger ? 'INTEGER' : 'FLOAT', Number(text), start)
  }

  #skipSpaceAndComments(): void {
    for (;;) {
      this.takeWhile((code) => /\s/.test(String.fromCharCode(code)))
      if (this.startsWith('//')) this.skipLine()
      else return
    }
  }

  #push(type: string, text: string, value: string | number, start: number): void {
    this.#tokens.push({ type, text, value, start, end: this.offset })
  }
}

const DOT = 46
const QUOTE = 34
const BACK_QUOTE = 96
const BACKSLASH = 92

const DURATION = /^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h|d|w|y))+(?![A-Za-z0-9_])/

/** Go durations first, then the Prometheus units d, w and y. Nanoseconds. */
export function durationNs(text: string): number {
  return /[dwy]/.test(text) ? parseDuration(text) * 1e6 : Number(parseGoDuration(text))
}

/** Everything but white space and the characters that operators and brackets are made of. */
function isAttributeCode(code: number): boolean {
  return code >= 0 && !/[\s{}()=~!<>&|^,]/.test(String.fromCharCode(code))
}

export function parseError(query: string, offset: number, message: string): TraceQlError {
  const before = query.slice(0, offset)
  const line = before.split('\n').length
  const column = offset - (before.lastIndexOf('\n') + 1) + 1
  return new TraceQlError(`parse error at line ${line}, col ${column}: ${message}`, { start: offset, end: offset })
}
