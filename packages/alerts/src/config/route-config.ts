import { z } from 'zod'
import { checked, duration, optionalText, regexText } from './fields.ts'
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

/** Rules stand at the single keys, so that a mistake in a child route does not hide one of its parent. */
export function routeSchema(syntax: MatcherSyntax): z.ZodType<RouteConfig> {
  const route: z.ZodType<RouteConfig> = z.strictObject({
    receiver: optionalText,
    group_by: checked(z.array(z.string()), (labels) => groupByProblems(labels, syntax.mode)).optional(),
    match: labelMap(z.string()).optional(),
    match_re: labelMap(regexText).optional(),
    matchers: matchersField(syntax).optional(),
    mute_time_intervals: z.array(z.string()).optional(),
    active_time_intervals: z.array(z.string()).optional(),
    continue: z.boolean().default(false),
    routes: z.lazy(() => z.array(route)).optional(),
    group_wait: duration.optional(),
    group_interval: notZero('group_interval').optional(),
    repeat_interval: notZero('repeat_interval').optional(),
  })
  return route
}

/** A map from classic label names, as the deprecated matchers have it. */
export function labelMap(value: z.ZodType<string>): z.ZodType<Record<string, string>> {
  return checked(z.record(z.string(), value), function* (map) {
    for (const name of Object.keys(map)) {
      if (!isClassicLabelName(name)) yield `invalid label name ${JSON.stringify(name)}`
    }
  }) as z.ZodType<Record<string, string>>
}

function notZero(name: string): z.ZodType<string> {
  return checked(duration, function* (text) {
    if (text === '0s') yield `${name} cannot be zero`
  })
}

export function depthProblem(route: RouteConfig, depth = 1): string | undefined {
  if (depth > MAX_DEPTH) return `routes are nested deeper than ${MAX_DEPTH}`
  for (const child of route.routes ?? []) {
    const problem = depthProblem(child, depth + 1)
    if (problem) return problem
  }
  return undefined
}

function* groupByProblems(labels: readonly string[], mode: MatcherMode): Iterable<string> {
  const seen = new Set<string>()
  for (const label of labels) {
    if (label === GROUP_BY_ALL) continue
    if (!isLabelName(label, mode)) yield `invalid label name ${JSON.stringify(label)} in group_by list`
    if (seen.has(label)) yield `duplicated label ${JSON.stringify(label)} in group_by`
    seen.add(label)
  }
  if (seen.size > 0 && labels.includes(GROUP_BY_ALL)) {
    yield 'cannot have wildcard group_by (`...`) and other labels at the same time'
  }
}
