import { Template, TemplateError } from '@quartet/query'
import { ConfigError } from '@quartet/runtime'
import { glob, readFile } from 'node:fs/promises'
import { NotifyError } from '../notify-error.ts'
import { printValue } from './data.ts'
import type { Data } from './data.ts'
import { DEFAULT_TEMPLATES } from './default-templates.ts'
import { HTML_FUNCTIONS, notificationFunctions } from './functions.ts'
import { printHtml } from './html-escape.ts'

/** Expands one template text with the data of a notification. @throws NotifyError */
export type Expander = (text: string) => string

interface TemplateSource {
  readonly name: string
  readonly text: string
}

/** Our defaults and the user's files. Every text of a receiver is parsed into a set that has all of them. */
export class NotificationTemplates {
  readonly #text: Template
  readonly #html: Template
  readonly #parsed = new Map<string, Template>()

  /** @throws TemplateError */
  constructor(sources: readonly TemplateSource[], nowMs: () => number) {
    const functions = notificationFunctions(nowMs)
    this.#text = new Template('', functions, { missingKey: 'zero', print: printValue })
    this.#html = new Template('', { ...functions, ...HTML_FUNCTIONS }, { missingKey: 'zero', print: printHtml })
    for (const set of [this.#text, this.#html]) {
      set.parse(DEFAULT_TEMPLATES, 'default.tmpl')
      for (const { name, text } of sources) set.parse(text, name)
    }
  }

  /**
   * @param patterns absolute paths with wildcards; one that matches nothing is no error, as upstream has it
   * @throws ConfigError with the place of every mistake
   */
  static async load(patterns: readonly string[], nowMs: () => number): Promise<NotificationTemplates> {
    const sources: TemplateSource[] = []
    const problems: string[] = []
    for (const pattern of patterns) {
      for (const path of await filesOf(pattern)) {
        const source = { name: path, text: await readFile(path, 'utf8') }
        try {
          new Template(path, notificationFunctions(nowMs)).parse(source.text)
          sources.push(source)
        } catch (error) {
          if (!(error instanceof TemplateError)) throw error
          const line = /:(\d+)(?::\d+)?: /.exec(error.message)?.[1] ?? '1'
          problems.push(`${path}:${line}:1: error: ${error.message}`)
        }
      }
    }
    if (problems.length > 0) throw new ConfigError(problems)
    return new NotificationTemplates(sources, nowMs)
  }

  expander(data: Data): Expander {
    return (text) => this.#expand(text, data, false)
  }

  /** As {@link expander}, with what actions write escaped for HTML. */
  htmlExpander(data: Data): Expander {
    return (text) => this.#expand(text, data, true)
  }

  /** Runs a text with any data. @throws TemplateError */
  execute(text: string, data: unknown, isHtml: boolean): string {
    return text === '' ? '' : this.#template(text, isHtml).execute(data)
  }

  #expand(text: string, data: Data, isHtml: boolean): string {
    try {
      return this.execute(text, data, isHtml)
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      throw new NotifyError(error.message, { canRetry: false, reason: 'clientError', cause: error })
    }
  }

  #template(text: string, isHtml: boolean): Template {
    const key = `${isHtml ? 'h' : 't'}${text}`
    const known = this.#parsed.get(key)
    if (known) return known
    const template = (isHtml ? this.#html : this.#text).clone().parse(text, '')
    this.#parsed.set(key, template)
    return template
  }
}

async function filesOf(pattern: string): Promise<string[]> {
  const paths: string[] = []
  for await (const path of glob(pattern)) paths.push(path)
  return paths.sort()
}
