import { compileRegex, createMatcher, RegexError, unquoteGo } from '@quartet/query'
import type { MatchOp } from '@quartet/query'
import type { StagedEntry } from './stage.ts'

type Test = (entry: StagedEntry) => boolean

/**
 * `{app="x", env=~"p.*"} |= "text"`: the part of LogQL that stage.match takes, a stream selector and line filters.
 * @throws Error with what is wrong
 */
export function parseSelector(text: string): Test {
  const tests: Test[] = []
  const token = /\s*(?:([{},])|([A-Za-z_]\w*)\s*(=~|!~|!=|=)\s*|(\|=|\|~|!=|!~)\s*|("(?:[^"\\]|\\.)*"|`[^`]*`))/y
  let at: 'start' | 'matchers' | 'filters' = 'start'
  const next = (): RegExpExecArray => {
    const found = token.exec(text)
    if (!found)
      throw new Error(`selector ${text} cannot be parsed: only {label="value"} with line filters is supported`)
    return found
  }
  const value = (): string => {
    const quoted = next()[5]
    if (quoted === undefined) throw new Error(`selector ${text}: a quoted text is missing`)
    return unquoteGo(quoted)
  }
  const end = text.trimEnd().length
  while (token.lastIndex < end) {
    const [, mark, name, op, filter] = next()
    if (at === 'start' && mark === '{') at = 'matchers'
    else if (at === 'matchers' && mark === '}') at = 'filters'
    else if (at === 'matchers' && mark === ',' && tests.length > 0) continue
    else if (at === 'matchers' && name !== undefined) {
      const matcher = createMatcher(name, op as MatchOp, value())
      tests.push(({ labels }) => matcher.matches(labels.get(name) ?? ''))
    } else if (at === 'filters' && filter !== undefined) tests.push(lineFilter(filter, value()))
    else throw new Error(`selector ${text} cannot be parsed: only {label="value"} with line filters is supported`)
  }
  if (at !== 'filters') throw new Error(`selector ${text} is not complete`)
  if (tests.length === 0) throw new Error('selector must contain at least one matcher')
  return (entry) => tests.every((test) => test(entry))
}

function lineFilter(op: string, text: string): Test {
  if (op === '|=' || op === '!=') return ({ line }) => line.includes(text) === (op === '|=')
  const regex = compileRegex(text)
  return ({ line }) => regex.test(line) === (op === '|~')
}

/** For schemas. */
export function selectorProblem(text: string): string | undefined {
  try {
    parseSelector(text)
    return undefined
  } catch (error) {
    if (error instanceof RegexError || error instanceof Error) return error.message
    throw error
  }
}
