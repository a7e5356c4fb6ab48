import { glob } from 'node:fs/promises'
import { quoteGo } from '@quartet/query'

/** Only the last part of a path may hold a star. */
const PATTERN = /^[^*]*(\*[^/]*)?$/

/** Upstream's complaint about a path in `rule_files` or `scrape_config_files`. */
export function patternProblem(pattern: string, kind: 'rule' | 'scrape config'): string | undefined {
  return PATTERN.test(pattern) ? undefined : `invalid ${kind} file path ${quoteGo(pattern)}`
}

/** The files that there are now, in order; none is no error. */
export async function filesOf(pattern: string): Promise<string[]> {
  const found: string[] = []
  for await (const file of glob(pattern)) found.push(file)
  return found.sort()
}
