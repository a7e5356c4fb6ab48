import { RegexError } from '@quartet/query'
import { LabelMatcher } from './label-matcher.ts'
import type { MatcherType } from './label-matcher.ts'
import { MatcherError } from './matcher-error.ts'

const MATCHER = /^[\t\n\f\r ]*([a-zA-Z_:][a-zA-Z0-9_:]*)[\t\n\f\r ]*(=~|=|!=|!~)[\t\n\f\r ]*([^]*?)[\t\n\f\r ]*$/

/**
 * The tolerant syntax from before UTF-8 names: braces and quotes are optional, commas outside of quotes separate.
 * @throws MatcherError
 */
export function parseClassicMatchers(input: string): LabelMatcher[] {
  let text = input.startsWith('{') ? input.slice(1) : input
  if (text.endsWith('}')) text = text.slice(0, -1)
  return splitOutsideQuotes(text).map(parseClassicMatcher)
}

/** @throws MatcherError */
export function parseClassicMatcher(input: string): LabelMatcher {
  const parts = MATCHER.exec(input)
  if (!parts) throw new MatcherError(`bad matcher format: ${input}`)
  const [, name, type, raw] = parts as unknown as [string, string, MatcherType, string]
  const value = unescapeValue(raw)
  try {
    return new LabelMatcher(type, name, value)
  } catch (error) {
    if (!(error instanceof RegexError)) throw error
    throw new MatcherError(error.message, { cause: error })
  }
}

function splitOutsideQuotes(text: string): string[] {
  const tokens: string[] = []
  let token = ''
  let isQuoted = false
  let isEscaped = false
  for (const char of text) {
    if (char === ',' && !isQuoted) {
      tokens.push(token)
      token = ''
      continue
    }
    // A backslash keeps its effect across a comma inside quotes, as upstream's loop has it.
    if (char === '"') {
      if (!isEscaped) isQuoted = !isQuoted
      else isEscaped = false
    } else if (char === '\\') isEscaped = !isEscaped
    else if (char !== ',') isEscaped = false
    token += char
  }
  const last = token.trim()
  if (last !== '') tokens.push(last)
  return tokens
}

/** `\n`, `\"` and `\\` are escapes; any other backslash stands for itself. */
function unescapeValue(raw: string): string {
  const isQuoted = raw.startsWith('"')
  const text = isQuoted ? raw.slice(1) : raw
  const unescapedQuote = (): MatcherError => new MatcherError(`matcher value contains unescaped double quote: ${raw}`)
  let value = ''
  let isClosed = false
  for (let index = 0; index < text.length; index++) {
    const char = text[index]
    if (char === '\\' && index < text.length - 1) {
      const next = text[++index]
      value += next === 'n' ? '\n' : next === '"' || next === '\\' ? next : '\\' + next
    } else if (char === '"') {
      if (!isQuoted || index < text.length - 1) throw unescapedQuote()
      isClosed = true
    } else value += char
  }
  if (isQuoted && !isClosed) throw unescapedQuote()
  return value
}
