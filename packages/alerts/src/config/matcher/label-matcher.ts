import { compareText, labelValue } from '@quartet/model'
import type { Labels } from '@quartet/model'
import { compileRegex, quoteGo } from '@quartet/query'
import type { Regex } from '@quartet/query'

export type MatcherType = '=' | '!=' | '=~' | '!~'

const TYPES: readonly MatcherType[] = ['=', '!=', '=~', '!~']

/** Characters that end an unquoted text of the UTF-8 syntax; Go's unicode.IsSpace and the operators. */
export const RESERVED = /[\t\n\v\f\r \u0085\u00a0\p{Zs}\u2028\u2029{}!=~,\\"'`]/u

/**
 * One condition on a label; an absent label has the value `''`. Regular expressions match the whole value, and unlike in
 * Prometheus 3 a dot does not match a newline.
 */
export class LabelMatcher {
  readonly name: string
  readonly type: MatcherType
  readonly value: string
  readonly #regex: Regex | undefined

  /** @throws RegexError */
  constructor(type: MatcherType, name: string, value: string) {
    this.type = type
    this.name = name
    this.value = value
    this.#regex = type === '=~' || type === '!~' ? compileRegex(value, { anchored: true }) : undefined
  }

  get isRegex(): boolean {
    return this.#regex !== undefined
  }

  get isEqual(): boolean {
    return this.type === '=' || this.type === '=~'
  }

  matches(value: string): boolean {
    const isMatch = this.#regex === undefined ? value === this.value : this.#regex.test(value)
    return isMatch === this.isEqual
  }

  matchesLabels(labels: Labels): boolean {
    return this.matches(labelValue(labels, this.name))
  }

  /** Upstream's canonical text, which is part of group keys. */
  toString(): string {
    if (RESERVED.test(this.name)) return quoteGo(this.name) + this.type + quoteGo(this.value)
    return `${this.name}${this.type}"${escape(this.value)}"`
  }
}

export function matchesAll(matchers: readonly LabelMatcher[], labels: Labels): boolean {
  for (const matcher of matchers) if (!matcher.matchesLabels(labels)) return false
  return true
}

/** Upstream's order: name, value, type. */
export function sortMatchers(matchers: readonly LabelMatcher[]): readonly LabelMatcher[] {
  return matchers.toSorted(
    (a, b) =>
      compareText(a.name, b.name) || compareText(a.value, b.value) || TYPES.indexOf(a.type) - TYPES.indexOf(b.type),
  )
}

/** `{a="b",c=~"d"}` */
export function formatMatchers(matchers: readonly LabelMatcher[]): string {
  return `{${matchers.map(String).join(',')}}`
}

/** Label names before UTF-8 was allowed. */
export function isClassicLabelName(name: string): boolean {
  return /^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name)
}

function escape(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
}
