import { z } from 'zod'
import { checked, duration, optionalText, regexText, stringMap } from './fields.ts'
import { isClassicLabelName } from './matcher/label-matcher.ts'
import type { LabelMatcher } from './matcher/label-matcher.ts'
import { sortMatchers } from './matcher/label-matcher.ts'
import { MatcherError } from './matcher/matcher-error.ts'
import { isLabelName, parseMatchers } from './matcher/parse-matchers.ts'
import type { MatcherMode, MatcherNotice } from './matcher/parse-matchers.ts'

export interface MatcherSyntax {
  readonly mode: MatcherMode
  readonly notice: (notice: MatcherNotice) => void
}

/** A node of the routing tree as written; inheritance happens in `dispatch/`. */
export interface RouteConfig {
  readonly receiver?: string | undefined
  readonly group_by?: readonly string[] | undefined
  readonly match?: Readonly<Record<string, string>> | undefined
  readonly match_re?: Readonly<Record<string, string>> | undefined
  readonly matchers?: readonly LabelMatcher[] | undefined
  readonly mute_time_intervals?: readonly string[] | undefined
  readonly active_time_intervals?: readonly string[] | undefined
  readonly continue: boolean
  readonly routes?: readonly RouteConfig[] | undefined
  readonly group_wait?: string | undefined
  readonly group_interval?: string | undefined
  readonly repeat_interval?: string | undefined
}

export const GROUP_BY_ALL = '...'
/** Deeper trees are refused, since reading one is recursive. */
const MAX_DEPTH = 100

/** A list of texts, each one matcher or several. */
export function matchersField({ mode, notice }: MatcherSyntax): z.ZodType<readonly LabelMatcher[]> {
  return z.array(z.string()).transform((lines, context) => {
    const matchers: LabelMatcher[] = []
    for (const [index, line] of lines.entries()) {
      try {
        matchers.push(...parseMatchers(line, mode, notice))
      } catch (error) {
        if (!(error instanceof MatcherError)) throw error
        context.addIssue({ code: 'custom', message: error.message, path: [index] })
      }
    }
    return sortMatchers(matchers)
  })
}

export function routeSchema(syntax: MatcherSyntax): z.ZodType<RouteConfig> {
  const matchers = matchersField(syntax).optional()
  const route: z.ZodType<RouteConfig> = checked(
    z.strictObject({
      receiver: optionalText,
      group_by: z.array(z.string()).optional(),
      match: stringMap.optional(),
      match_re: z.record(z.string(), regexText).optional(),
      matchers,
      mute_time_intervals: z.array(z.string()).optional(),
      active_time_intervals: z.array(z.string()).optional(),
      continue: z.boolean().default(false),
      routes: z.lazy(() => z.array(route)).optional(),
      group_wait: duration.optional(),
      group_interval: duration.optional(),
      repeat_interval: duration.optional(),
    }),
    (value) => routeProblems(value, syntax.mode),
  )
  return route
}

export function depthProblem(route: RouteConfig, depth = 1): string | undefined {
  if (depth > MAX_DEPTH) return `routes are nested deeper than ${MAX_DEPTH}`
  for (const child of route.routes ?? []) {
    const problem = depthProblem(child, depth + 1)
    if (problem) return problem
  }
  return undefined
}

function* routeProblems(route: RouteConfig, mode: MatcherMode): Iterable<string> {
  for (const name of Object.keys(route.match ?? {})) {
    if (!isClassicLabelName(name)) yield `invalid label name ${JSON.stringify(name)}`
  }
  for (const name of Object.keys(route.match_re ?? {})) {
    if (!isClassicLabelName(name)) yield `invalid label name ${JSON.stringify(name)}`
  }
  const seen = new Set<string>()
  for (const label of route.group_by ?? []) {
    if (label === GROUP_BY_ALL) continue
    if (!isLabelName(label, mode)) yield `invalid label name ${JSON.stringify(label)} in group_by list`
    if (seen.has(label)) yield `duplicated label ${JSON.stringify(label)} in group_by`
    seen.add(label)
  }
  if (seen.size > 0 && route.group_by?.includes(GROUP_BY_ALL)) {
    yield 'cannot have wildcard group_by (`...`) and other labels at the same time'
  }
  if (route.group_interval === '0s') yield 'group_interval cannot be zero'
  if (route.repeat_interval === '0s') yield 'repeat_interval cannot be zero'
}
