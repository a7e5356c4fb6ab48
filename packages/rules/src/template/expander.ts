import { escapeHtml, formatValue, parseTemplate, TemplateError, TemplateFunctionError } from '@quartet/query'
import type { MissingKey, Template, TemplateFunction } from '@quartet/query'
import type { VectorElement } from '../ports.ts'
import { prometheusFunctions, SafeHtml } from './functions.ts'
import type { ExpansionContext } from './functions.ts'
import { QueryResult, TemplateSample } from './query-result.ts'

/** A template that failed; the message is upstream's, with the template's name twice. */
export class ExpansionError extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'ExpansionError'
  }
}

export interface Expansion {
  /** The value of `.`. */
  readonly data: unknown
  /** When the rule is evaluated: `now`, and the time of queries. */
  readonly timeMs: number
  readonly externalUrl: string
  readonly query: (expr: string) => Promise<readonly VectorElement[]>
}

/** One run may ask this many different queries: each of them runs the template again. */
const MAX_QUERIES = 100

/** Thrown out of a template whose query has to be waited for. */
class QueryNeeded extends Error {
  readonly expr: string
  constructor(expr: string) {
    super(`needs ${expr}`)
    this.expr = expr
  }
}

/**
 * A compiled template with Prometheus's functions. Template engines are synchronous and queries are not: a template that asks for
 * one is left, the query is run, and the template begins again with the answer.
 */
export class TemplateExpander {
  readonly #name: string
  readonly #template: Template
  #current: ExpansionContext | undefined

  /** @throws TemplateError in Go's words */
  constructor(
    name: string,
    text: string,
    options: { readonly isHtml?: boolean; readonly missingKey?: MissingKey } = {},
  ) {
    this.#name = name
    const functions = prometheusFunctions(() => {
      if (this.#current === undefined) throw new Error('a template function was called outside of an expansion')
      return this.#current
    })
    const { isHtml = false, missingKey = 'zero' } = options
    const known = isHtml ? { ...functions, tmpl: this.#tmpl() } : functions
    this.#template = parseTemplate(name, text, known, { missingKey, ...(isHtml && { print: printHtml }) })
  }

  /** @throws ExpansionError */
  async expand(expansion: Expansion): Promise<string> {
    const answers = new Map<string, QueryResult | TemplateFunctionError>()
    for (;;) {
      const needed = this.#attempt(expansion, answers)
      if (typeof needed === 'string') return needed
      if (answers.size >= MAX_QUERIES) {
        throw new ExpansionError(`error executing template ${this.#name}: more than ${MAX_QUERIES} queries`)
      }
      answers.set(needed.expr, await ask(expansion, needed.expr))
    }
  }

  /** A named template as a function, which only HTML templates have. */
  #tmpl(): TemplateFunction {
    const include = (name: string, data: unknown): SafeHtml => new SafeHtml(this.#template.execute(data, name))
    return { parameters: ['string', 'any'], call: include }
  }

  #attempt(
    expansion: Expansion,
    answers: ReadonlyMap<string, QueryResult | TemplateFunctionError>,
  ): string | QueryNeeded {
    this.#current = {
      timeMs: expansion.timeMs,
      externalUrl: expansion.externalUrl,
      query(expr) {
        const answer = answers.get(expr)
        if (answer === undefined) throw new QueryNeeded(expr)
        if (answer instanceof TemplateFunctionError) throw answer
        return answer
      },
    }
    try {
      return this.#template.execute(expansion.data)
    } catch (error) {
      if (error instanceof QueryNeeded) return error
      if (!(error instanceof TemplateError)) throw error
      throw new ExpansionError(`error executing template ${this.#name}: ${error.message}`, { cause: error })
    } finally {
      this.#current = undefined
    }
  }
}

async function ask(expansion: Expansion, expr: string): Promise<QueryResult | TemplateFunctionError> {
  try {
    const result = new QueryResult()
    for (const element of await expansion.query(expr)) result.push(new TemplateSample(element))
    return result
  } catch (error) {
    return new TemplateFunctionError(error instanceof Error ? error.message : String(error))
  }
}

function printHtml(value: unknown): string {
  return value instanceof SafeHtml ? value.text : escapeHtml(formatValue(value))
}
