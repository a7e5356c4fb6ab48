import { createRelabelRule } from '@quartet/scrape'
import type { RelabelRule } from '@quartet/scrape'
import { z } from 'zod'
import { checked, listOf, section } from './fields.ts'

const DEFAULTS = { separator: ';', regex: '(.*)', replacement: '$1', action: 'replace' } as const

const ruleFields = {
  source_labels: z.array(z.string()).optional(),
  separator: z.string().default(DEFAULTS.separator),
  // Without a value both are empty, which is something else than leaving them out.
  regex: z.string().optional(),
  modulus: z.number().int().nonnegative().default(0),
  target_label: z.string().default(''),
  replacement: z.string().default(DEFAULTS.replacement),
  action: z.string().optional(),
}
const plainRule = section('relabel.plain', ruleFields)
export type RelabelSection = z.infer<typeof plainRule>

/** A list of relabelling rules, each checked on its own. @param empty upstream's text about an entry that is null */
export function relabelRules(empty: string) {
  return listOf(checked(section('relabel.plain', ruleFields, empty), (rule) => relabelProblem(rule, false))).default([])
}

/** What is wrong with a rule under a naming scheme, which the rule itself cannot know. */
export function relabelProblem(rule: RelabelSection, isLegacy: boolean): string | undefined {
  try {
    compileRule(rule, isLegacy)
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/** @throws Error with upstream's text */
export function compileRule(rule: RelabelSection, isLegacy = false): RelabelRule {
  const unlessDefault = (text: string, fallback: string): string | undefined => (text === fallback ? undefined : text)
  const { regex, action } = effectiveRule(rule)
  return createRelabelRule({
    sourceLabels: rule.source_labels,
    separator: unlessDefault(rule.separator, DEFAULTS.separator),
    regex: unlessDefault(regex, DEFAULTS.regex),
    modulus: rule.modulus,
    targetLabel: rule.target_label,
    replacement: unlessDefault(rule.replacement, DEFAULTS.replacement),
    action,
    legacyNames: isLegacy,
  })
}

/** The rule with what is in effect where it says nothing. */
export function effectiveRule(rule: RelabelSection): RelabelSection & { regex: string; action: string } {
  const effective = (key: 'regex' | 'action'): string => rule[key] ?? (key in rule ? '' : DEFAULTS[key])
  return { ...rule, regex: effective('regex'), action: effective('action').toLowerCase() }
}
