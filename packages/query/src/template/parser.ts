import { lineOf, TemplateError } from './errors.ts'
import { describe, FIELD, MARK, NUMBER, QUOTED, RAW, RUNE, SPACE, unquote, VARIABLE, WORD } from './tokens.ts'
import type { Token } from './tokens.ts'
import type { CommandNode, OperandNode, PipelineNode, TemplateNode, TemplateSet } from './nodes.ts'

const MAX_DEPTH = 100
const KEYWORDS = new Set(['if', 'else', 'end', 'range', 'with', 'template', 'define', 'block', 'break', 'continue'])

/**
 * Parses Go template text into `templates`: the text itself under `name` and everything that it defines.
 * @throws TemplateError with Go's text: `template: name:line: …`
 */
export function parseInto(
  templates: TemplateSet,
  name: string,
  text: string,
  isFunction: (name: string) => boolean,
): void {
  new Parser(templates, name, text, isFunction).parse()
}

class Parser {
  readonly #templates: TemplateSet
  readonly #name: string
  readonly #text: string
  readonly #isFunction: (name: string) => boolean
  #at = 0
  #trimNext = false
  #tokens: Token[] = []
  #index = 0
  #variables: string[] = ['$']
  #loops = 0
  #depth = 0

  constructor(templates: TemplateSet, name: string, text: string, isFunction: (name: string) => boolean) {
    this.#templates = templates
    this.#name = name
    this.#text = text
    this.#isFunction = isFunction
  }

  parse(): void {
    const { nodes, stop } = this.#list(true)
    if (stop !== 'eof') this.#fail(`unexpected {{${stop}}}`)
    // A template that only defines others does not replace one of its own name, as in Go.
    if (!this.#templates.has(this.#name) || !isEmpty(nodes)) this.#templates.set(this.#name, nodes)
  }

  /** Reads nodes up to `{{end}}`, `{{else …}}` or the end of the text. */
  #list(isTop: boolean): { nodes: TemplateNode[]; stop: 'eof' | 'end' | 'else' } {
    if (++this.#depth > MAX_DEPTH) this.#fail(`nested deeper than ${MAX_DEPTH} levels`)
    const nodes: TemplateNode[] = []
    for (;;) {
      const open = this.#text.indexOf('{{', this.#at)
      const isTrimmed = open >= 0 && this.#text[open + 2] === '-' && /\s/.test(this.#text[open + 3] ?? '')
      let text = this.#text.slice(this.#at, open < 0 ? undefined : open)
      if (this.#trimNext) text = text.trimStart()
      if (isTrimmed) text = text.trimEnd()
      this.#trimNext = false
      if (text !== '') nodes.push({ kind: 'text', text })
      if (open < 0) {
        this.#at = this.#text.length
        if (!isTop) this.#fail('unexpected EOF')
        this.#depth--
        return { nodes, stop: 'eof' }
      }
      this.#at = open + (isTrimmed ? 4 : 2)
      if (this.#comment()) continue
      this.#tokenize()
      this.#skipSpace()
      const first = this.#peek()
      if (first.kind !== 'keyword') {
        nodes.push({ kind: 'action', pipeline: this.#pipeline('command', false) })
        continue
      }
      this.#index++
      if (first.text === 'end') {
        this.#finish('end')
        this.#depth--
        return { nodes, stop: 'end' }
      }
      if (first.text === 'else') {
        this.#depth--
        return { nodes, stop: 'else' }
      }
      this.#control(first.text, isTop, nodes)
    }
  }

  #control(keyword: string, isTop: boolean, nodes: TemplateNode[]): void {
    switch (keyword) {
      case 'if':
      case 'with':
      case 'range':
        nodes.push(this.#branch(keyword))
        return
      case 'break':
      case 'continue':
        if (this.#loops === 0) this.#fail(`{{${keyword}}} outside {{range}}`)
        this.#finish(keyword)
        nodes.push({ kind: keyword })
        return
      case 'template':
      case 'block': {
        const name = this.#templateName(keyword)
        this.#skipSpace()
        const offset = this.#peek().at
        const pipeline = this.#peek().kind === 'end' ? undefined : this.#pipeline(`${keyword} clause`, false)
        if (keyword === 'block') {
          if (!pipeline) this.#fail('missing value for block clause')
          this.#define(name)
        }
        nodes.push({ kind: 'template', name, pipeline, offset })
        return
      }
      default: {
        if (!isTop) this.#fail(`unexpected {{${keyword}}}`)
        const name = this.#templateName('define')
        this.#finish('define clause')
        this.#define(name)
      }
    }
  }

  #define(name: string): void {
    const variables = this.#variables
    const loops = this.#loops
    this.#variables = ['$']
    this.#loops = 0
    const { nodes, stop } = this.#list(false)
    if (stop !== 'end') this.#fail(`unexpected {{${stop}}}`)
    if (!this.#templates.has(name) || !isEmpty(nodes)) this.#templates.set(name, nodes)
    this.#variables = variables
    this.#loops = loops
  }

  #branch(kind: 'if' | 'with' | 'range'): TemplateNode {
    const scope = this.#variables.length
    const pipeline = this.#pipeline(kind, kind === 'range')
    if (kind === 'range') this.#loops++
    const { nodes, stop } = this.#list(false)
    if (kind === 'range') this.#loops--
    let otherwise: TemplateNode[] = []
    if (stop === 'else') {
      this.#skipSpace()
      const next = this.#peek()
      if (next.kind === 'keyword' && (next.text === 'if' || next.text === 'with') && kind !== 'range') {
        // `{{else if}}` shares the `{{end}}` of the outer one.
        if (next.text !== kind) this.#fail(`unexpected <${next.text}> in {{else}}`)
        this.#index++
        if (++this.#depth > MAX_DEPTH) this.#fail(`nested deeper than ${MAX_DEPTH} levels`)
        otherwise = [this.#branch(kind)]
        this.#depth--
      } else {
        this.#finish('else')
        const rest = this.#list(false)
        if (rest.stop !== 'end') this.#fail('expected end; found {{else}}')
        otherwise = rest.nodes
      }
    }
    this.#variables.length = scope
    return { kind, pipeline, body: nodes, otherwise }
  }

  #templateName(context: string): string {
    this.#skipSpace()
    const token = this.#peek()
    if (token.kind !== 'value' || typeof token.value !== 'string') {
      return this.#fail(`unexpected ${describe(token)} in ${context}${context === 'define' ? ' clause' : ' clause'}`)
    }
    this.#index++
    return token.value
  }

  /** Reads a pipeline up to the end of the action or, inside parentheses, up to `)`. */
  #pipeline(context: string, isRange: boolean, close = 'end'): PipelineNode {
    if (++this.#depth > MAX_DEPTH) this.#fail(`nested deeper than ${MAX_DEPTH} levels`)
    this.#skipSpace()
    const start = this.#peek().at
    const { assign, variables } = this.#declaration(context, isRange)
    const commands: CommandNode[] = []
    for (;;) {
      this.#skipSpace()
      const token = this.#peek()
      const isClose = close === 'end' ? token.kind === 'end' : token.kind === 'char' && token.text === close
      if (isClose) {
        if (commands.length === 0) this.#fail(`missing value for ${context}`)
        const end = token.at
        this.#index++
        this.#depth--
        if (assign === 'declare') this.#variables.push(...variables)
        this.#checkStages(commands)
        return { assign, variables, commands, offset: start, text: this.#text.slice(start, end).trim() }
      }
      commands.push(this.#command(context))
    }
  }

  #declaration(context: string, isRange: boolean): { assign: PipelineNode['assign']; variables: string[] } {
    const saved = this.#index
    const variables: string[] = []
    for (;;) {
      const token = this.#peek()
      if (token.kind !== 'variable' || token.text === '$') break
      variables.push(token.text)
      this.#index++
      this.#skipSpace()
      const next = this.#peek()
      if (next.kind === 'char' && (next.text === ':=' || next.text === '=')) {
        this.#index++
        if (next.text === '=') for (const name of variables) this.#checkVariable(name)
        return { assign: next.text === ':=' ? 'declare' : 'set', variables }
      }
      if (next.kind === 'char' && next.text === ',' && variables.length < 2) {
        if (!isRange) this.#fail(`too many declarations in ${context}`)
        this.#index++
        this.#skipSpace()
        continue
      }
      break
    }
    this.#index = saved
    return { assign: 'none', variables: [] }
  }

  #checkStages(commands: readonly CommandNode[]): void {
    for (const command of commands.slice(1)) {
      const { kind } = command.operands[0]
      if (kind === 'literal' || kind === 'dot' || kind === 'nil') {
        this.#fail(`non executable command in pipeline stage ${commands.indexOf(command) + 1}`)
      }
    }
  }

  #command(context: string): CommandNode {
    const operands: OperandNode[] = []
    const start = this.#peek().at
    let end = start
    for (;;) {
      this.#skipSpace()
      const operand = this.#operand(context)
      if (operand) {
        operands.push(operand)
        end = operand.offset + operand.text.length
      }
      const token = this.#peek()
      if (token.kind === 'space') continue
      if (token.kind === 'char' && token.text === '|') {
        this.#index++
        this.#skipSpace()
        const next = this.#peek()
        if (next.kind === 'end' || (next.kind === 'char' && next.text !== '(' && next.text !== '.')) {
          this.#fail(`missing value for ${context}`)
        }
        break
      }
      if (token.kind === 'end' || (token.kind === 'char' && token.text === ')')) break
      this.#fail(`unexpected ${describe(token)} in operand`)
    }
    if (operands.length === 0) this.#fail('empty command')
    return { operands, offset: start, text: this.#text.slice(start, end) }
  }

  #operand(context: string): OperandNode | undefined {
    const token = this.#peek()
    const term = this.#term(token, context)
    if (!term) return undefined
    const names: string[] = []
    let end = term.offset + term.text.length
    for (let next = this.#peek(); next.kind === 'field'; next = this.#peek()) {
      names.push(next.text.slice(1))
      end = next.end
      this.#index++
    }
    if (names.length === 0) return term
    const text = this.#text.slice(term.offset, end)
    if (term.kind === 'field' || term.kind === 'variable') return { ...term, names: [...term.names, ...names], text }
    if (term.kind === 'literal' || term.kind === 'nil' || term.kind === 'dot') {
      return this.#fail(`unexpected . after term ${JSON.stringify(term.text)}`)
    }
    return { kind: 'chain', of: term, names, offset: term.offset, text }
  }

  #term(token: Token, context: string): OperandNode | undefined {
    const place = { offset: token.at, text: token.text }
    switch (token.kind) {
      case 'field':
        this.#index++
        return { kind: 'field', names: [token.text.slice(1)], ...place }
      case 'variable':
        this.#index++
        this.#checkVariable(token.text)
        return { kind: 'variable', name: token.text, names: [], ...place }
      case 'value':
        this.#index++
        return { kind: 'literal', value: token.value, ...place }
      case 'identifier':
        this.#index++
        if (token.text === 'nil') return { kind: 'nil', ...place }
        if (!this.#isFunction(token.text)) this.#fail(`function "${token.text}" not defined`)
        return { kind: 'function', name: token.text, ...place }
      case 'char':
        if (token.text === '.') {
          this.#index++
          return { kind: 'dot', ...place }
        }
        if (token.text === '(') {
          this.#index++
          const pipeline = this.#pipeline('parenthesized pipeline', false, ')')
          return {
            kind: 'pipeline',
            pipeline,
            offset: token.at,
            text: this.#text.slice(token.at, this.#tokens[this.#index - 1].end),
          }
        }
        return undefined
      case 'keyword':
        return this.#fail(`unexpected <${token.text}> in ${context}`)
      default:
        return undefined
    }
  }

  #checkVariable(name: string): void {
    if (!this.#variables.includes(name)) this.#fail(`undefined variable "${name}"`)
  }

  #finish(context: string): void {
    this.#skipSpace()
    const token = this.#peek()
    if (token.kind !== 'end') this.#fail(`unexpected ${describe(token)} in ${context}`)
    this.#index++
  }

  /** Skips a comment, which must fill its action. */
  #comment(): boolean {
    if (!this.#text.startsWith('/*', this.#at)) return false
    const close = this.#text.indexOf('*/', this.#at + 2)
    if (close < 0) this.#fail('unclosed comment')
    const rest = /^(?:\s+-)?\}\}/.exec(this.#text.slice(close + 2))
    if (!rest) return this.#fail('comment ends before closing delimiter')
    this.#trimNext = rest[0].length > 2
    this.#at = close + 2 + rest[0].length
    return true
  }

  /** Splits the action that begins at the cursor into tokens and moves behind its `}}`. */
  #tokenize(): void {
    const tokens: Token[] = []
    const text = this.#text
    let at = this.#at
    let parens = 0
    for (;;) {
      const trim = /^\s+-\}\}/.exec(text.slice(at, at + 64))
      if (trim || text.startsWith('}}', at)) {
        if (parens > 0) this.#failAt(at, 'unclosed left paren')
        tokens.push({ kind: 'end', at, end: at, text: '}}' })
        this.#trimNext = trim !== null
        this.#at = at + (trim ? trim[0].length : 2)
        break
      }
      if (at >= text.length) this.#failAt(at, 'unclosed action')
      const token = this.#token(at)
      if (token.text === '(' && token.kind === 'char') parens++
      if (token.text === ')' && token.kind === 'char' && --parens < 0) this.#failAt(at, 'unexpected right paren')
      tokens.push(token)
      at = token.end
    }
    this.#tokens = tokens
    this.#index = 0
  }

  #token(at: number): Token {
    const text = this.#text
    const match = (pattern: RegExp): string | undefined => {
      pattern.lastIndex = at
      return pattern.exec(text)?.[0]
    }
    const make = (kind: 'field' | 'variable' | 'identifier' | 'keyword' | 'char' | 'space', part: string): Token => ({
      kind,
      at,
      end: at + part.length,
      text: part,
    })
    const space = match(SPACE)
    if (space !== undefined) return make('space', space)
    const number = match(NUMBER)
    if (number !== undefined)
      return { kind: 'value', at, end: at + number.length, text: number, value: this.#number(number, at) }
    const field = match(FIELD)
    if (field !== undefined) return make('field', field)
    const variable = match(VARIABLE)
    if (variable !== undefined) return make('variable', variable)
    const word = match(WORD)
    if (word !== undefined) {
      if (word === 'true' || word === 'false')
        return { kind: 'value', at, end: at + 4 + (word === 'false' ? 1 : 0), text: word, value: word === 'true' }
      return make(KEYWORDS.has(word) ? 'keyword' : 'identifier', word)
    }
    const character = text[at]
    if (character === '"') return this.#quoted(at, match(QUOTED), 'unterminated quoted string')
    if (character === '`') return this.#quoted(at, match(RAW), 'unterminated raw quoted string')
    if (character === "'") return this.#quoted(at, match(RUNE), 'unterminated character constant')
    const mark = match(MARK)
    if (mark !== undefined) return make('char', mark)
    const code = text.codePointAt(at) ?? 0
    if (code >= 0x20 && code < 0x7f) return this.#failAt(at, `unexpected ${JSON.stringify(character)} in command`)
    return this.#failAt(at, `unrecognized character in action: ${describeCharacter(code)}`)
  }

  #quoted(at: number, part: string | undefined, message: string): Token {
    if (part === undefined) return this.#failAt(at, message)
    if (part[0] === '`') return { kind: 'value', at, end: at + part.length, text: part, value: part.slice(1, -1) }
    const value = unquote(part.slice(1, -1))
    if (value === undefined) return this.#failAt(at, 'invalid syntax')
    if (part[0] === '"') return { kind: 'value', at, end: at + part.length, text: part, value }
    if ([...value].length !== 1) return this.#failAt(at, `malformed character constant: ${part}`)
    return { kind: 'value', at, end: at + part.length, text: part, value: BigInt(value.codePointAt(0) ?? 0) }
  }

  #number(text: string, at: number): number | bigint {
    const plain = text.replaceAll('_', '')
    if (/^[-+]?(?:0[xX][0-9a-fA-F]+|0[bB][01]+|0[oO][0-7]+|[0-9]+)$/.test(plain)) {
      const digits = plain.replace(/^[-+]/, '')
      const value = BigInt(
        /^0[0-7]+$/.test(digits)
          ? `0o${digits.slice(1)}`
          : digits.startsWith('0') && digits.length > 1 && /^[0-9]+$/.test(digits)
            ? this.#failAt(at, `bad number syntax: ${JSON.stringify(text)}`)
            : digits,
      )
      return plain.startsWith('-') ? -value : value
    }
    const value = Number(plain)
    if (Number.isNaN(value)) return this.#failAt(at, `bad number syntax: ${JSON.stringify(text)}`)
    return value
  }

  #peek(): Token {
    return this.#tokens[Math.min(this.#index, this.#tokens.length - 1)]
  }

  #skipSpace(): void {
    while (this.#peek().kind === 'space') this.#index++
  }

  #fail(message: string): never {
    return this.#failAt(this.#tokens.length > 0 ? this.#peek().at : this.#at, message)
  }

  #failAt(offset: number, message: string): never {
    throw new TemplateError(`template: ${this.#name}:${lineOf(this.#text, offset)}: ${message}`)
  }
}

/** Go's `%#U`: the character itself only where it can be seen. */
function describeCharacter(code: number): string {
  const character = String.fromCodePoint(code)
  const name = `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
  return /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(character) ? `${name} '${character}'` : name
}

function isEmpty(nodes: readonly TemplateNode[]): boolean {
  return nodes.every((node) => node.kind === 'text' && node.text.trim() === '')
}
