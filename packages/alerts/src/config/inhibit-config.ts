import { z } from 'zod'
import { checked, optionalText, regexText, stringMap } from './fields.ts'
import { isClassicLabelName } from './matcher/label-matcher.ts'
import type { LabelMatcher } from './matcher/label-matcher.ts'
import { isLabelName } from './matcher/parse-matchers.ts'
import { matchersField } from './route-config.ts'
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
  const matchers = matchersField(syntax).optional()
  return checked(
    z.strictObject({
      name: optionalText,
      source_match: stringMap.optional(),
      source_match_re: z.record(z.string(), regexText).optional(),
      source_matchers: matchers,
      target_match: stringMap.optional(),
      target_match_re: z.record(z.string(), regexText).optional(),
      target_matchers: matchers,
      equal: z.array(z.string()).optional(),
    }),
    function* (rule) {
      for (const map of [rule.source_match, rule.source_match_re, rule.target_match, rule.target_match_re]) {
        for (const name of Object.keys(map ?? {})) {
          if (!isClassicLabelName(name)) yield `invalid label name ${JSON.stringify(name)}`
        }
      }
      for (const name of rule.equal ?? []) {
        if (!isLabelName(name, syntax.mode)) yield `invalid label name ${JSON.stringify(name)} in equal list`
      }
    },
  )
}
