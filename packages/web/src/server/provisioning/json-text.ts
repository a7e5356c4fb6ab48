import { lineColumn } from '../config/source-place.ts'

/** JSON that cannot be read; the message is `line:column: what is wrong`. */
export class JsonSyntaxError extends Error {
  readonly line: number
  readonly column: number

  constructor(problem: string, line: number, column: number) {
    super(`${line}:${column}: ${problem}`)
    this.name = 'JsonSyntaxError'
    this.line = line
    this.column = column
  }
}

/**
 * `JSON.parse` whose errors say where, which V8's do only sometimes.
 * @throws JsonSyntaxError
 */
export function parseJson(text: string): unknown {
  const plain = text.startsWith('\ufeff') ? text.slice(1) : text
  try {
    return JSON.parse(plain)
  } catch (error) {
    const found = new JsonChecker(plain).firstProblem()
    // The checker and V8 agree on what JSON is; should they ever not, V8's text is still told.
    const problem = found ?? { offset: 0, message: error instanceof Error ? error.message : String(error) }
    const { line, column } = lineColumn(plain, problem.offset)
    throw new JsonSyntaxError(problem.message, line, column)
  }
}

interface Problem {
  readonly offset: number
  readonly message: string
}

const SPACE = /[ \t\n\r]*/y
const STRING = /"(?:[ !#-[\]-\u{10ffff}]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/uy
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y

/** Walks without recursion, so that deep nesting is no problem. */
class JsonChecker {
  readonly #text: string
  #offset = 0

  constructor(text: string) {
    this.#text = text
  }

  firstProblem(): Problem | undefined {
    const open: ('{' | '[')[] = []
    for (;;) {
      this.#take(SPACE)
      const start = this.#text[this.#offset]
      if (start === '{' || start === '[') {
        this.#offset++
        this.#take(SPACE)
        if (this.#text[this.#offset] !== (start === '{' ? '}' : ']')) {
          open.push(start)
          const problem = start === '{' ? this.#key() : undefined
          if (problem) return problem
          continue
        }
        this.#offset++
      } else if (!this.#take(start === '"' ? STRING : SCALAR)) return this.#unexpected('a value')
      const end = this.#afterValue(open)
      if (end !== 'continue') return end
    }
  }

  /** Closes what is closed; `continue` when another value follows. */
  #afterValue(open: ('{' | '[')[]): Problem | undefined | 'continue' {
    for (;;) {
      this.#take(SPACE)
      const container = open.at(-1)
      const next = this.#text[this.#offset]
      if (container === undefined) return next === undefined ? undefined : this.#unexpected('the end')
      const close = container === '{' ? '}' : ']'
      if (next === ',') {
        this.#offset++
        return (container === '{' ? this.#key() : undefined) ?? 'continue'
      }
      if (next !== close) return this.#unexpected(`"," or "${close}"`)
      this.#offset++
      open.pop()
    }
  }

  #key(): Problem | undefined {
    this.#take(SPACE)
    if (!this.#take(STRING)) return this.#unexpected('a name in double quotes')
    this.#take(SPACE)
    if (this.#text[this.#offset] !== ':') return this.#unexpected('":"')
    this.#offset++
    return undefined
  }

  #take(pattern: RegExp): boolean {
    pattern.lastIndex = this.#offset
    const match = pattern.exec(this.#text)
    if (match) this.#offset += match[0].length
    return match !== null
  }

  #unexpected(expected: string): Problem {
    const next = this.#text[this.#offset]
    const found = next === undefined ? 'the file ends' : `found ${JSON.stringify(next)}`
    return { offset: this.#offset, message: `expected ${expected}, ${found}` }
  }
}
