import { compileRegex } from './regex.ts'
import { regexShape } from './regex-shape.ts'

export type MatchOp = '=' | '!=' | '=~' | '!~'

/** One condition on a label. A label that is absent has the value `''`. */
export interface Matcher {
  readonly name: string
  readonly op: MatchOp
  readonly value: string
  matches(value: string): boolean
  /** For `=~` (and `!~`): the pattern matches exactly these values. For `=` and `!=`: the one value. */
  readonly setMatches: readonly string[] | undefined
  /** For `=~` and `!~`: every value that the pattern matches starts with this; undefined when nothing is known. */
  readonly prefix?: string
}

/**
 * Regular expressions match the whole value and `.` matches newlines, as in Prometheus 3.
 * @throws RegexError with Go's text
 */
export function createMatcher(name: string, op: MatchOp, value: string): Matcher {
  if (op === '=') return { name, op, value, matches: (candidate) => candidate === value, setMatches: [value] }
  if (op === '!=') return { name, op, value, matches: (candidate) => candidate !== value, setMatches: [value] }
  const regex = compileRegex(value, { anchored: true, dotAll: true })
  const { setMatches, prefix } = hintsOf(value)
  const matches = op === '=~' ? (text: string) => regex.test(text) : (text: string) => !regex.test(text)
  return prefix === undefined
    ? { name, op, value, matches, setMatches }
    : { name, op, value, matches, setMatches, prefix }
}

/** Whether the matcher accepts series that lack the label. */
export function matchesEmpty(matcher: Matcher): boolean {
  return matcher.matches('')
}

function hintsOf(pattern: string): { setMatches: readonly string[] | undefined; prefix: string | undefined } {
  const { globs } = regexShape(pattern)
  if (globs === undefined) return { setMatches: undefined, prefix: undefined }
  const setMatches = globs.every((glob) => glob.gaps.length === 0)
    ? [...new Set(globs.map((glob) => glob.segments[0]))]
    : undefined
  const prefix = globs.map((glob) => glob.segments[0]).reduce(sharedPrefix)
  return { setMatches, prefix: prefix === '' ? undefined : prefix }
}

function sharedPrefix(a: string, b: string): string {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return a.slice(0, length)
}
