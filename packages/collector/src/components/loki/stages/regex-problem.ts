import { compileRegex, RegexError } from '@quartet/query'

/** What is wrong with a pattern, in RE2's words; nothing when it can be used or is empty. */
export function regexProblem(pattern: string): string | undefined {
  try {
    compileRegex(pattern)
    return undefined
  } catch (error) {
    if (error instanceof RegexError) return error.message
    throw error
  }
}
