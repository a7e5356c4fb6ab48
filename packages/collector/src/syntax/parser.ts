import { quoteGo, SourceText } from '@quartet/query'
import type { Diagnostic, TextRange } from '@quartet/query'
import type { Attribute, Block, Body, Comment, Expression, File, Literal, Name, ObjectField, Statement } from './ast.ts'
import { isValidIdentifier } from './identifier.ts'
import { Scanner } from './scanner.ts'
import { binaryOperator, binaryPrecedence, tokenName } from './token.ts'
import type { Token, TokenKind } from './token.ts'

/** Deeper nesting is refused, so that hostile input cannot exhaust the stack. */
const MAX_DEPTH = 400

export interface ParsedFile {
  readonly file: File
  readonly diagnostics: readonly Diagnostic[]
}

/** Parses a whole configuration. With errors among the diagnostics the tree is incomplete and must not be run. */
export function parseFile(name: string, text: string): ParsedFile {
  const parser = new Parser(new SourceText(name, text))
  const body = parser.body('EOF')
  return { file: { body, comments: parser.comments, start: 0, end: text.length }, diagnostics: parser.finish() }
}

/** Parses one expression that fills the whole text. */
export function parseExpression(text: string): { expression: Expression; diagnostics: readonly Diagnostic[] } {
  const parser = new Parser(new SourceText('', text))
  const expression = parser.expression()
  parser.expectEnd()
  return { expression, diagnostics: parser.finish() }
}

interface BlockName {
  readonly name: string
  readonly fragments: number
  readonly range: TextRange
  readonly label: string
  readonly labelRange: TextRange | undefined
}

/**
 * Recursive descent over the grammar of Alloy; error recovery and texts follow upstream's parser, which reports at most one
 * syntax error a line and goes on at the next statement.
 */
class Parser {
  readonly comments: Comment[] = []
  readonly #source: SourceText
  readonly #scanner: Scanner
  readonly #diagnostics: Diagnostic[] = []
  #token: Token
  #previousEnd = 0
  #lastErrorLine = 0
  #depth = 0
  #tooDeep = false

  constructor(source: SourceText) {
    this.#source = source
    this.#scanner = new Scanner(source.text)
    this.#token = this.#scan()
  }

  /** Lexical and syntax errors together, in the order of the source. */
  finish(): readonly Diagnostic[] {
    const all = [...this.#scanner.diagnostics, ...this.#diagnostics]
    return all.sort((a, b) => a.range.start - b.range.start)
  }

  expectEnd(): void {
    if (this.#is('TERMINATOR')) this.#next()
    if (!this.#is('EOF')) this.#error(`expected EOF, got ${tokenName(this.#token.kind)}`)
  }

  body(until: TokenKind): Body {
    const statements: Statement[] = []
    while (!this.#is(until) && !this.#is('EOF')) {
      const statement = this.#guarded(() => this.#statement())
      if (statement) statements.push(statement)
      if (this.#is(until)) break
      if (!this.#is('TERMINATOR')) {
        this.#error(`expected TERMINATOR, got ${tokenName(this.#token.kind)}`)
        this.#skipStatement()
      }
      this.#next()
    }
    return statements
  }

  expression(): Expression {
    return this.#guarded(() => this.#binary(1)) ?? this.#missing()
  }

  #statement(): Statement | undefined {
    const name = this.#blockName()
    if (!name) return this.#skipToIdentifier()
    if (this.#is('ASSIGN')) return this.#attribute(name)
    if (this.#is('LCURLY')) return this.#block(name)
    const got = tokenName(this.#token.kind)
    const mayBeAttribute = name.fragments === 1 && name.label === ''
    this.#error(
      mayBeAttribute ? `expected attribute assignment or block body, got ${got}` : `expected block body, got ${got}`,
    )
    return this.#skipToIdentifier()
  }

  #attribute(name: BlockName): Attribute {
    this.#next()
    if (name.fragments !== 1) {
      this.#report(name.range, 'attribute names may only consist of a single identifier with no "."')
    } else if (name.labelRange) {
      this.#report(name.labelRange, 'attribute names may not have labels')
    }
    const value = this.expression()
    return {
      kind: 'attribute',
      name: { text: name.name, ...name.range },
      value,
      start: name.range.start,
      end: value.end,
    }
  }

  #block(name: BlockName): Block {
    const openCurly = this.#expect('LCURLY').start
    const body = this.body('RCURLY')
    const closeCurly = this.#expect('RCURLY').start
    return {
      kind: 'block',
      name: name.name,
      nameRange: name.range,
      label: name.label,
      labelRange: name.labelRange,
      openCurly,
      closeCurly,
      body,
      start: name.range.start,
      end: Math.max(closeCurly + 1, openCurly + 1),
    }
  }

  #blockName(): BlockName | undefined {
    if (!this.#is('IDENT')) {
      this.#error(`expected identifier, got ${tokenName(this.#token.kind)}`)
      return undefined
    }
    const parts = [this.#token.text]
    const start = this.#token.start
    this.#next()
    while (this.#is('DOT')) {
      this.#next()
      // Goes on with whatever stands there, to find further errors in the same statement.
      if (!this.#is('IDENT')) this.#error(`expected identifier, got ${tokenName(this.#token.kind)}`)
      parts.push(this.#token.text)
      this.#next()
    }
    const range = { start, end: this.#previousEnd }
    const label = this.#blockLabel()
    return { name: parts.join('.'), fragments: parts.length, range, label: label?.text ?? '', labelRange: label }
  }

  #blockLabel(): Name | undefined {
    const token = this.#token
    if (token.kind === 'ASSIGN' || token.kind === 'LCURLY') return undefined
    let label: Name | undefined
    if (token.kind === 'STRING') {
      if (!token.text.startsWith('"')) {
        this.#error(`expected block label to be a double quoted string, but got ${quoteGo(token.text)}`)
      }
      const text = token.text.slice(1, -1)
      if (token.text.length > 2 && !isValidIdentifier(text)) {
        this.#error(`expected block label to be a valid identifier, but got ${quoteGo(text)}`)
      }
      label = { text, start: token.start, end: token.end }
    } else {
      this.#error(`expected block label, got ${tokenName(token.kind)}`)
    }
    this.#next()
    return label
  }

  #binary(minimum: number): Expression {
    let left = this.#power()
    for (;;) {
      const { kind } = this.#token
      const precedence = binaryPrecedence(kind)
      if (precedence < minimum) return left
      this.#next()
      const right = this.#guarded(() => this.#binary(precedence + 1)) ?? this.#missing()
      left = { kind: 'binary', operator: binaryOperator(kind), left, right, start: left.start, end: right.end }
    }
  }

  /** `^` is the one operator that groups to the right. */
  #power(): Expression {
    const left = this.#unary()
    if (!this.#is('POW')) return left
    this.#next()
    const right = this.#guarded(() => this.#power()) ?? this.#missing()
    return { kind: 'binary', operator: '^', left, right, start: left.start, end: right.end }
  }

  #unary(): Expression {
    const { kind, start } = this.#token
    if (kind === 'NOT' || kind === 'SUB') {
      this.#next()
      const operand = this.#guarded(() => this.#unary()) ?? this.#missing()
      return { kind: 'unary', operator: kind === 'NOT' ? '!' : '-', operand, start, end: operand.end }
    }
    return this.#postfix(this.#primary())
  }

  #postfix(primary: Expression): Expression {
    let value = primary
    for (;;) {
      switch (this.#token.kind) {
        case 'DOT': {
          this.#next()
          const name = this.#expect('IDENT')
          value = { kind: 'access', value, name: nameOf(name), start: value.start, end: name.end }
          break
        }
        case 'LBRACK': {
          this.#next()
          const index = this.expression()
          const { end } = this.#expect('RBRACK')
          value = { kind: 'index', value, index, start: value.start, end }
          break
        }
        case 'LPAREN': {
          this.#next()
          const list = this.#is('RPAREN') ? [] : this.#expressionList('RPAREN')
          const { end } = this.#expect('RPAREN')
          value = { kind: 'call', callee: value, arguments: list, start: value.start, end }
          break
        }
        case 'STRING':
        case 'LCURLY':
          if (!this.#blockAsExpression(value)) return value
          break
        default:
          return value
      }
    }
  }

  /** Someone may have assigned a block to an attribute: read on as a block to say exactly that. */
  #blockAsExpression(value: Expression): boolean {
    if (this.#is('STRING')) this.#next()
    if (this.#expect('LCURLY').kind !== 'LCURLY') {
      this.#skipStatement()
      return false
    }
    this.body('RCURLY')
    const close = this.#expect('RCURLY')
    if (close.kind !== 'RCURLY') {
      this.#skipStatement()
      return false
    }
    this.#report({ start: value.start, end: close.end }, 'cannot use a block as an expression')
    return true
  }

  #primary(): Expression {
    const token = this.#token
    const { start } = token
    switch (token.kind) {
      case 'IDENT':
        this.#next()
        return { kind: 'identifier', name: token.text, start, end: token.end }
      case 'STRING':
      case 'NUMBER':
      case 'FLOAT':
      case 'BOOL':
      case 'NULL':
        this.#next()
        return {
          kind: 'literal',
          type: token.kind.toLowerCase() as Literal['type'],
          text: token.text,
          start,
          end: token.end,
        }
      case 'LPAREN': {
        this.#next()
        const inner = this.expression()
        return { kind: 'paren', inner, start, end: this.#expect('RPAREN').end }
      }
      case 'LBRACK': {
        this.#next()
        const elements = this.#is('RBRACK') ? [] : this.#expressionList('RBRACK')
        return { kind: 'array', elements, start, end: this.#expect('RBRACK').end }
      }
      case 'LCURLY': {
        this.#next()
        const fields = this.#fieldList()
        return { kind: 'object', fields, start, end: this.#expect('RCURLY').end }
      }
      default: {
        this.#error(`expected expression, got ${tokenName(token.kind)}`)
        const missing = this.#missing()
        this.#skipTo(['COMMA', 'RPAREN', 'RBRACK', 'RCURLY', 'TERMINATOR'])
        return missing
      }
    }
  }

  #expressionList(until: TokenKind): Expression[] {
    const list: Expression[] = []
    while (!this.#is(until) && !this.#is('EOF')) {
      list.push(this.expression())
      if (this.#is(until)) break
      this.#comma('expression list')
    }
    return list
  }

  #fieldList(): ObjectField[] {
    const fields: ObjectField[] = []
    while (!this.#is('RCURLY') && !this.#is('EOF')) {
      fields.push(this.#field())
      if (this.#is('RCURLY')) break
      this.#comma('field list')
    }
    return fields
  }

  #field(): ObjectField {
    const token = this.#token
    const quoted = token.kind === 'STRING' && token.text.length > 2
    // Like upstream, escapes in a quoted name are kept as they are written.
    const name = quoted ? { ...nameOf(token), text: token.text.slice(1, -1) } : nameOf(token)
    if (token.kind === 'STRING' || token.kind === 'IDENT') this.#next()
    else {
      this.#error(`expected field name (string or identifier), got ${tokenName(token.kind)}`)
      this.#skipTo(['ASSIGN'])
    }
    this.#expect('ASSIGN')
    return { name, quoted, value: this.expression() }
  }

  /** Between the members of a list; a list that is broken over lines needs one after the last member too. */
  #comma(context: string): void {
    if (!this.#is('COMMA')) this.#error(`missing ',' in ${context}`)
    this.#next()
  }

  #expect(kind: TokenKind): Token {
    const token = this.#token
    if (token.kind !== kind) this.#error(`expected ${tokenName(kind)}, got ${tokenName(token.kind)}`)
    this.#next()
    return token
  }

  #skipToIdentifier(): undefined {
    this.#skipTo(['IDENT'])
    return undefined
  }

  #skipTo(kinds: readonly TokenKind[]): void {
    while (!this.#is('EOF') && !kinds.includes(this.#token.kind)) this.#next()
  }

  /** Up to the terminator of the statement, over balanced brackets. */
  #skipStatement(): void {
    let curly = 0
    let brack = 0
    let paren = 0
    while (!this.#is('EOF')) {
      switch (this.#token.kind) {
        case 'LCURLY':
          curly++
          break
        case 'RCURLY':
          curly--
          break
        case 'LBRACK':
          brack++
          break
        case 'RBRACK':
          brack--
          break
        case 'LPAREN':
          paren++
          break
        case 'RPAREN':
          paren--
          break
        case 'TERMINATOR':
          if (curly <= 0 && brack <= 0 && paren <= 0) return
          break
        default:
      }
      this.#next()
    }
  }

  #missing(): Literal {
    return { kind: 'literal', type: 'null', text: 'null', start: this.#token.start, end: this.#token.start }
  }

  /** Runs one recursive rule under the depth limit; beyond it the rest of the source is given up with one error. */
  #guarded<T>(rule: () => T): T | undefined {
    if (this.#tooDeep) return undefined
    if (this.#depth >= MAX_DEPTH) {
      this.#tooDeep = true
      this.#report(this.#token, `nested deeper than ${MAX_DEPTH} levels`)
      while (!this.#is('EOF')) this.#next()
      return undefined
    }
    this.#depth++
    try {
      return rule()
    } finally {
      this.#depth--
    }
  }

  #is(kind: TokenKind): boolean {
    return this.#token.kind === kind
  }

  #next(): void {
    this.#previousEnd = this.#token.end
    this.#token = this.#scan()
  }

  #scan(): Token {
    for (;;) {
      const token = this.#scanner.scan()
      if (token.kind !== 'COMMENT') return token
      this.comments.push({ text: token.text, start: token.start, end: token.end })
    }
  }

  /** A syntax error at the current token; one a line, as a second one is mostly a consequence of the first. */
  #error(message: string): void {
    const { line } = this.#source.lineColumn(this.#token.start)
    if (this.#tooDeep || line === this.#lastErrorLine) return
    this.#lastErrorLine = line
    this.#report({ start: this.#token.start, end: this.#token.start }, message)
  }

  #report(range: TextRange, message: string): void {
    this.#diagnostics.push({ severity: 'error', message, range: { start: range.start, end: range.end } })
  }
}

function nameOf(token: Token): Name {
  return { text: token.text, start: token.start, end: token.end }
}
