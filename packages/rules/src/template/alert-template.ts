import type { Labels } from '@quartet/model'
import { TemplateError } from '@quartet/query'
import type { VectorElement } from '../ports.ts'
import { ExpansionError, TemplateExpander } from './expander.ts'
import type { Expansion } from './expander.ts'

/** The variables that upstream puts in front of every text; error columns count them. */
const VARIABLES =
  '{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}'

/** The value of `.` in labels and annotations of an alert. */
export class AlertTemplateData {
  readonly Labels: ReadonlyMap<string, string>
  readonly ExternalLabels: ReadonlyMap<string, string>
  readonly ExternalURL: string
  readonly Value: number

  constructor(element: VectorElement, externalLabels: Labels, externalUrl: string) {
    this.Labels = new Map(element.labels)
    this.ExternalLabels = new Map(externalLabels)
    this.ExternalURL = externalUrl
    this.Value = element.value
  }
}

// The type as Go's errors name it.
Object.defineProperty(AlertTemplateData, 'name', {
  value:
    'struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }',
})

/** The text of a label or annotation of an alerting rule. */
export class AlertTemplate {
  readonly #name: string
  readonly #text: string
  readonly #expander: TemplateExpander | undefined
  /** Go's complaint about the text. */
  readonly #problem: string | undefined

  constructor(alertName: string, text: string) {
    this.#text = text
    this.#name = `__alert_${alertName}`
    if (!text.includes('{{')) return
    try {
      this.#expander = new TemplateExpander(this.#name, VARIABLES + text)
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error
      this.#problem = error.message
    }
  }

  /** What is wrong with the text, or undefined. */
  get problem(): string | undefined {
    return this.#problem
  }

  /** The text without a template in it, which every alert shares. */
  get constant(): string | undefined {
    return this.#expander === undefined && this.#problem === undefined ? this.#text : undefined
  }

  /** Never fails: what goes wrong becomes the text. @param onError told what went wrong */
  async expand(expansion: Expansion, onError: (problem: string) => void): Promise<string> {
    let problem = this.#problem && `error parsing template ${this.#name}: ${this.#problem}`
    if (this.#expander !== undefined) {
      try {
        return await this.#expander.expand(expansion)
      } catch (error) {
        if (!(error instanceof ExpansionError)) throw error
        problem = error.message
      }
    }
    if (problem === undefined) return this.#text
    onError(problem)
    return `<error expanding template: ${problem}>`
  }
}
