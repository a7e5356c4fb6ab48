import { z } from 'zod'
import { checked, optionalText, regexText } from './fields.ts'
import type { LabelMatcher } from './matcher/label-matcher.ts'
import { isLabelName } from './matcher/parse-matchers.ts'
import { labelMap, matchersField } from './route-config.ts'
import type { MatcherSyntax } from './route-config.ts'

export interface InhibitConfig {
  readonly name?: string | undefined
  readonly source_match?: Readonly<Record<string, string>> | undefined
  readonly source_match_re?: Readonly<Record<string, string>> | undefined
  readonly source_matchers?: readonly LabelMatcher[] | undefined
  readonly target_match?: Readonly<Record<string, string>> | undefined
  readonly target_match_re?: Readonly<Record<string, string>> | undefined
  readonly target_matchers?: readonly LabelMatcher[] | undefined
  readonly equal?: readonly string[] | undefined
}

export function inhibitSchema(syntax: MatcherSyntax): z.ZodType<InhibitConfig> {
  const match = labelMap(z.string()).optional()
  const matchRegex = labelMap(regexText).optional()
  const matchers = matchersField(syntax).optional()
  return z.strictObject({
    name: optionalText,
    source_match: match,
    source_match_re: matchRegex,
    source_matchers: matchers,
    target_match: match,
    target_match_re: matchRegex,
    target_matchers: matchers,
    equal: checked(z.array(z.string()), function* (names) {
      for (const name of names) {
        if (!isLabelName(name, syntax.mode)) yield `invalid label name ${JSON.stringify(name)} in equal list`
      }
    }).optional(),
  })
}
