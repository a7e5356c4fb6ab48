import type { Labels } from './rules.ts'

/** As Alertmanager's API has them. */
export interface Matcher {
  readonly name: string
  readonly value: string
  readonly isEqual: boolean
  readonly isRegex: boolean
}

export type Operator = '=' | '!=' | '=~' | '!~'
export const operators: readonly Operator[] = ['=', '!=', '=~', '!~']

export function operatorOf({ isEqual, isRegex }: Pick<Matcher, 'isEqual' | 'isRegex'>): Operator {
  if (isRegex) return isEqual ? '=~' : '!~'
  return isEqual ? '=' : '!='
}

export function withOperator(matcher: Matcher, operator: Operator): Matcher {
  return { ...matcher, isEqual: !operator.startsWith('!'), isRegex: operator.endsWith('~') }
}

/** Alertmanager's text of a matcher; the name is quoted only where it must be. */
export function formatMatcher(matcher: Matcher): string {
  const name = /^[a-zA-Z_:][\w:]*$/.test(matcher.name) ? matcher.name : JSON.stringify(matcher.name)
  return `${name}${operatorOf(matcher)}${JSON.stringify(matcher.value)}`
}

/**
 * One or several matchers: `a="b"`, `a=b, c=~"d|e"`, `{a="b"}`; names and values may be quoted.
 * @returns nothing when the text is none
 */
export function parseMatchers(text: string): Matcher[] | undefined {
  let rest = text.trim()
  if (rest.startsWith('{') && rest.endsWith('}')) rest = rest.slice(1, -1).trim()
  const matchers: Matcher[] = []
  while (rest !== '') {
    const found = /^("(?:[^"\\]|\\.)*"|[^\s=!~,{}"]+)\s*(=~|!~|!=|=)\s*("(?:[^"\\]|\\.)*"|[^,"]*)\s*(?:,\s*|$)/.exec(
      rest,
    )
    const [whole, name, operator, value] = found ?? []
    if (whole === undefined || name === undefined || value === undefined) return undefined
    const plain = { name: unquote(name), value: unquote(value.trim()), isEqual: true, isRegex: false }
    matchers.push(withOperator(plain, operator as Operator))
    rest = rest.slice(whole.length)
  }
  return matchers
}

/** A missing label counts as empty, and regular expressions match the whole value, as Alertmanager has it. */
export function matches(matcher: Matcher, labels: Labels): boolean {
  const value = labels[matcher.name] ?? ''
  const isMatch = matcher.isRegex ? compile(matcher.value).test(value) : value === matcher.value
  return isMatch === matcher.isEqual
}

/** Alertmanager's syntax is RE2's; of what differs here, flags at the beginning are all that people use. */
function compile(pattern: string): RegExp {
  const [flagText = '', flags = ''] = /^\(\?([ims]+)\)/.exec(pattern) ?? []
  return new RegExp(`^(?:${pattern.slice(flagText.length)})$`, [...new Set(`s${flags}`)].join(''))
}

/** Why a matcher cannot be used, or nothing. */
export function matcherProblem(matcher: Matcher): string | undefined {
  if (matcher.name.trim() === '') return 'A label is needed'
  if (!matcher.isRegex) return undefined
  try {
    compile(matcher.value)
    return undefined
  } catch {
    return 'This is not a regular expression'
  }
}

/** A matcher for each label, which only the same labels satisfy. */
export function matchersOf(labels: Labels): Matcher[] {
  return Object.entries(labels)
    .sort(([a], [b]) => (a === 'alertname' ? -1 : b === 'alertname' ? 1 : a < b ? -1 : 1))
    .map(([name, value]) => ({ name, value, isEqual: true, isRegex: false }))
}

function unquote(text: string): string {
  if (!text.startsWith('"')) return text
  try {
    return JSON.parse(text) as string
  } catch {
    return text.slice(1, -1)
  }
}
