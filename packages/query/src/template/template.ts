import { BUILTINS } from './builtins.ts'
import { TemplateError } from './errors.ts'
import { Execution } from './execute.ts'
import type { MissingKey } from './execute.ts'
import type { TemplateFunctions } from './functions.ts'
import type { TemplateSet } from './nodes.ts'
import { parseInto } from './parser.ts'

const DEFAULT_MAX_OUTPUT = 1 << 20
const DEFAULT_MAX_TEXT = 1 << 20

export interface TemplateOptions {
  /** What a missing map key is: `<no value>` (default), the empty string (`zero`) or an error. */
  readonly missingKey?: MissingKey
  /** Most UTF-16 units that an execution may write; 1 Mi by default. */
  readonly maxOutput?: number
  /** How the value of an action is written; Go's `%v` by default. HTML templates escape here, by what stands before. */
  readonly print?: (value: unknown, before: string) => string
}

/**
 * A set of Go templates that may call each other. Values are described in value.ts: integers are `bigint`, floats `number`.
 * What JavaScript objects inherit cannot be reached from a template, only own properties and methods of the caller's classes.
 */
export class Template {
  readonly #name: string
  readonly #functions: TemplateFunctions
  readonly #options: TemplateOptions
  readonly #templates: TemplateSet = new Map()
  readonly #sources = new Map<string, string>()

  constructor(name: string, functions: TemplateFunctions = {}, options: TemplateOptions = {}) {
    this.#name = name
    this.#functions = { ...BUILTINS, ...functions }
    this.#options = options
  }

  /**
   * Adds a text: itself under `name` and every template that it defines, replacing those of the same name.
   * @throws TemplateError
   */
  parse(text: string, name: string = this.#name): this {
    if (text.length > DEFAULT_MAX_TEXT)
      throw new TemplateError(`template: ${name}: text exceeds ${DEFAULT_MAX_TEXT} characters`)
    const before = new Set(this.#templates.keys())
    const isFunction = (candidate: string): boolean =>
      candidate === 'and' || candidate === 'or' || candidate === 'call' || Object.hasOwn(this.#functions, candidate)
    const parsed: TemplateSet = new Map(this.#templates)
    parseInto(parsed, name, text, isFunction)
    for (const [key, nodes] of parsed) {
      if (!before.has(key) || this.#templates.get(key) !== nodes) this.#sources.set(key, text)
      this.#templates.set(key, nodes)
    }
    return this
  }

  /** An independent set that shares what was parsed so far: adding to one does not change the other. */
  clone(): Template {
    const copy = new Template(this.#name, this.#functions, this.#options)
    for (const [name, nodes] of this.#templates) copy.#templates.set(name, nodes)
    for (const [name, text] of this.#sources) copy.#sources.set(name, text)
    return copy
  }

  get names(): readonly string[] {
    return [...this.#templates.keys()]
  }

  /** @throws TemplateError: `template: name:line:col: executing "name" at <…>: …` */
  execute(data: unknown, name: string = this.#name): string {
    return new Execution({
      templates: this.#templates,
      sources: this.#sources,
      functions: this.#functions,
      missingKey: this.#options.missingKey ?? 'default',
      print: this.#options.print,
      limits: { maxOutput: this.#options.maxOutput ?? DEFAULT_MAX_OUTPUT },
      name,
    }).run(data)
  }
}

/** Parses one template text. */
export function parseTemplate(
  name: string,
  text: string,
  functions: TemplateFunctions = {},
  options: TemplateOptions = {},
): Template {
  return new Template(name, functions, options).parse(text)
}
